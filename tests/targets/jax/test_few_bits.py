"""Twins of products by weights of few bits, and of optimizers, give the numbers of NumPy."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from .support import Case, check

RANDOM = np.random.default_rng(0)


def draw(*shape: int) -> np.ndarray:
    return RANDOM.standard_normal(shape).astype(np.float32)


def integers(*shape: int) -> np.ndarray:
    return RANDOM.integers(0, 256, shape).astype(np.uint8)


@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("zeros", ["none", "packed", "floats"])
@pytest.mark.parametrize("int8_blocks", [False, True])
def test_products_by_weights_of_few_bits(
    bits: int, zeros: str, int8_blocks: bool
) -> None:
    n, k, size = 5, 40, 16
    blocks = -(-k // size)
    b = integers(n, blocks, size * bits // 8)
    scales = RANDOM.uniform(0.1, 1, (n, blocks)).astype(np.float32)
    zero_points = {
        "none": None,
        "packed": integers(n, -(-blocks * bits // 8)),
        "floats": RANDOM.uniform(0, 9, (n, blocks)).astype(np.float32),
    }[zeros]
    options = {"n": n, "k": k, "bits": bits, "block_size": size}
    options["int8_blocks"] = int8_blocks
    a, bias = draw(2, 3, k), draw(n)
    for g_idx in (None, RANDOM.integers(0, blocks, k)):
        args = (a, b, scales, zero_points, g_idx, bias)
        case = Case("matmul_nbits.matmul_nbits", args, options)
        check(case, rtol=1e-4, atol=1e-4)
    check(Case("matmul_nbits.matmul_nbits", (a, b[:, :0], scales), options))


@pytest.mark.parametrize("half", [np.float16, ml_dtypes.bfloat16])
def test_products_in_half_precision(half: Any) -> None:
    a, b, scales = draw(2, 32).astype(half), integers(4, 2, 8), draw(4, 2).astype(half)
    options = {"n": 4, "k": 32, "block_size": 16}
    bias = draw(4).astype(half)
    check(Case("matmul_nbits.matmul_nbits", (a, b, scales, None, None, bias), options))
    options["quant_type"] = 1
    args = (a, integers(64), draw(8).astype(half))
    check(Case("matmul_bnb4.matmul_bnb4", args, options))


@pytest.mark.parametrize("quant_type", [0, 1])
@pytest.mark.parametrize("trans_b", [True, False])
def test_products_by_floats_of_4_bits(quant_type: int, trans_b: bool) -> None:
    n, k = 6, 10
    b, absmax = integers(30), RANDOM.uniform(0.1, 1, 4).astype(np.float32)
    options = {"n": n, "k": k, "block_size": 16, "quant_type": quant_type}
    args = (draw(2, k if trans_b else n), b, absmax)
    case = Case("matmul_bnb4.matmul_bnb4", args, {**options, "trans_b": trans_b})
    check(case, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("count", [0, 1, 3, 100_000])
@pytest.mark.parametrize("x64", [True, False])
def test_optimizers(count: int, x64: bool) -> None:
    step = (np.array(0.1, np.float32), np.array(count, np.int64))
    state = [np.abs(draw(2, 3)) for _ in range(8)]
    given = {"norm_coefficient": 0.01}
    how = {"rtol": 1e-5, "atol": 1e-7, "x64": x64}
    more = {**given, "decay_factor": 0.1}
    check(Case("optimizers.adagrad", (*step, *state[:6]), more), **how)
    check(Case("optimizers.adam", (*step, *state), given), **how)
    more = {**given, "norm_coefficient_post": 0.1, "alpha": 0.0}
    check(Case("optimizers.adam", (*step, *state), more), **how)
    for nesterov in (False, True):
        more = {**given, "alpha": 0.9, "beta": 0.1, "nesterov": nesterov}
        check(Case("optimizers.momentum", (*step, *state[:6]), more), **how)
