"""From what a browser sends to what the networks read."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE, BOX = 28, 20  # MNIST: a digit fills a box of 20 x 20, in a picture of 28 x 28
INK = 24  # of 255; below it are the soft edges of strokes
FACE = 64

Array = NDArray[Any]


def digit_of(ink: Array) -> Array:
    """Center and scale a drawing as the digits of MNIST are: float32[1, 1, 28, 28].

    ``ink`` is uint8[side, side], 255 where the pen was. The longer side of what was drawn
    becomes 20 pixels, and its center of mass goes to the center of the picture.

    Raises
    ------
    ValueError
        If nothing was drawn.
    """
    rows, columns = (np.flatnonzero((ink >= INK).any(axis)) for axis in (1, 0))
    if not rows.size:
        raise ValueError("ink: expected a drawing, got an empty picture")
    drawn = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] / np.float32(255)
    height, width = (
        max(1, round(length * BOX / max(drawn.shape))) for length in drawn.shape
    )
    small = resized(drawn, height, width)
    picture = np.zeros((1, 1, SIDE, SIDE), np.float32)
    top, left = (_start(small.sum(axis)) for axis in (1, 0))
    picture[0, 0, top : top + height, left : left + width] = small
    return picture


def _start(mass: Array) -> int:
    """Return where to put a line of masses, so that its center is that of the picture."""
    center = mass @ np.arange(len(mass)) / mass.sum()
    return int(np.clip(round((SIDE - 1) / 2 - center), 0, SIDE - len(mass)))


def resized(picture: Array, height: int, width: int) -> Array:
    """Return a picture in another size; a new pixel is the mean of what it covers."""
    rows, columns = (_cover(*n) for n in zip(picture.shape, (height, width)))
    return np.asarray(rows @ picture @ columns.T, np.float32)


def _cover(old: int, new: int) -> Array:
    """Return float32[new, old]: the share of each old pixel in each new one."""
    edges = np.arange(new + 1) * old / new
    cells = np.arange(old)
    low = np.maximum(edges[:-1, None], cells)
    high = np.minimum(edges[1:, None], cells + 1)
    return np.asarray(np.maximum(high - low, 0) * new / old, np.float32)


def face_of(gray: Array) -> Array:
    """Return uint8[64, 64] as the emotion network reads it: float32[1, 64, 64, 1], -1 to 1."""
    scaled = (gray / np.float32(255) - np.float32(0.5)) * np.float32(2)
    return np.asarray(scaled.reshape(1, FACE, FACE, 1))
