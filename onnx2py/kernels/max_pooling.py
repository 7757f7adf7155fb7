"""The largest element of each window, and its converse."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._pooling import Pooling, pool, pooling_axes
from ._windows import EVERY_CHANNEL, Pads


def max_pool(
    x: NDArray[Any],
    *,
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    ceil_mode: bool = False,
) -> NDArray[Any]:
    """Return the largest element of each window.

    Parameters
    ----------
    x : [N, C, D...]
    kernel_shape : K..., the window's length along each spatial axis, in elements
    strides, dilations : one int per spatial axis, in elements; 1 by default
    pads : the begin of each spatial axis, then the end of each; 0 by default.
        ``"SAME_UPPER"`` or ``"SAME_LOWER"``: such that O = ceil(D / stride).
        A padded element is never the largest.
    ceil_mode : whether the division below rounds up. A window that would start in the
        padding at the end is left out.

    Returns
    -------
    y : [N, C, O...]
        O = (D + pad_begin + pad_end - dilation * (K - 1) - 1) // stride + 1

    ONNX: https://onnx.ai/onnx/operators/onnx__MaxPool.html
    """
    axes = pooling_axes(x.shape[2:], kernel_shape, strides, pads, dilations, ceil_mode)
    return pool(x, axes, np.maximum, empty=_lowest(x.dtype))


def _lowest(dtype: np.dtype[Any]) -> float:
    """Return what is below every other number."""
    return np.iinfo(dtype).min if dtype.kind in "iu" else -np.inf


def max_pool_channels_last(
    x: NDArray[Any],
    *,
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    ceil_mode: bool = False,
) -> NDArray[Any]:
    """Return the largest element of each window: [N, D..., C] -> [N, O..., C].

    Parameters
    ----------
    x : [N, D..., C]
    kernel_shape : K..., the window's length along each spatial axis, in elements
    strides, dilations : one int per spatial axis, in elements; 1 by default
    pads : the begin of each spatial axis, then the end of each; 0 by default.
        ``"SAME_UPPER"`` or ``"SAME_LOWER"``: such that O = ceil(D / stride).
        A padded element is never the largest.
    ceil_mode : whether the division below rounds up. A window that would start in the
        padding at the end is left out.

    Returns
    -------
    y : [N, O..., C]
        O = (D + pad_begin + pad_end - dilation * (K - 1) - 1) // stride + 1

    Source: NhwcMaxPool in onnxruntime's docs/ContribOperators.md
    """
    axes = pooling_axes(
        x.shape[1:-1], kernel_shape, strides, pads, dilations, ceil_mode
    )
    return pool(x, axes, np.maximum, empty=_lowest(x.dtype), first=1)


def max_pool_with_indices(
    x: NDArray[Any],
    *,
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    ceil_mode: bool = False,
    storage_order: int = 0,
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the largest element of each window, and where in ``x`` the first is.

    Parameters
    ----------
    x : [N, C, D...]
    kernel_shape : K..., the window's length along each spatial axis, in elements
    strides, dilations : one int per spatial axis, in elements; 1 by default
    pads : the begin of each spatial axis, then the end of each; 0 by default.
        ``"SAME_UPPER"`` or ``"SAME_LOWER"``: such that O = ceil(D / stride).
        A padded element is never the largest.
    ceil_mode : whether the division below rounds up. A window that would start in the
        padding at the end is left out.
    storage_order : whether indices count along rows (0) or along columns (1), that is
        with the first spatial axis running fastest

    Returns
    -------
    y : [N, C, O...]
        O = (D + pad_begin + pad_end - dilation * (K - 1) - 1) // stride + 1
    indices : int64[N, C, O...]
        Each the index of an element in ``x`` laid out flat.

    ONNX: https://onnx.ai/onnx/operators/onnx__MaxPool.html
    """
    sizes = x.shape[2:]
    axes = pooling_axes(sizes, kernel_shape, strides, pads, dilations, ceil_mode)
    shape = x.shape[:2] + tuple(axis.out for axis in axes)
    places = np.arange(prod(sizes)).reshape(sizes, order="F" if storage_order else "C")
    y = np.full(shape, _lowest(x.dtype), x.dtype)
    indices = np.full(shape, -1, np.int64)
    for seen_by, elements in _windows_places(axes):
        candidate, best = x[EVERY_CHANNEL + elements], y[EVERY_CHANNEL + seen_by]
        index = indices[EVERY_CHANNEL + seen_by]
        better = (candidate > best) | (index < 0)
        np.copyto(best, candidate, where=better)
        np.copyto(index, places[elements], where=better)
    planes = np.arange(prod(x.shape[:2])).reshape(*x.shape[:2], *[1] * len(sizes))
    return y, indices + planes * prod(sizes)


