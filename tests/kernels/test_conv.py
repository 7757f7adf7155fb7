"""Convolutions: numbers worked out by hand, or by loops over the definition."""

import numpy as np
import pytest

from onnx2py.kernels import _conv_windows
from onnx2py.kernels._conv_windows import explicit_pads, windows_channels_first
from onnx2py.kernels.col2im import col2im
from onnx2py.kernels.conv import conv
from onnx2py.kernels.conv_deform import deform_conv
from onnx2py.kernels.conv_fused import fused_conv
from onnx2py.kernels.conv_integer import conv_integer, qlinear_conv
from onnx2py.kernels.conv_transpose import conv_transpose


def floats(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def conv_by_definition(x, weight, strides, pads, dilations, group):
    """Sum over every tap of every window, in float64, one element at a time."""
    rank = x.ndim - 2
    x = np.pad(x.astype(np.float64), [(0, 0), (0, 0), *zip(pads[:rank], pads[rank:])])
    m, c = weight.shape[:2]
    spans = [d * (k - 1) + 1 for k, d in zip(weight.shape[2:], dilations)]
    out = [(s - span) // t + 1 for s, span, t in zip(x.shape[2:], spans, strides)]
    y = np.zeros((len(x), m, *out))
    for channel in range(m):
        first = channel // (m // group) * c
        for place in np.ndindex(*out):
            window = tuple(
                slice(p * t, p * t + span, d)
                for p, t, span, d in zip(place, strides, spans, dilations)
            )
            part = x[(slice(None), slice(first, first + c), *window)]
            total = (part * weight[channel]).reshape(len(x), -1).sum(axis=1)
            y[(slice(None), channel, *place)] = total
    return y


def test_conv_of_a_line():
    x = np.array([[[1, 2, 3, 4]]], np.float32)
    weight = np.array([[[1, 10]]], np.float32)
    np.testing.assert_array_equal(conv(x, weight), [[[21, 32, 43]]])
    bias = np.array([0.5], np.float32)
    np.testing.assert_array_equal(
        conv(x, weight, bias, strides=(2,), pads=(1, 1)), [[[10.5, 32.5, 4.5]]]
    )


@pytest.mark.parametrize("group", [1, 2, 4])
@pytest.mark.parametrize(
    ("size", "kernel", "strides", "pads", "dilations"),
    [
        ((7,), (3,), (1,), (0, 0), (1,)),
        ((9,), (3,), (2,), (1, 0), (2,)),
        ((6, 7), (1, 1), (1, 1), (0, 0, 0, 0), (1, 1)),
        ((6, 7), (1, 1), (2, 3), (0, 0, 0, 0), (1, 1)),
        ((6, 7), (1, 1), (1, 1), (1, 0, 0, 2), (1, 1)),
        ((6, 7), (3, 2), (2, 1), (1, 2, 0, 1), (1, 3)),
        ((3, 4, 5), (2, 2, 3), (1, 2, 1), (0, 1, 0, 1, 0, 2), (1, 1, 2)),
    ],
)
def test_conv_is_its_definition(size, kernel, strides, pads, dilations, group):
    x, weight = floats(2, 4, *size), floats(8, 4 // group, *kernel, seed=1)
    y = conv(x, weight, strides=strides, pads=pads, dilations=dilations, group=group)
    expected = conv_by_definition(x, weight, strides, pads, dilations, group)
    assert y.dtype == np.float32
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kernel", [(3, 3), (1, 5), (5, 2), (34, 33)])
def test_conv_of_each_channel_alone(kernel):
    x, weight = floats(2, 70, 34, 36), floats(70, 1, *kernel, seed=1)
    expected = conv_by_definition(x, weight, (1, 1), (0, 0, 0, 0), (1, 1), 70)
    y = conv(x, weight, group=70)
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("group", [1, 2])
def test_conv_in_blocks_is_conv(monkeypatch, group):
    x, weight = floats(2, 4, 11, 9), floats(6, 4 // group, 3, 3, seed=1)
    at_once = conv(x, weight, group=group, strides=(1, 2))
    monkeypatch.setitem(conv.__globals__, "_LARGE", 500)
    in_blocks = conv(x, weight, group=group, strides=(1, 2))
    np.testing.assert_allclose(in_blocks, at_once, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_conv_keeps_the_dtype_and_its_arguments(dtype):
    x, weight, bias = (floats(*s).astype(dtype) for s in ((1, 2, 5), (3, 2, 2), (3,)))
    copies = [a.copy() for a in (x, weight, bias)]
    assert conv(x, weight, bias, pads=(1, 0)).dtype == dtype
    assert conv_transpose(x, weight.reshape(2, 3, 2), bias).dtype == dtype
    for argument, copy in zip((x, weight, bias), copies):
        np.testing.assert_array_equal(argument, copy)


def test_conv_of_nothing():
    assert conv(floats(0, 2, 5), floats(3, 2, 2)).shape == (0, 3, 4)
    assert conv(floats(1, 2, 3), floats(0, 2, 2)).shape == (1, 0, 2)
    assert conv(floats(1, 0, 3), floats(3, 0, 2)).tolist() == [[[0, 0]] * 3]


@pytest.mark.parametrize("strides", [None, (4,)])
def test_conv_of_less_than_a_window(strides):
    with pytest.raises(
        ValueError, match=r"expected an image that they fit in, got \(1,\)"
    ):
        conv(floats(1, 2, 1), floats(3, 2, 2), strides=strides)


def test_conv_names_what_does_not_fit():
    with pytest.raises(ValueError, match="expected x of 4 channels, got"):
        conv(floats(1, 3, 5), floats(2, 4, 2))
    with pytest.raises(ValueError, match="expected x of 4 channels, got"):
        conv_transpose(floats(1, 3, 5), floats(4, 2, 2))


def test_windows_are_not_to_be_written():
    windows = windows_channels_first(floats(1, 1, 4), (2,))
    assert windows.shape == (1, 1, 2, 3)
    assert not windows.flags.writeable


@pytest.mark.parametrize(
    ("mode", "size", "kernel", "stride", "dilation", "expected"),
    [
        ("SAME_UPPER", 5, 2, 1, 1, (0, 1)),
        ("SAME_LOWER", 5, 2, 1, 1, (1, 0)),
        ("SAME_UPPER", 6, 3, 2, 1, (0, 1)),
        ("SAME_LOWER", 5, 3, 2, 1, (1, 1)),
        ("SAME_UPPER", 6, 1, 3, 1, (0, 0)),
        ("SAME_UPPER", 7, 3, 1, 2, (2, 2)),
        (None, 7, 3, 1, 2, (0, 0)),
    ],
)
def test_explicit_pads(mode, size, kernel, stride, dilation, expected):
    pads = explicit_pads(mode, (size,), (kernel,), (stride,), (dilation,))
    assert tuple(pads) == expected


def test_add_windows_is_the_converse_of_sliding_windows():
    windows = np.ones((1, 1, 2, 3), np.float32)
    image = _conv_windows.add_windows(windows, (4,), (1,), (1,))
    np.testing.assert_array_equal(image, [[[1, 2, 2, 1]]])


def test_conv_transpose_of_a_line():
    x = np.array([[[1, 2, 3]]], np.float32)
    weight = np.array([[[1, 10, 100]]], np.float32)
    full = [1, 10, 102, 20, 203, 30, 300]
    np.testing.assert_array_equal(conv_transpose(x, weight, strides=(2,)), [[full]])
    np.testing.assert_array_equal(
        conv_transpose(x, weight, strides=(2,), pads=(1, 2)), [[full[1:5]]]
    )
    np.testing.assert_array_equal(
        conv_transpose(x, weight, strides=(2,), output_padding=(1,)), [[[*full, 0]]]
    )
    np.testing.assert_array_equal(
        conv_transpose(x, weight, strides=(2,), output_shape=(6,)), [[full[1:]]]
    )
    np.testing.assert_array_equal(
        conv_transpose(x, weight, strides=(2,), pads="SAME_UPPER"), [[full[:6]]]
    )


def test_conv_transpose_is_the_adjoint_of_conv():
    options = {"strides": (2, 1), "pads": (1, 0, 0, 2), "dilations": (1, 2), "group": 2}
    x, weight = floats(2, 4, 8, 7), floats(6, 2, 3, 2, seed=1)
    y = floats(*conv(x, weight, **options).shape, seed=2)
    back = conv_transpose(y, weight, **options, output_padding=(0, 0))
    left = np.vdot(conv(x, weight, **options), y)
    np.testing.assert_allclose(left, np.vdot(x[:, :, : back.shape[2]], back), rtol=1e-4)


def test_integer_conv_is_exact_where_float32_is_not():
    x = np.full((1, 300, 3), 255, np.uint8)
    weight = np.full((1, 300, 3), 255, np.uint8)
    weight[0, 0, 0] = 254
    y = conv_integer(x, weight)
    assert y.dtype == np.int32
    assert y.tolist() == [[[900 * 255 * 255 - 255]]]


def test_quantized_conv_rounds_half_to_even_and_saturates():
    x = np.array([[[1, 3, 5, 250]]], np.uint8)
    weight = np.array([[[1]]], np.int8)
    zero = np.array(1, np.uint8)
    y = qlinear_conv(x, 0.5, 0, weight, 1.0, 0, 1.0, zero)
    assert y.dtype == np.uint8
    assert y.tolist() == [[[1, 3, 3, 126]]]
    y = qlinear_conv(
        x, 4.0, 2, weight, (1.0,), (0,), 1.0, zero, np.array([1], np.int32)
    )
    assert y.tolist() == [[[1, 9, 17, 255]]]


def test_unbent_deformable_conv_is_conv():
    x, weight, bias = floats(2, 4, 6, 5), floats(6, 2, 3, 2, seed=1), floats(6)
    offset = np.zeros((2, 2 * 3 * 2 * 2, 6, 4), np.float32)
    y = deform_conv(x, weight, offset, bias, pads=(1, 0, 1, 0), group=2, offset_group=2)
    expected = conv(x, weight, bias, pads=(1, 0, 1, 0), group=2)
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-5)


def test_deformable_conv_interpolates():
    x = np.array([[[1, 3, 7]]], np.float32)
    offset = np.array([[[0.5, 0.25, 0.75]]], np.float32)
    weight = np.array([[[2]]], np.float32)
    assert deform_conv(x, weight, offset).tolist() == [[[4.0, 8.0, 3.5]]]
    mask = np.array([[[1, 0.5, 2]]], np.float32)
    assert deform_conv(x, weight, offset, None, mask).tolist() == [[[4.0, 4.0, 7.0]]]


def test_columns_to_image_adds_overlaps():
    columns = np.array([[[1, 2, 3], [10, 20, 30]]], np.int32)
    assert col2im(columns, (4,), (2,)).tolist() == [[[1, 12, 23, 30]]]
    sizes = np.array([2])
    image = col2im(columns, sizes, np.array([2]), pads=(1, 1))
    assert image.tolist() == [[[12, 23]]]


def test_fused_conv_adds_before_the_activation():
    x, weight = np.array([[[1, -2]]], np.float32), np.array([[[1]]], np.float32)
    z = np.array([[[-3, 5]]], np.float32)
    assert fused_conv(x, weight, None, z, activation="Relu").tolist() == [[[0, 3]]]
    y = fused_conv(x, weight, activation="LeakyRelu", activation_params=(0.5,))
    assert y.tolist() == [[[1, -1]]]
