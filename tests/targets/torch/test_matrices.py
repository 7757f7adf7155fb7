"""Twins of matrix products, of optimizers and of what has no gradient by rounding."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from .support import Case, check, check_gradient, check_meta

RANDOM = np.random.default_rng(0)


def draw(*shape: int) -> np.ndarray:
    return RANDOM.standard_normal(shape)


PRODUCTS = [
    Case("arrays.matmul", (draw(3), draw(3))),
    Case("arrays.matmul", (draw(2, 1, 3, 4), draw(5, 4, 2))),
    Case("matmul.matmul", (draw(2, 3), draw(3))),
    Case(
        "matmul.gemm",
        (draw(3, 2), draw(4, 3), draw(4)),
        {"trans_a": True, "trans_b": True},
    ),
    Case(
        "matmul.gemm", (draw(2, 3), draw(3, 4), draw(2, 1)), {"alpha": 0.5, "beta": 2.0}
    ),
    Case("matmul.gemm", (draw(2, 3), draw(3, 4))),
    Case("linalg.einsum", ("bij,bjk->bik", draw(2, 3, 4), draw(2, 4, 5))),
    Case("linalg.einsum", ("...ii->...i", draw(2, 3, 3))),
    Case("linalg.einsum", ("ij,jk,kl", draw(2, 3), draw(3, 4), draw(4, 2))),
    Case("linalg.einsum", ("i->", draw(3))),
    Case("linalg.contract", ("bhid,bhjd->bhij", draw(2, 2, 3, 4), draw(2, 2, 5, 4))),
    Case("linalg.contract", ("ab,c->ca", draw(2, 3), draw(4))),
    Case("linalg.det", (draw(2, 3, 3),)),
    Case("linalg.inverse", (draw(2, 3, 3),)),
    Case(
        "matmul_fused.fused_matmul",
        (draw(2, 3), draw(2, 4)),
        {"trans_a": True, "alpha": 2.0},
    ),
    Case(
        "matmul_fused.fused_matmul",
        (draw(3, 2, 4), draw(2, 4, 5)),
        {"trans_batch_a": True},
    ),
    *(
        Case(
            "matmul_fused.fused_gemm",
            (draw(2, 3), draw(3, 4), draw(4)),
            {"activation": name, "activation_alpha": 0.3, "activation_beta": 0.6},
        )
        for name in (
            *(
                "Affine",
                "Celu",
                "Elu",
                "HardSigmoid",
                "LeakyRelu",
                "ParametricSoftplus",
            ),
            *("Relu", "ScaledTanh", "Selu", "Sigmoid", "Softplus", "Softsign", "Tanh"),
            "ThresholdedRelu",
        )
    ),
]


@pytest.mark.parametrize("case", PRODUCTS, ids=str)
def test_products(case: Case) -> None:
    check(case, rtol=1e-6, atol=1e-12)
    check_meta(case)
    check_gradient(case)


def test_products_of_no_numbers() -> None:
    check(Case("arrays.matmul", (draw(2, 0), draw(0, 3))))
    check(Case("matmul.gemm", (draw(2, 0), draw(0, 3), draw(3))))


@pytest.mark.parametrize("dtype", [np.int32, np.uint32, np.uint64, np.int64])
def test_products_of_integers_wrap_around(dtype: type) -> None:
    info = np.iinfo(dtype)
    a, b = (
        RANDOM.integers(info.min, info.max, shape, dtype, endpoint=True)
        for shape in ((3, 4), (4, 2))
    )
    check(Case("arrays.matmul", (a, b)))
    check(Case("matmul.matmul", (a, b)))
    small = (RANDOM.integers(0, 5, (3, 4)).astype(dtype), RANDOM.integers(0, 5, (4, 2)))
    c = RANDOM.integers(0, 5, 2).astype(dtype)
    check(Case("matmul.gemm", (small[0], small[1].astype(dtype), c), {"beta": 2.0}))


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
def test_products_of_small_floats(dtype: type) -> None:
    a, b, c = (
        draw(3, 50).astype(dtype),
        draw(50, 4).astype(dtype),
        draw(4).astype(dtype),
    )
    check(Case("matmul.matmul", (a, b)), atol=2e-2)
    check(Case("matmul.gemm", (a, b, c), {"alpha": 0.5}), atol=2e-2)
    check(Case("linalg.einsum", ("ij,jk->ik", a, b)), atol=2e-2)


def integers(dtype: type, *shape: int) -> np.ndarray:
    info = np.iinfo(dtype)
    return RANDOM.integers(info.min, info.max, shape, dtype, endpoint=True)


@pytest.mark.parametrize("a", [np.int8, np.uint8])
@pytest.mark.parametrize("b", [np.int8, np.uint8])
def test_products_of_bytes(a: type, b: type) -> None:
    x, y = integers(a, 2, 3, 300), integers(b, 300, 4)
    check(Case("matmul_integer.matmul_integer", (x, y)))
    zeros = integers(a, 3), integers(b, 4)
    check(Case("matmul_integer.matmul_integer", (x, y, *zeros)))
    scales = np.array(0.01, np.float32), np.array([0.1, 0.2, 0.3, 0.4], np.float32)
    case = Case("matmul_fused.matmul_integer_to_float", (x, y, *scales, *zeros))
    check(case, rtol=1e-5)
    check_meta(case)
    given = (x, scales[0], zeros[0][0:1].reshape(()), y, scales[1], zeros[1])
    output = np.array(1.5, np.float32), integers(a, 1).reshape(())
    check(Case("matmul_integer.qlinear_matmul", (*given, *output)))


def test_products_of_what_is_quantized_first() -> None:
    a, b = draw(3, 20).astype(np.float32), integers(np.uint8, 20, 4)
    args = (a, b, np.float32([0.1, 0.2, 0.3, 0.4]), integers(np.uint8, 4))
    bias = draw(4).astype(np.float32)
    case = Case("matmul_fused.dynamic_quantize_matmul", (*args, bias))
    check(case, rtol=1e-5, atol=1e-5)
    check_meta(case)


@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("zeros", ["none", "packed", "floats"])
@pytest.mark.parametrize("int8_blocks", [False, True])
def test_products_by_weights_of_few_bits(
    bits: int, zeros: str, int8_blocks: bool
) -> None:
    n, k, size = 5, 40, 16
    blocks = -(-k // size)
    b = integers(np.uint8, n, blocks, size * bits // 8)
    scales = RANDOM.uniform(0.1, 1, (n, blocks)).astype(np.float32)
    zero_points = {
        "none": None,
        "packed": integers(np.uint8, n, -(-blocks * bits // 8)),
        "floats": RANDOM.uniform(0, 9, (n, blocks)).astype(np.float32),
    }[zeros]
    options = {"n": n, "k": k, "bits": bits, "block_size": size}
    options["int8_blocks"] = int8_blocks
    a, bias = draw(2, 3, k).astype(np.float32), draw(n).astype(np.float32)
    places = RANDOM.integers(0, blocks, k)
    for g_idx in (None, places):
        args = (a, b, scales, zero_points, g_idx, bias)
        case = Case("matmul_nbits.matmul_nbits", args, options)
        check(case, rtol=1e-4, atol=1e-4)
        check_meta(case)
    empty = (a, b[:, :0], scales)
    check(Case("matmul_nbits.matmul_nbits", empty, options))


@pytest.mark.parametrize("quant_type", [0, 1])
@pytest.mark.parametrize("trans_b", [True, False])
def test_products_by_floats_of_4_bits(quant_type: int, trans_b: bool) -> None:
    n, k = 6, 10
    b, absmax = integers(np.uint8, 30), RANDOM.uniform(0.1, 1, 4).astype(np.float32)
    a = draw(2, k if trans_b else n).astype(np.float32)
    options = {"n": n, "k": k, "block_size": 16, "quant_type": quant_type}
    case = Case(
        "matmul_bnb4.matmul_bnb4", (a, b, absmax), {**options, "trans_b": trans_b}
    )
    check(case, rtol=1e-5, atol=1e-5)
    check_meta(case)


def test_optimizers() -> None:
    rate = np.array(0.1, np.float32)
    state = [np.abs(draw(2, 3)).astype(np.float32) for _ in range(8)]
    for count in (np.array(0, np.int64), np.array(3, np.int64)):
        given = {"norm_coefficient": 0.01}
        check(Case("optimizers.adagrad", (rate, count, *state[:6]), given), rtol=1e-5)
        check(Case("optimizers.adam", (rate, count, *state), given), rtol=1e-5)
        for nesterov in (False, True):
            more = {"alpha": 0.9, "beta": 0.1, "nesterov": nesterov}
            args = (rate, count, *state[:6])
            case = Case("optimizers.momentum", args, {**given, **more})
            check(case, rtol=1e-5)
            check_meta(case)


def test_products_of_int16_are_int32() -> None:
    a, b = integers(np.int16, 3, 40), integers(np.int16, 40, 2)
    check(Case("arrays.matmul", (a, b), {"dtype": np.int32}))
