"""Kernels that resize: numbers worked out by hand."""

import numpy as np
import pytest

from onnx2py.kernels.resize_antialias import resize_antialiased
from onnx2py.kernels.resize_integers import resize_linear_integers
from onnx2py.kernels.resize_linear import cubic_weights, resize_cubic, resize_linear
from onnx2py.kernels.resize_nearest import resize_nearest

ROW = np.arange(4, dtype=np.float32)


@pytest.mark.parametrize(
    "rounding, expected",
    [
        ("round_prefer_floor", [0, 1, 3]),  # places 1/6, 3/2 and 17/6
        ("round_prefer_ceil", [0, 2, 3]),
        ("floor", [0, 1, 2]),
        ("ceil", [1, 2, 3]),
    ],
)
def test_nearest(rounding, expected):
    assert resize_nearest(ROW, sizes=(3,), nearest_mode=rounding).tolist() == expected


def test_nearest_takes_any_dtype():
    x = np.array(["a", "b"], object)
    assert resize_nearest(x, scales=(2.0,)).tolist() == ["a", "a", "b", "b"]


@pytest.mark.parametrize("factor", [2, 3, 9])
def test_whole_factors_repeat(factor):
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    y = resize_nearest(x, scales=(factor, factor))
    np.testing.assert_array_equal(y, x.repeat(factor, 0).repeat(factor, 1))


def test_linear():
    assert resize_linear(ROW, scales=(0.5,)).tolist() == [0.5, 2.5]
    y = resize_linear(ROW, sizes=(7,), coordinate_transformation_mode="align_corners")
    assert y.tolist() == [0, 0.5, 1, 1.5, 2, 2.5, 3]


def test_a_long_axis_is_gathered_and_a_short_one_multiplied():
    x = np.random.default_rng(0).normal(size=(5, 300)).astype(np.float32)
    both = resize_linear(x, scales=(1.0, 1.7))
    rows = np.concatenate([resize_linear(x[:, :100], scales=(1.0, 1.7))], 1)
    np.testing.assert_allclose(both[:, :165], rows[:, :165], rtol=1e-5, atol=1e-6)


def test_infinity_stays_where_it_is():
    x = np.array([0, 0, 0, np.inf], np.float32)
    assert resize_linear(x, scales=(2.0,)).tolist() == [0] * 5 + [np.inf] * 3


def test_the_weights_of_a_cubic_sum_to_one():
    weights = cubic_weights(np.linspace(0, 0.9, 10), -0.75)
    np.testing.assert_allclose(weights.sum(0), 1)
    np.testing.assert_allclose(weights[:, 0], [0, 1, 0, 0], atol=1e-12)


def test_cubic_keeps_straight_lines():
    y = resize_cubic(np.arange(10, dtype=np.float32), scales=(0.5,), cubic_coeff_a=-0.5)
    np.testing.assert_allclose(y[1:-1], [2.5, 4.5, 6.5], rtol=1e-6)


def test_linear_of_integers_is_truncated():
    x = np.array([[0, 3], [0, 3]], np.uint8)
    y = resize_linear_integers(x, scales=(1.0, 2.0))
    assert y.dtype == np.uint8 and y.tolist() == [[0, 0, 2, 3]] * 2


def test_antialiasing_averages_what_it_covers():
    x = np.array([0, 0, 4, 4], np.float32)
    # A triangle two wide on both sides: weights 3 3 1 (of 7), its rest outside
    y = resize_antialiased(x, scales=(0.5,), exclude_outside=True)
    np.testing.assert_allclose(y, [4 / 7, 24 / 7], rtol=1e-6)
    assert resize_antialiased(x.astype(np.uint8), scales=(0.5,)).dtype == np.uint8


def test_outside_a_crop_is_the_extrapolation_value():
    y = resize_linear(
        ROW,
        roi=(0.0, 2.0),
        sizes=(3,),
        coordinate_transformation_mode="tf_crop_and_resize",
        extrapolation_value=9.0,
    )
    assert y.tolist() == [0, 3, 9]


def test_the_same_shape_is_the_same_tensor():
    assert resize_linear(ROW, scales=(1.1,)).tolist() == ROW.tolist()


@pytest.mark.parametrize(
    "options, message",
    [
        ({}, "expected 1 scales or sizes"),
        ({"sizes": (1, 2)}, "expected 1 scales or sizes"),
        ({"sizes": (8,), "nearest_mode": "up"}, "unknown nearest mode 'up'"),
        (
            {"sizes": (8,), "coordinate_transformation_mode": "x"},
            "unknown coordinate transformation mode 'x'",
        ),
    ],
)
def test_errors(options, message):
    with pytest.raises(ValueError, match=message):
        resize_nearest(ROW, **options)


def test_an_empty_axis_cannot_grow():
    with pytest.raises(ValueError, match="cannot grow to 3"):
        resize_nearest(np.zeros((0,), np.float32), sizes=(3,))
