"""Other operators of onnxruntime's own: rules, and its answers."""

import numpy as np
import pytest

from tests.support import check_against_onnxruntime, compute, lowered

OWN = {"opset": 1, "domain": "com.microsoft"}


@pytest.fixture
def random():
    return np.random.default_rng(5)


def floats(random, *shape):
    return random.standard_normal(shape).astype(np.float32)


def test_constant_pads_need_no_kernel_of_their_own():
    names = ["x", "w", "pads", "b"]
    constants = {"pads": np.array([1, 0])}
    assert (
        lowered("ConvTransposeWithDynamicPads", names, constants=constants, **OWN)
        == "ops.conv_transpose(x, w, b, pads=(1, 0))"
    )
    assert (
        lowered("ConvTransposeWithDynamicPads", names, strides=[2], **OWN)
        == "ops.conv_transpose_with_dynamic_pads(x, w, pads, b, strides=(2,))"
    )


def test_conv_transpose_agrees(random):
    arrays = [floats(random, 2, 4, 3, 4), floats(random, 4, 3, 2, 3)]
    arrays += [np.array([1, 0, 0, 2]), floats(random, 6)]
    options = {"group": 2, "strides": [2, 1], "output_padding": [1, 0]}
    check_against_onnxruntime(
        "ConvTransposeWithDynamicPads", arrays, **OWN, **options, rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("channels", [1, 3])
def test_masked_maxima_agree(random, axes, channels):
    shape = (4, 5, 4)[:axes]
    x = floats(random, 2, 3, *shape)
    mask = (random.random((channels % 2 + 1, channels, *shape)) < 0.8).astype(np.int32)
    options = {"kernel_shape": [2] * axes, "pads": [1] * axes + [0] * axes}
    check_against_onnxruntime("MaxpoolWithMask", [x, mask], **OWN, **options)


def test_a_row_of_a_window_ends_where_the_mask_does():
    x = np.array([[[1, 5, 9, 2]]], np.float32)
    mask = np.array([[[1, 0, 1, 0]]], np.int32)
    (y,) = compute("MaxpoolWithMask", [x, mask], kernel_shape=[3], **OWN)
    assert y.tolist() == [[[1, np.finfo(np.float32).min]]]


@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
@pytest.mark.parametrize("size", [(3, 4), (1, 2)])
def test_crops_agree(random, mode, size):
    boxes = [[0, 0, 1, 1], [0.25, 0.1, 0.5, 1.2], [1, 1, 0, 0], [-0.1, 0, 0.4, 0.6]]
    arrays = [floats(random, 2, 3, 5, 6), np.array(boxes, np.float32)]
    arrays += [np.array([0, 1, 1, 0], np.int32), np.array(size, np.int32)]
    options = {"mode": mode, "extrapolation_value": 7.0}
    check_against_onnxruntime("CropAndResize", arrays, **OWN, **options)


@pytest.mark.parametrize("options", [{}, {"dim": 0}, {"dim": -2, "step": 2}])
def test_windows_of_tensors_agree(random, options):
    x = floats(random, 4, 5, 6)
    check_against_onnxruntime("UnfoldTensor", [x], size=3, **OWN, **options)


def test_the_cheapest_path():
    cost = np.array([[1, 9, 9], [1, 9, 9], [9, 1, 1]], np.float32)
    (path,) = compute("DynamicTimeWarping", [cost], **OWN)
    assert path.tolist() == [[0, 1, 2, 2], [0, 0, 1, 2]]


@pytest.mark.parametrize("shape", [(7, 4), (1, 3, 6), (1, 1)])
def test_paths_agree(random, shape):
    check_against_onnxruntime("DynamicTimeWarping", [floats(random, *shape)], **OWN)
    ties = random.integers(0, 2, shape).astype(np.float32)
    check_against_onnxruntime("DynamicTimeWarping", [ties], **OWN)


def test_older_names(random):
    a, b = floats(random, 3, 4), floats(random, 5, 4)
    options = {"transB": 1, "alpha": 0.5}
    check_against_onnxruntime("TransposeMatMul", [a, b], **OWN, **options)
    check_against_onnxruntime("SampleOp", [a], **OWN)
    check_against_onnxruntime("GatherND", [a, np.array([[1, -1], [0, 2]])], **OWN)
