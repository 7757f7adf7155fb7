"""Convolutions with packed weights: numbers from the definition, by loops over windows."""

import numpy as np
import pytest

from onnx2py.kernels import conv, conv_transpose
from onnx2py.kernels import conv_packed as packed_conv
from onnx2py.kernels import conv_winograd as winograd
from onnx2py.kernels._conv_channels_last import add_to_rows
from onnx2py.kernels.conv_depthwise import conv_depthwise, depthwise_weight
from onnx2py.kernels.conv_packed import (
    conv_packed,
    conv_pointwise,
    packed_weight,
    pointwise_weight,
)
from onnx2py.kernels.conv_winograd import conv_winograd, transforms, winograd_weight

from .test_conv import conv_by_definition

CASES = [
    ((7,), (3,), (1,), (0, 0), (1,)),
    ((9,), (3,), (2,), (1, 0), (2,)),
    ((6, 7), (1, 1), (1, 1), (0, 0, 0, 0), (1, 1)),
    ((6, 7), (1, 1), (2, 3), (0, 0, 0, 0), (1, 1)),
    ((6, 7), (3, 2), (2, 1), (1, 2, 0, 1), (1, 3)),
    ((8, 11), (3, 5), (2, 3), (1, 2, 1, 2), (1, 1)),
    ((8, 11), (3, 5), (1, 2), (1, 2, 1, 2), (2, 1)),
    ((1, 1), (1, 1), (1, 1), (0, 0, 0, 0), (1, 1)),
    ((4, 5, 6), (2, 3, 2), (1, 2, 2), (0, 1, 0, 1, 0, 1), (1, 1, 2)),
]


def floats(*shape, dtype=np.float32):
    return np.random.default_rng(0).normal(size=shape).astype(dtype)


def channels_last_in_memory(x):
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 1, -1)), -1, 1)


@pytest.mark.parametrize("order", [np.asarray, channels_last_in_memory])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-5), (float, 1e-12)])
@pytest.mark.parametrize(("c", "m", "group"), [(4, 6, 1), (4, 6, 2), (20, 5, 1)])
@pytest.mark.parametrize(("size", "kernel", "strides", "pads", "dilations"), CASES)
def test_packed(
    size, kernel, strides, pads, dilations, c, m, group, dtype, tolerance, order
):
    x = order(floats(2, c, *size, dtype=dtype))
    weight = floats(m, c // group, *kernel, dtype=dtype)
    bias = floats(m, dtype=dtype)
    y = conv_packed(
        x,
        packed_weight(weight),
        bias,
        strides=strides,
        pads=pads,
        dilations=dilations,
        group=group,
    )
    expected = conv_by_definition(x, weight, strides, pads, dilations, group)
    expected += bias.reshape(m, *[1] * len(size))
    assert y.dtype == dtype
    np.testing.assert_allclose(y, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("order", [np.asarray, channels_last_in_memory])
@pytest.mark.parametrize(("size", "kernel", "strides", "pads", "dilations"), CASES)
def test_depthwise(size, kernel, strides, pads, dilations, order):
    x, weight, bias = order(floats(2, 3, *size)), floats(3, 1, *kernel), floats(3)
    y = conv_depthwise(
        x,
        depthwise_weight(weight),
        bias,
        strides=strides,
        pads=pads,
        dilations=dilations,
    )
    expected = conv_by_definition(x, weight, strides, pads, dilations, 3)
    expected += bias.reshape(3, *[1] * len(size))
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("strides", [None, (2, 3)])
def test_pointwise(strides):
    x, weight, bias = floats(2, 5, 7, 6), floats(4, 5, 1, 1), floats(4)
    y = conv_pointwise(x, pointwise_weight(weight), bias, strides=strides)
    expected = conv_by_definition(
        x, weight, strides or (1, 1), (0,) * 4, (1, 1), 1
    ) + bias.reshape(4, 1, 1)
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("small", "block"), [(0, 1 << 20), (0, 700), (1 << 20, 700)])
@pytest.mark.parametrize("m", [5, 200])
@pytest.mark.parametrize(("size", "kernel", "strides", "pads", "dilations"), CASES)
def test_large_images_are_worked_on_in_blocks(
    size, kernel, strides, pads, dilations, m, small, block, monkeypatch
):
    monkeypatch.setattr(packed_conv, "_SMALL", small)
    monkeypatch.setattr(packed_conv, "_BLOCK", block)
    x, weight = floats(2, 20, *size), floats(m, 20, *kernel)
    y = conv_packed(
        x, packed_weight(weight), strides=strides, pads=pads, dilations=dilations
    )
    expected = conv_by_definition(x, weight, strides, pads, dilations, 1)
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=3e-5)


