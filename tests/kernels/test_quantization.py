"""Kernels of linear quantization: numbers worked out by hand."""

import ml_dtypes
import numpy as np
import onnx
import onnxruntime
import pytest

from onnx2py.kernels.quantization import (
    broadcast_parameter,
    dequantize_linear,
    dequantize_linear_per_axis,
    dynamic_quantize_linear,
    dynamic_quantize_linear_centered,
    quantize_linear,
    quantize_linear_per_axis,
)
from onnx2py.kernels.quantization_narrow import (
    quantize_linear_narrow,
    quantize_linear_to_float,
)


def floats(*values):
    return np.array(values, np.float32)


def test_halves_go_to_the_even_integer():
    y = quantize_linear(floats(0.5, 1.5, 2.5, -0.5, -1.5), 1.0, dtype=np.int8)
    assert y.tolist() == [0, 2, 2, 0, -2]


@pytest.mark.parametrize(
    "dtype, low, high",
    [
        (np.int8, -128, 127),
        (np.uint8, 0, 255),
        (np.int16, -32768, 32767),
        (np.uint16, 0, 65535),
    ],
)
def test_what_does_not_fit_saturates(dtype, low, high):
    y = quantize_linear(floats(-np.inf, -1e30, 1e30, np.inf), 0.1, 3, dtype=dtype)
    assert y.dtype == dtype
    assert y.tolist() == [low, low, high, high]


def test_the_zero_point_is_added_after_rounding():
    assert quantize_linear(floats(2.5, 3.5), 1.0, 1).tolist() == [3, 5]


def test_a_scalar_stays_an_array():
    y = quantize_linear(np.array(2.0, np.float32), 0.5)
    assert isinstance(y, np.ndarray)
    assert y.shape == () and y == 4


def test_division_may_be_asked_for_in_float16():
    x = floats(1.0005)  # float16 has only 1 + 1/1024 thereabouts
    assert quantize_linear(x, 1 / 8192, dtype=np.int16) == 8196
    y = quantize_linear(x, 1 / 8192, dtype=np.int16, precision=np.float16)
    assert y == 8192 or y == 8200


def test_each_slice_has_its_scale():
    x = np.full((2, 3), 6.0, np.float32)
    scale, zero_point = floats(1, 2, 3), np.array([0, 1, 2], np.uint8)
    y = quantize_linear_per_axis(x, scale, zero_point, axis=-1)
    assert y.tolist() == [[6, 4, 4]] * 2
    assert (
        dequantize_linear_per_axis(y, scale, zero_point, axis=1).tolist() == x.tolist()
    )


def test_each_block_has_its_scale():
    scale = floats(1, 2).reshape(1, 2)
    spread = broadcast_parameter(scale, (1, 5), 1, 3)
    assert spread.tolist() == [[1, 1, 1, 2, 2]]


def test_a_scale_of_another_rank_is_an_error():
    with pytest.raises(ValueError, match="expected rank 3, got"):
        broadcast_parameter(np.ones((2, 2), np.float32), (2, 2, 2), 0, 1)


def test_int32_is_subtracted_exactly():
    x = np.array([2**30 + 1], np.int32)
    assert dequantize_linear(x, 1.0, 2**30).tolist() == [1.0]


def test_float16_is_computed_in_float32():
    x = np.array([60000], np.uint16)
    y = dequantize_linear(x, 0.5, dtype=np.float16)
    assert y.dtype == np.float16 and y.tolist() == [30000]


def test_dynamic_quantization_covers_zero():
    y, scale, zero_point = dynamic_quantize_linear(floats(1, 2, 5.1))
    assert y.tolist() == [50, 100, 255]
    assert scale == np.float32(5.1) / np.float32(255) and zero_point == 0


@pytest.mark.parametrize("x", [floats(), floats(0, 0)])
def test_dynamic_quantization_of_nothing_has_scale_one(x):
    y, scale, zero_point = dynamic_quantize_linear(x)
    assert y.tolist() == [0] * len(x)
    assert (scale.tolist(), zero_point.tolist()) == (1.0, 0)
    assert (scale.dtype, zero_point.dtype) == (np.float32, np.uint8)


@pytest.mark.parametrize(
    "x",
    [(np.nan, 1, 2, -3), (1, 2, np.nan, -3), (1, np.nan, 2), (np.nan, np.nan),
     (np.inf, 1, -1), (-np.inf, 1, -1), (np.inf, -np.inf, 1), (np.nan, np.inf, 3),
     [np.nan] * 9, [1, 2] * 8 + [np.nan], [1] * 15 + [np.nan], [np.nan] * 15 + [1], [np.nan] * 100,
     [1] * 98 + [np.nan] * 2, [1] * 95 + [np.nan, 2, 3]],
)  # fmt: skip
def test_dynamic_quantization_passes_over_nan_as_onnxruntime_does(x):
    node = onnx.helper.make_node("DynamicQuantizeLinear", ["x"], ["y", "s", "z"])
    value = onnx.helper.make_tensor_value_info
    outputs = [value("y", 2, None), value("s", 1, ()), value("z", 2, ())]
    graph = onnx.helper.make_graph([node], "g", [value("x", 1, (len(x),))], outputs)
    opsets = [onnx.helper.make_opsetid("", 17)]
    model = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    expected = session.run(None, {"x": floats(*x)})
    for actual, value in zip(dynamic_quantize_linear(floats(*x)), expected):
        np.testing.assert_array_equal(actual, value)
    rounded, step = dynamic_quantize_linear_centered(floats(*x))
    y, scale, zero_point = expected
    assert rounded.tolist() == (y.astype(float) - zero_point).tolist()
    np.testing.assert_array_equal(step, scale)


def test_four_bits():
    y = quantize_linear_narrow(
        floats(-100, -2.5, 2.5, 100), floats(1)[0], dtype=ml_dtypes.int4
    )
    assert y.dtype == ml_dtypes.int4
    assert y.astype(np.int8).tolist() == [-8, -2, 2, 7]


@pytest.mark.parametrize("saturate, largest", [(True, 448.0), (False, np.nan)])
def test_float8(saturate, largest):
    y = quantize_linear_to_float(
        floats(2.1, 1e6),
        floats(1)[0],
        dtype=ml_dtypes.float8_e4m3fn,
        saturate=saturate,
    )
    np.testing.assert_equal(y.astype(np.float32), floats(2.0, largest))
