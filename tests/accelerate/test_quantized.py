"""Calls of oneDNN from 8-bit integers to 8-bit integers: exact, or none."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from onnx2py.accelerate import pooling, quantized_convolution, quantized_products
from onnx2py.accelerate import quantized as ours
from onnx2py.accelerate.active import active
from onnx2py.accelerate.cache import freeze
from onnx2py.kernels import matmul_fused, matmul_integer, qdq, quantized
from onnx2py.kernels.pool_max import max_pool
from tests.quantized_cases import cases

from .compared import in_some_order

CASES = list(cases())
needs_vnni = pytest.mark.skipif(
    "not __import__('onnx2py.accelerate.library', fromlist=['']).has_vnni()",
    reason="sums of bytes saturate on this processor: see the test of that",
)


def frozen(arguments, x):
    """Return the arguments, all arrays but ``x`` constants."""
    for argument in arguments:
        if isinstance(argument, np.ndarray) and argument is not x:
            freeze(argument)
    return arguments


@needs_vnni
@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.kernel} {c.x.shape}")
@pytest.mark.parametrize("form", ["qlinear", "qdq"])
def test_convolutions_are_exact(case, form):
    function = getattr(quantized_convolution, f"{form}_conv_{case.kernel}")
    x, *rest = frozen(getattr(case, f"{form}_arguments")(), case.x)
    options = {"dtype": case.dtype} if form == "qdq" else {}
    with active():
        for way in range(3):
            x = in_some_order(np.random.default_rng(way), case.x)
            y = function(x, *rest, **options, **case.options)
            if y is None:
                assert x.ctypes.data % 4
                continue
            assert y.dtype == case.dtype
            np.testing.assert_array_equal(y, case.expected())


@needs_vnni
@pytest.mark.parametrize("case", CASES[::2], ids=lambda c: f"{c.kernel} {c.x.shape}")
def test_limits_are_exact(case):
    function = getattr(quantized_convolution, f"qdq_conv_{case.kernel}")
    low, high = np.iinfo(case.dtype).min + 30, np.iinfo(case.dtype).max - 50
    arguments = frozen(case.qdq_arguments(), case.x)
    options = {"dtype": case.dtype, **case.options}
    with active():
        y = function(*arguments, limits=(low, high), **options)
        np.testing.assert_array_equal(y, case.expected().clip(low, high))
        y = function(*arguments, **options)
        np.testing.assert_array_equal(y, case.expected())


@needs_vnni
def test_the_weight_of_winograds_algorithm_is_plain():
    case, *_ = (c for c in CASES if c.kernel == "packed" and c.x.shape[1] == 6)
    arguments = frozen(case.qdq_arguments(), case.x)
    pads = case.options["pads"]
    with active():
        function = quantized_convolution.qdq_conv_winograd
        y = function(*arguments, dtype=case.dtype, pads=pads)
        np.testing.assert_array_equal(y, case.expected())
        tiles = freeze(np.zeros((36, 6, 8), np.float32))
        arguments = (arguments[0], tiles, *arguments[2:])
        assert function(*arguments, pads=pads) is None


@needs_vnni
def test_constants_are_told_apart():
    """One weight with other scales, biases and zero points, each more than once."""
    case = CASES[1]
    x, weight, bias, *rest = frozen(case.qdq_arguments(), case.x)
    x_scale, x_zero, scale, y_scale, y_zero = rest
    other = freeze(np.ascontiguousarray(scale * 2))
    bias_2 = freeze(np.full(weight.shape[-1], 7.5, np.float32))
    kernel = quantized_convolution.qdq_conv_packed
    numpys = sys.modules["onnx2py.kernels.conv_qdq"].qdq_conv_packed
    ways = [
        (bias, x_scale, x_zero, scale, y_scale, y_zero),
        (bias_2, x_scale, x_zero, scale, y_scale, y_zero),
        (None, x_scale * 2, x_zero, scale, y_scale, y_zero),
        (bias, x_scale, 9, scale, y_scale, y_zero),
        (bias, x_scale, x_zero, scale, y_scale / 2, 77),
    ]
    with active():
        for way in (*ways, *ways):
            y = kernel(x, weight, *way, **case.options)
            expected = numpys(x, weight, *way, **case.options)
            np.testing.assert_array_equal(y, expected)
        # Half of the integers are no integers of twice the scale.
        halves = (bias, x_scale, x_zero, other, y_scale, y_zero)
        kernel(x, weight, *halves, **case.options)
        y = kernel(x, weight, *ways[0], **case.options)
    np.testing.assert_array_equal(y, numpys(x, weight, *ways[0], **case.options))


def test_what_is_not_taken():
    case = CASES[0]
    x, weight, bias, *rest = case.qlinear_arguments()
    kernel = quantized_convolution.qlinear_conv_packed
    options = {"pads": case.options["pads"]}
    with active():
        assert kernel(x, weight, bias, *rest, **options) is None  # may be written
        frozen((weight, *rest), x)
        big = freeze(weight * 2)
        half = freeze(weight / 2)
        for wrong in (big, half):
            assert kernel(x, wrong, None, *rest, **options) is None
        for x_ in (x.astype(np.float32), x.astype(np.int16), x[:, :3], x[0]):
            assert kernel(x_, weight, None, *rest, **options) is None
        assert kernel(x, weight, None, *rest, pads="SAME_UPPER") is None
        assert kernel(x[..., :1, :1], weight, None, *rest) is None


PRODUCTS = [((1, 512), 100), ((40, 64), 33), ((2, 7, 40), 9), ((0, 8), 3)]


@needs_vnni
@pytest.mark.parametrize("kind", [np.uint8, np.int8])
@pytest.mark.parametrize(("shape", "columns"), PRODUCTS)
@pytest.mark.parametrize("each", [True, False])
def test_products_are_exact(kind, shape, columns, each):
    rng = np.random.default_rng(columns)
    limits = np.iinfo(kind)
    for zero, y_zero in ((0, 0), (limits.min, 5), (3, limits.max)):
        a = rng.integers(limits.min, limits.max + 1, shape).astype(kind)
        numbers = rng.integers(-128, 128, (shape[-1], columns))
        scale = np.float32(2.0 ** rng.integers(-9, -5, columns if each else 1))
        units = rng.integers(-9999, 9999, columns)
        bias = (units * scale * np.float32(0.5)).astype(np.float32)
        weight = numbers.astype(np.float32) * scale
        sums = (a.astype(np.int64) - zero) @ numbers + units
        exact = np.rint(sums * (scale.astype(float) * 0.5 / 0.25)) + y_zero
        exact = exact.clip(limits.min, limits.max)
        rest = (0.5, zero, scale, 0.25, y_zero)
        transposed = np.ascontiguousarray(weight.T)
        frozen((weight, transposed, bias, scale), a)
        with active():
            y = quantized_products.qdq_matmul(a, weight, bias, *rest, dtype=kind)
            if not a.size:
                assert y is None
                continue
            assert y.dtype == kind and y.shape == exact.shape
            np.testing.assert_array_equal(y, exact)
            if a.ndim == 2:
                y = quantized_products.qdq_gemm(
                    a, transposed, bias, *rest, dtype=kind, trans_b=True
                )
                np.testing.assert_array_equal(y, exact)
                options = {"dtype": kind, "trans_b": True, "limits": (1, 9)}
                y = quantized_products.qdq_gemm(a, transposed, bias, *rest, **options)
                np.testing.assert_array_equal(y, exact.clip(1, 9))


@needs_vnni
@pytest.mark.parametrize("each", [True, False])
def test_qlinear_matmul_is_numpys(each):
    rng = np.random.default_rng(1)
    a = rng.integers(0, 256, (3, 5, 30)).astype(np.uint8)
    b = rng.integers(-128, 128, (30, 11)).astype(np.int8)
    b_scale = rng.uniform(0.001, 0.01, 11 if each else ()).astype(np.float32)
    b_zero = np.zeros(11 if each else (), np.int8)
    arguments = (
        *(a, np.array(0.02, np.float32), np.array(9, np.uint8), b, b_scale, b_zero),
        *(np.array(0.03, np.float32), np.array(101, np.uint8)),
    )
    frozen(arguments, a)
    with active():
        y = quantized_products.qlinear_matmul(*arguments)
        np.testing.assert_array_equal(y, matmul_integer.qlinear_matmul(*arguments))
        other = freeze(np.ones_like(b_zero))
        assert (
            quantized_products.qlinear_matmul(*arguments[:5], other, *arguments[6:])
            is None
        )


@pytest.mark.parametrize("kind", [np.uint8, np.int8])
@pytest.mark.parametrize("zeros", [(0, 0, 0), (3, -7, 11), (100, 90, 127)])
@pytest.mark.parametrize("shape", [(2, 16, 9, 9), (3, 5), (1, 64, 40, 30)])
def test_sums_are_onnxruntimes(kind, zeros, shape):
    """NumPy's ``qlinear_add`` gives onnxruntime's bytes, which other tests compare."""
    rng = np.random.default_rng(7)
    limits = np.iinfo(kind)
    for scales in ((0.017, 0.0123, 0.0234), (0.5, 0.25, 0.75), (1.0, 0.009, 0.009)):
        a, b = (
            in_some_order(
                rng, rng.integers(limits.min, limits.max + 1, shape).astype(kind)
            )
            for _ in range(2)
        )
        (s, t, u), (x, y, z) = scales, zeros
        old = quantized.qlinear_add(a, s, x, b, t, y, u, z)
        with active():
            sums = [
                ours.qlinear_add(a, np.array(s, np.float32), x, b, t, y, u, z),
                ours.qdq_add(a, b, s, x, t, y, u, z, dtype=kind),
            ]
        for found in sums:
            last = (0, *range(2, a.ndim), 1)
            dense = a.flags.c_contiguous or a.transpose(last).flags.c_contiguous
            places = a.ctypes.data | b.ctypes.data
            if a.strides == b.strides and dense and not places % 4:
                assert found is not None
            if found is not None:
                assert found.dtype == kind
                np.testing.assert_array_equal(found, old)


def test_sums_of_two_types():
    a, b = np.uint8([[0, 10, 255, 8]]), np.int8([[-128, 4, 127, 0]])
    with active():
        for dtype in (np.uint8, np.int8):
            y = ours.qdq_add(a, b, 0.5, 10, 2.0, 2, 2.0, 100, dtype=dtype)
            if y is not None:
                expected = qdq.qdq_add(a, b, 0.5, 10, 2.0, 2, 2.0, 100, dtype=dtype)
                np.testing.assert_array_equal(y, expected)
        assert ours.qdq_add(a, b[0], 0.5, 10, 2.0, 2, 2.0, 100) is None


WITHOUT = """
    import numpy as np
    from onnx2py.accelerate import library, quantized_convolution, quantized_products
    from onnx2py.accelerate.active import accelerated, active
    from onnx2py.accelerate.cache import freeze
    from onnx2py.kernels.conv_qlinear import qlinear_conv_pointwise

    with active():
        assert library.isa() == "AVX2" and not library.has_vnni()
        x = np.full((1, 64, 5, 5), 255, np.uint8)
        weight, scale = np.full((64, 32), 127, np.float32), np.float32([[[1e-4]]])
        zero = np.array(3, np.uint8)
        for constant in (weight, scale, zero):
            freeze(constant)
        arguments = (x, weight, None, scale, zero, 0)
        assert quantized_convolution.qlinear_conv_pointwise(*arguments) is None
        a = x.reshape(25, 64)
        assert quantized_products.qdq_matmul(a, weight, None, 1.0, 0, 1.0, 1e4, 3) is None
        y = accelerated(qlinear_conv_pointwise)(*arguments)
    assert (y == 210).all(), y  # 64 * 255 * 127 * 1e-4 = 207.3
    print("computed by NumPy")