def test_half_floats_are_computed_as_single():
    x, weight = floats(1, 300, 4, 4).astype(np.float16), floats(2, 300, 3, 3)
    y = conv_packed(x, packed_weight(weight.astype(np.float16)))
    expected = conv_by_definition(x, weight, (1, 1), (0,) * 4, (1, 1), 1)
    assert y.dtype == np.float16
    np.testing.assert_allclose(y, expected, rtol=2e-3, atol=2e-2)


@pytest.mark.parametrize("kernel", [conv_packed, conv_winograd])
def test_no_batch(kernel):
    weight = packed_weight(floats(3, 2, 3, 3))
    if kernel is conv_winograd:
        weight = winograd_weight(weight, tile=2)
    assert kernel(floats(0, 2, 5, 6), weight).shape == (0, 3, 3, 4)


def test_same_pads_are_chosen_by_the_image():
    x, weight = floats(1, 2, 5, 6), floats(3, 2, 3, 3)
    y = conv_packed(x, packed_weight(weight), strides=(2, 2), pads="SAME_UPPER")
    expected = conv_by_definition(x, weight, (2, 2), (1, 0, 1, 1), (1, 1), 1)
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-5)


def test_what_does_not_fit():
    weight = packed_weight(floats(3, 2, 3, 3))
    with pytest.raises(ValueError, match="2 channels, got"):
        conv_packed(floats(1, 4, 5, 5), weight)
    with pytest.raises(ValueError, match="4 axes"):
        conv_packed(floats(1, 2, 5), weight)
    for kernel in (conv_packed, conv_winograd):
        with pytest.raises(ValueError, match=r"that they fit in, got \(2, 5\)"):
            kernel(
                floats(1, 2, 2, 5),
                winograd_weight(weight, tile=4) if kernel is conv_winograd else weight,
            )


# ---------------------------------------------------------------------- Winograd


def test_transforms_for_two_are_the_known_ones():
    # Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, section 4.1; rows
    # are free in sign where the products' other factor has the same.
    elements, weights, results = transforms(2)
    np.testing.assert_array_equal(
        abs(elements), [[1, 0, 1, 0], [0, 1, 1, 0], [0, 1, 1, 0], [0, 1, 0, 1]]
    )
    np.testing.assert_array_equal(
        abs(weights), [[1, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0.5], [0, 0, 1]]
    )
    np.testing.assert_array_equal(results, [[1, 1, 1, 0], [0, 1, -1, 1]])


@pytest.mark.parametrize("tile", [2, 4])
def test_transforms_convolve_a_line(tile):
    elements, weights, results = transforms(tile)
    x, w = floats(tile + 2, dtype=float), floats(3, dtype=float)
    expected = [x[i : i + 3] @ w for i in range(tile)]
    np.testing.assert_allclose(results @ ((weights @ w) * (elements @ x)), expected)


@pytest.mark.parametrize("block", [1 << 20, 500])
@pytest.mark.parametrize("pads", [None, (1, 1, 1, 1), (0, 2, 1, 0)])
@pytest.mark.parametrize("size", [(3, 3), (4, 9), (12, 8), (13, 21)])
@pytest.mark.parametrize(("tile", "tolerance"), [(2, 2e-6), (4, 6e-6)])
def test_winograd(tile, tolerance, size, pads, block, monkeypatch):
    monkeypatch.setattr(winograd, "_BLOCK", block)
    x, weight, bias = floats(2, 40, *size), floats(5, 40, 3, 3), floats(5)
    tiles = winograd_weight(packed_weight(weight), tile=tile)
    y = conv_winograd(x, tiles, bias, pads=pads)
    expected = conv_by_definition(x, weight, (1, 1), pads or (0,) * 4, (1, 1), 1)
    expected += bias.reshape(5, 1, 1)
    # In parts of the largest: where sums nearly vanish, no method has more digits.
    np.testing.assert_allclose(y, expected, atol=tolerance * abs(expected).max())


