"""Sampling at the points of a grid: numbers worked out by hand."""

import numpy as np
import pytest

from onnx2py.kernels.sampling import affine_grid, grid_sample

IMAGE = np.array([[[[1, 2], [3, 4]]]], np.float32)


def grid(*points):
    return np.array([[points]], np.float32)


@pytest.mark.parametrize(
    "padding_mode, expected", [("zeros", 0.25), ("border", 1), ("reflection", 1)]
)
def test_a_corner_of_the_image(padding_mode, expected):
    y = grid_sample(IMAGE, grid((-1, -1)), padding_mode=padding_mode)
    assert y.tolist() == [[[[expected]]]]


def test_points_name_the_last_axis_first():
    y = grid_sample(IMAGE, grid((1, -1), (-1, 1)), align_corners=True)
    assert y.tolist() == [[[[2, 3]]]]


def test_zeros_are_not_made_of_infinity():
    x = np.full((1, 1, 1, 1), np.inf, np.float32)
    assert grid_sample(x, grid((-9, -9))).tolist() == [[[[0]]]]


def test_strings_can_be_sampled():
    x = IMAGE.astype(int).astype(str).astype(object)
    y = grid_sample(x, grid((0.5, 0.5), (9, 9)), mode="nearest")
    assert y.tolist() == [[[["4", ""]]]]


@pytest.mark.parametrize("option", ["mode", "padding_mode"])
def test_unknown_modes(option):
    with pytest.raises(ValueError, match="unknown"):
        grid_sample(IMAGE, grid((0, 0)), **{option: "x"})


def test_the_identity_is_an_even_grid():
    theta = np.array([[[1, 0, 0], [0, 1, 0]]], np.float32)
    y = affine_grid(theta, (1, 1, 1, 2))
    assert y.tolist() == [[[[-0.5, 0], [0.5, 0]]]]