"""


def test_numpy_computes_where_sums_saturate():
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(WITHOUT)],
        env={**os.environ, "ONEDNN_MAX_CPU_ISA": "AVX2"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout == "computed by NumPy\n", done.stderr


@needs_vnni
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("kind", [np.uint8, np.int8])
def test_products_of_integers_as_floats_are_numpys(kind, bias):
    rng = np.random.default_rng(2)
    limits = np.iinfo(kind)
    b = freeze(rng.integers(-127, 128, (30, 17)).astype(np.float32))
    each = freeze(rng.uniform(0.001, 0.1, 17).astype(np.float32))
    added = freeze(rng.normal(size=17).astype(np.float32)) if bias else None
    kernel = matmul_fused.matmul_integer_to_float_prepared
    for shape, zero in (((2, 9, 30), 0), ((1, 30), limits.max), ((40, 30), 17)):
        for scale in (0.02, 3.1):
            a = rng.integers(limits.min, limits.max + 1, shape).astype(kind)
            arguments = (
                *(a, b, np.array(scale, np.float32), each),
                *(np.array(zero, kind), added),
            )
            with active():
                y = quantized_products.matmul_integer_to_float_prepared(*arguments)
                np.testing.assert_array_equal(y, kernel(*arguments))
                other = freeze(each[::-1].copy())
                arguments = (*arguments[:3], other, *arguments[4:])
                y = quantized_products.matmul_integer_to_float_prepared(*arguments)
                np.testing.assert_array_equal(y, kernel(*arguments))
    half = freeze(b / 2)
    with active():
        assert (
            quantized_products.matmul_integer_to_float_prepared(a, half, *arguments[2:])
            is None
        )


@pytest.mark.parametrize("kind", [np.uint8, np.int8])
@pytest.mark.parametrize(
    ("shape", "options"),
    [
        ((1, 64, 30, 31), {"kernel_shape": (3, 3), "pads": (1, 1, 1, 1)}),
        ((2, 5, 9, 7), {"kernel_shape": (2, 3), "pads": (1, 0, 0, 2)}),
        ((1, 16, 12), {"kernel_shape": (4,), "strides": (3,), "pads": (0, 3)}),
        ((1, 3, 4, 5, 6), {"kernel_shape": (2, 2, 2)}),
        ((1, 8, 7, 7), {"kernel_shape": (3, 3), "strides": (2, 2), "ceil_mode": True}),
    ],
)
def test_the_largest_bytes(kind, shape, options):
    rng = np.random.default_rng(3)
    limits = np.iinfo(kind)
    x = rng.integers(limits.min, limits.max + 1, shape).astype(kind)
    last = np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 1, -1)), -1, 1)
    lowest = np.full_like(x, limits.min)
    with active():
        for each in (x, last, lowest):
            y = pooling.max_pool(each, **options)
            assert y is not None and y.dtype == kind
            np.testing.assert_array_equal(y, max_pool(each, **options))
        assert pooling.average_pool(x, **options) is None