@pytest.mark.parametrize("tile", [2, 4])
@pytest.mark.parametrize("block", [1, 5000, 1 << 20])
@pytest.mark.parametrize("pads", [(0, 0, 0, 0), (20, 3, 17, 0), (1, 0, 30, 9)])
def test_winograd_of_blocks_that_lie_in_the_padding(monkeypatch, tile, block, pads):
    monkeypatch.setattr(winograd, "_BLOCK", block)
    x, weight = floats(2, 2, 11, 7), floats(3, 2, 3, 3)
    transformed = winograd_weight(packed_weight(weight), tile=tile)
    y = conv_winograd(x, transformed, pads=pads)
    expected = conv_by_definition(x, weight, (1, 1), pads, (1, 1), 1)
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("channels", [1, 4, 70, 400, 1600])
def test_depthwise_of_any_width(channels, stride):
    """Runs of windows are of many lengths; compared with NumPy's own windows, in float64."""
    rng = np.random.default_rng(0)
    for width in (*range(3, 24), 28, 31, 97, 128):
        x = rng.normal(size=(2, channels, 4, width)).astype(np.float32)
        weight = rng.normal(size=(channels, 1, 2, 3)).astype(np.float32)
        windows = np.lib.stride_tricks.sliding_window_view(x, (2, 3), axis=(2, 3))
        windows = windows[:, :, ::stride, ::stride].astype(np.float64)
        expected = np.einsum("ncopkl,ckl->ncop", windows, weight[:, 0])
        y = conv_depthwise(x, depthwise_weight(weight), strides=(stride, stride))
        np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-5)


def transposed_cases():
    rng = np.random.default_rng(5)
    for number in range(120):
        rank = int(rng.integers(1, 4))
        many = [0, 1, 2, 3, 5] if number % 10 == 0 else [1, 2, 3, 5]
        shape = (int(rng.integers(1, 3)), 3, *map(int, rng.choice(many, rank)))
        kernel = tuple(map(int, rng.integers(1, 6, rank)))
        options = {"strides": tuple(map(int, rng.integers(1, 5, rank)))}
        if number % 3 == 0:
            options["dilations"] = tuple(map(int, rng.integers(1, 4, rank)))
        if number % 4 == 0:
            options["output_padding"] = tuple(s - 1 for s in options["strides"])
        if number % 5 == 0:
            options["pads"] = (1,) * rank + (0,) * rank
        yield shape, kernel, options


@pytest.mark.parametrize("block", [1, 50, 1 << 20])
def test_transposed_convolution_block_by_block(monkeypatch, block):
    monkeypatch.setattr(conv_transpose, "_BLOCK", block)
    rng = np.random.default_rng(6)
    for shape, kernel, options in transposed_cases():
        x = rng.standard_normal(shape)
        weight, bias = rng.standard_normal((3, 2, *kernel)), rng.standard_normal(2)
        expected = conv_transpose.conv_transpose(x, weight, bias, **options)
        packed = conv_transpose.transposed_weight(weight)
        y = conv_transpose.conv_transpose_packed(x, packed, bias, **options)
        assert y.shape == expected.shape, (shape, kernel, options)
        np.testing.assert_allclose(y, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("strides", [(1, 1), (2, 1)])
def test_groups_one_after_another(monkeypatch, strides):
    rng = np.random.default_rng(7)
    x, weight = rng.standard_normal((2, 6, 9, 8)), rng.standard_normal((9, 2, 3, 2))
    options = {"strides": strides, "pads": (1, 1, 0, 1), "group": 3}
    expected = conv.conv(x, weight, **options)
    packed = packed_conv.packed_weight(weight)
    monkeypatch.setattr(packed_conv, "_BLOCK", 20)
    y = packed_conv.conv_packed(x, packed, **options)
    np.testing.assert_allclose(y, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "shape", [(2, 6, 5), (3, 6, 4, 5), (0, 6, 4), (2, 6, 0), (1, 6, 1, 1)]
)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_few_results_of_many_channels_that_come_first(shape, dtype):
    x, weight = floats(*shape, dtype=dtype), floats(6, 2, dtype=np.float32)
    bias = floats(2)
    y = conv_pointwise(x, weight, bias)
    last = conv_pointwise(channels_last_in_memory(x), weight, bias)
    expected = np.einsum("nc...,cm->nm...", x.astype(float), weight) + bias.reshape(
        -1, *[1] * (x.ndim - 2)
    )
    tolerance = 2e-3 if dtype == np.float16 else 1e-5
    for result in (y, last):
        assert result.dtype == dtype and result.shape == expected.shape
        np.testing.assert_allclose(result, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("size", [1, 2, 3, 16, 63, 64])
@pytest.mark.parametrize("rows", [1, 2001, 4096, 5003])
def test_a_bias_is_added_to_rows(size, rows):
    y, bias = floats(2, rows, size), floats(size)
    expected = y + bias
    add_to_rows(y, bias)
    assert y.tobytes() == expected.tobytes()
    turned = np.asfortranarray(expected - bias)
    other = turned + bias
    add_to_rows(turned, bias)
    assert turned.tobytes() == other.tobytes()
