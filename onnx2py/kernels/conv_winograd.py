"""Winograd convolution: kernels of 3 x 3 with fewer multiplications.

The results of a T x T tile are computed from sums of its (T + 2)**2 elements, as many
products, and sums of these (Winograd's algorithm, Lavin and Gray 2015): for T = 4, this is
a quarter of the multiplications. All sums are computed as matrix products.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._continuation import Activation, continued
from ._conv_channels_last import channels_second, strided_view

_BLOCK = 1 << 20  # elements of the transformed tiles that are processed at once

POINTS = {2: (0.0, 1.0, -1.0), 4: (0.0, 0.75, -0.75, 1.5, -1.5)}
"""Points at which polynomials are evaluated, in addition to infinity. For tiles of 4, these
are more accurate than the usual 0, 1, -1, 2, -2: 4 times the error of plain convolution."""


def transforms(tile: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return the Toom-Cook transforms of elements, of weights, and of products.

    These are B' [T + 2, T + 2], G [T + 2, 3] and A' [T, T + 2] such that a convolution of
    T results is ``A' @ ((G @ w) * (B' @ x))``.
    """
    points = np.array(POINTS[tile])
    others = [np.delete(points, i) for i in range(len(points))]
    scale = np.array([np.prod(p - rest) for p, rest in zip(points, others)])
    elements = np.zeros((tile + 2, tile + 2))
    for row, rest in zip(elements, others):
        row[: len(points)] = np.poly(rest)[::-1]
    elements[-1] = np.poly(points)[::-1]
    weights = np.vander(points, 3, increasing=True) / scale[:, None]
    results = np.vander(points, tile, increasing=True).T
    infinity = np.eye(tile)[:, -1:]
    return elements, np.vstack([weights, np.eye(3)[-1]]), np.hstack([results, infinity])


def _sums(tile: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the transforms of elements and of products for both axes of a tile at once."""
    before, _, after = transforms(tile)
    both = np.kron(before, before), np.kron(after, after)
    return both[0].astype(np.float32), both[1].astype(np.float32)


SUMS = {tile: _sums(tile) for tile in POINTS}


def winograd_weight(weight: NDArray[Any], *, tile: int) -> NDArray[Any]:
    """Transform the weights of a convolution: [3, 3, C, M] -> [(T + 2)**2, C, M].

    Parameters
    ----------
    weight : float32[3, 3, C, M]
    tile : T, 2 or 4, the number of results of a tile along each axis
    """
    along = transforms(tile)[1]
    both = np.kron(along, along).astype(weight.dtype)
    product = np.matmul(both, weight.reshape(9, -1))
    return np.asarray(product).reshape(len(both), *weight.shape[2:])


def conv_winograd(
    x: NDArray[Any],
    weight: NDArray[Any],
    bias: NDArray[Any] | None = None,
    *,
    pads: Sequence[int] | None = None,
    plus: NDArray[Any] | None = None,
    activation: Activation | None = None,
) -> NDArray[Any]:
    """Cross-correlate ``x`` with kernels of 3 x 3 at stride 1.

    Parameters
    ----------
    x : float32[N, C, H, W]
    weight : float32[(T + 2)**2, C, M]
        The transform of [3, 3, C, M] for tiles of T x T results, T being 2 or 4.
    bias : float32[M], optional
    pads : top, left, bottom, right; 0 by default
    plus : float32[N, M, O, P], optional, added to the result
    activation : computed of each element of the sum, None for nothing

    Returns
    -------
    y : float32[N, M, O, P]
        O = H + top + bottom - 2, P = W + left + right - 2

    Raises
    ------
    ValueError
        If ``x`` has the wrong axes or channels, or the kernel is larger than the image.

    For ``x`` [1, 8, 14, 14], M = 16, pads of 1 and T = 4, the steps have these shapes::

        padded    [1, 18, 18, 8]        N, rows and columns of whole tiles and their edges, C
        tiles     [6, 6, 1, 4, 4, 8]    a view: place in a tile, N, tile down, across, C
        elements  [36, 128]             its copy; before [36, 36] sums elements of each tile
        product   [36, 16, 8]           times weight [36, 8, 16] for each place
                  [36, 256]             after [16, 36] sums products for each of 16 results
                  [4, 4, 1, 4, 4, 16]   row and column in a tile, N, tile down, across, M
        results   [1, 4, 4, 4, 4, 16]   N, tile down, row in it, tile across, column, M
        found     [1, 16, 16, 16]       of which [1, 14, 14, 16] is inside y

    ONNX: https://onnx.ai/onnx/operators/onnx__Conv.html
    """
    places, c, m = weight.shape
    if x.ndim != 4 or x.shape[1] != c:
        raise ValueError(f"conv: expected x of 4 axes and {c} channels, got {x.shape}")
    tile = 2 if places == 16 else 4
    top, left, bottom, right = pads or (0, 0, 0, 0)
    height, width = x.shape[2] + top + bottom - 2, x.shape[3] + left + right - 2
    if min(height, width) < 1:
        raise ValueError(
            f"windows: kernel_shape (3, 3): expected an image that they fit in, "
            f"got {(height + 2, width + 2)} with its padding"
        )
    down, across = -(-height // tile), -(-width // tile)  # tiles
    before, after = SUMS[tile]
    y = np.empty((len(x), height, width, m), x.dtype)
    most = max(1, _BLOCK // max(1, places * max(c, m) * across * len(x)))
    rows = -(-down // -(-down // most))  # of tiles at once, in nearly equal groups
    padded = np.zeros((len(x), rows * tile + 2, across * tile + 2, c), x.dtype)
    n, row, column = padded.strides[:3]
    shape = (tile + 2, tile + 2, len(x), rows, across, c)
    tiles = strided_view(
        padded, shape, (row, column, n, row * tile, column * tile, x.itemsize)
    )
    results = np.empty((len(x), rows, tile, across, tile, m), x.dtype)
    image = x.transpose(0, 2, 3, 1)
    for start in range(0, height, rows * tile):
        _fill(padded, image, start - top, left)
        elements = tiles.reshape(places, -1)
        product = np.matmul(before, elements).reshape(places, -1, c)
        product = np.matmul(product, weight).reshape(places, -1)
        product = np.matmul(after, product).reshape(tile, tile, len(x), rows, across, m)
        results[...] = product.transpose(2, 3, 0, 4, 1, 5)
        found = results.reshape(len(x), rows * tile, across * tile, m)
        target = y[:, start : start + rows * tile]
        target[...] = found[:, : target.shape[1], :width]
    return continued(channels_second(y, bias, x.dtype), plus, activation)


def _fill(padded: NDArray[Any], image: NDArray[Any], first: int, left: int) -> None:
    """Copy rows of [N, H, W, C] from ``first`` on; rows outside are zeros."""
    begin = max(first, 0)
    end = max(begin, min(first + padded.shape[1], image.shape[1]))
    padded[:, : begin - first] = 0
    padded[:, end - first :] = 0
    inside = padded[:, begin - first : end - first, left : left + image.shape[2]]
    inside[...] = image[:, begin:end]
