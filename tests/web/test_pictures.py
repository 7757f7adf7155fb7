"""Drawings become pictures as MNIST has them."""

from __future__ import annotations

import numpy as np
import pytest

from generated_examples.make.web.pictures import digit_of, face_of, resized


def test_a_picture_is_shrunk_to_the_means_of_its_blocks() -> None:
    picture = np.arange(36, dtype=np.float32).reshape(6, 6)
    expected = picture.reshape(3, 2, 2, 3).mean((1, 3))
    np.testing.assert_allclose(resized(picture, 3, 2), expected, rtol=1e-6)


def test_a_pixel_between_two_is_shared() -> None:
    row = np.float32([[0, 3, 6]])
    np.testing.assert_allclose(resized(row, 1, 2), [[1, 5]], rtol=1e-6)
    np.testing.assert_allclose(resized(row, 2, 3), [[0, 3, 6]] * 2, rtol=1e-6)


@pytest.mark.parametrize("top, left, side", [(0, 0, 280), (200, 120, 280), (9, 3, 40)])
def test_a_square_comes_to_the_middle_wherever_it_was_drawn(
    top: int, left: int, side: int
) -> None:
    ink = np.zeros((side, side), np.uint8)
    ink[top : top + 30, left : left + 30] = 255
    expected = np.zeros((28, 28))
    expected[4:24, 4:24] = 1
    np.testing.assert_allclose(digit_of(ink)[0, 0], expected, atol=1e-6)


def test_a_stroke_keeps_its_shape_and_the_centre_of_mass_is_the_middle() -> None:
    ink = np.zeros((100, 100), np.uint8)
    ink[10:90, 70:78] = 255  # upright
    ink[82:90, 50:70] = 255  # with a foot to the left
    picture = digit_of(ink)
    assert picture.dtype == np.float32 and picture.shape == (1, 1, 28, 28)
    rows, columns = (np.flatnonzero(picture[0, 0].any(axis)) for axis in (1, 0))
    assert (len(rows), len(columns)) == (20, 7)
    center = [
        picture[0, 0].sum(axis) @ np.arange(28) / picture.sum() for axis in (1, 0)
    ]
    np.testing.assert_allclose(center, 13.5, atol=0.5)


def test_an_empty_picture_is_no_digit() -> None:
    with pytest.raises(ValueError, match="ink: expected a drawing, got an empty"):
        digit_of(np.zeros((50, 50), np.uint8))


def test_one_pixel_is_a_dot() -> None:
    ink = np.zeros((50, 50), np.uint8)
    ink[49, 49] = 255
    assert digit_of(ink).sum() == 400


def test_a_face_goes_from_minus_one_to_one() -> None:
    gray = np.full((64, 64), 255, np.uint8)
    gray[0, 0] = 0
    face = face_of(gray)
    assert face.shape == (1, 64, 64, 1) and face.dtype == np.float32
    assert face[0, 0, 0, 0] == -1 and face[0, 1, 0, 0] == 1