def _windows_places(
    axes: Sequence[Pooling],
) -> list[tuple[tuple[slice, ...], tuple[slice, ...]]]:
    """Return, for each place in a window, which results see which elements."""
    found: list[tuple[tuple[slice, ...], tuple[slice, ...]]] = [((), ())]
    for axis in axes:
        found = [
            ((*seen_by, low), (*elements, high))
            for seen_by, elements in found
            for low, high in axis.taps()
        ]
    return found


def max_unpool(
    x: NDArray[Any],
    indices: NDArray[np.int64],
    output_shape: NDArray[np.int64] | Sequence[int] | None = None,
    *,
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    pads: Sequence[int] | None = None,
) -> NDArray[Any]:
    """Put each element back where max pooling found it, among zeros.

    Parameters
    ----------
    x : [N, C, D...]
    indices : int64[N, C, D...]
        Each the index of an element in the result laid out flat. If they lie outside
        their windows there, but not in the shape below, they are indices in that.
    output_shape : the result's shape, all axes; computed as below by default
    kernel_shape : K..., the pooling's window along each spatial axis, in elements
    strides : one int per spatial axis, in elements; 1 by default
    pads : the begin of each spatial axis, then the end of each; 0 by default

    Returns
    -------
    y : [N, C, O...]
        O = stride * (D - 1) + K - pad_begin - pad_end

    ONNX: https://onnx.ai/onnx/operators/onnx__MaxUnpool.html
    """
    rank = len(kernel_shape)
    strides = strides or (1,) * rank
    pads = pads or (0,) * (2 * rank)
    inferred = x.shape[:2] + tuple(
        stride * (size - 1) + k - begin - end
        for size, k, stride, begin, end in zip(
            x.shape[2:], kernel_shape, strides, pads[:rank], pads[rank:]
        )
    )
    shape = inferred if output_shape is None else tuple(map(int, output_shape))
    y = np.zeros(shape, x.dtype)
    windows = (kernel_shape, strides, pads[:rank])
    if (
        shape != inferred
        and all(np.less_equal(inferred, shape))
        and not _lie_in_windows(indices, shape, *windows)
        and _lie_in_windows(indices, inferred, *windows)
    ):
        indices = np.ravel_multi_index(np.unravel_index(indices, inferred), shape)
    y.reshape(-1)[indices.reshape(-1)] = x.reshape(-1)
    return y


def _lie_in_windows(
    indices: NDArray[np.int64],
    shape: tuple[int, ...],
    kernel_shape: Sequence[int],
    strides: Sequence[int],
    pads: Sequence[int],
) -> bool:
    """Whether each index [N, C, D...] into ``shape`` is in the window of its place."""
    if indices.size and not 0 <= indices.min() <= indices.max() < prod(shape):
        return False
    found = np.unravel_index(indices, shape)
    windows = zip((1, 1, *kernel_shape), (1, 1, *strides), (0, 0, *pads))
    for axis, (kernel, stride, pad) in enumerate(windows):
        first = np.arange(indices.shape[axis]) * stride - pad
        offset = found[axis] - first.reshape((-1,) + (1,) * (indices.ndim - 1 - axis))
        if ((offset < 0) | (offset >= kernel)).any():
            return False
    return True


def global_max_pool(x: NDArray[Any]) -> NDArray[Any]:
    """Return the largest element of each channel: [N, C, D...] -> [N, C, 1...].

    ONNX: https://onnx.ai/onnx/operators/onnx__GlobalMaxPool.html
    """
    return np.asarray(np.max(x, axis=tuple(range(2, x.ndim)), keepdims=True))
