"""Max pooling and unpooling."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._conv_windows import EVERY_CHANNEL, Pads
from ._pool import Pooling, pool_windows, pooling_axes


def max_pool(
    x: NDArray[Any],
    *,
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    ceil_mode: bool = False,
) -> NDArray[Any]:
    """Return the maximum of each window.

    Parameters
    ----------
    x : [N, C, D...]
    kernel_shape : K..., the length of the window along each spatial axis, in elements
    strides, dilations : one int per spatial axis, in elements; 1 by default
    pads : elements added before each spatial axis, then after each; 0 by default.
        ``"SAME_UPPER"`` or ``"SAME_LOWER"``: chosen such that O = ceil(D / stride).
        Padding is never the maximum.
    ceil_mode : whether the division below rounds up. A window that would start in the
        padding at the end is dropped.

    Returns
    -------
    y : [N, C, O...]
        O = (D + pad_begin + pad_end - dilation * (K - 1) - 1) // stride + 1

    Raises
    ------
    ValueError
        If a window is longer than a padded axis by the stride or more.

    ONNX: https://onnx.ai/onnx/operators/onnx__MaxPool.html
    """
    axes = pooling_axes(x.shape[2:], kernel_shape, strides, pads, dilations, ceil_mode)
    return pool_windows(x, axes, np.maximum, empty=_lowest(x.dtype))


def _lowest(dtype: np.dtype[Any]) -> float:
    """Return the smallest number of a dtype."""
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
    """Return the maximum of each window: [N, D..., C] -> [N, O..., C].

    Parameters
    ----------
    x : [N, D..., C]
    kernel_shape : K..., the length of the window along each spatial axis, in elements
    strides, dilations : one int per spatial axis, in elements; 1 by default
    pads : elements added before each spatial axis, then after each; 0 by default.
        ``"SAME_UPPER"`` or ``"SAME_LOWER"``: chosen such that O = ceil(D / stride).
        Padding is never the maximum.
    ceil_mode : whether the division below rounds up. A window that would start in the
        padding at the end is dropped.

    Returns
    -------
    y : [N, O..., C]
        O = (D + pad_begin + pad_end - dilation * (K - 1) - 1) // stride + 1

    Raises
    ------
    ValueError
        If a window is longer than a padded axis by the stride or more.

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.NhwcMaxPool
    """
    axes = pooling_axes(
        x.shape[1:-1], kernel_shape, strides, pads, dilations, ceil_mode
    )
    return pool_windows(x, axes, np.maximum, empty=_lowest(x.dtype), first=1)


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
    """Return the maximum of each window, and the index of its first occurrence in ``x``.

    Parameters
    ----------
    x : [N, C, D...]
    kernel_shape : K..., the length of the window along each spatial axis, in elements
    strides, dilations : one int per spatial axis, in elements; 1 by default
    pads : elements added before each spatial axis, then after each; 0 by default.
        ``"SAME_UPPER"`` or ``"SAME_LOWER"``: chosen such that O = ceil(D / stride).
        Padding is never the maximum.
    ceil_mode : whether the division below rounds up. A window that would start in the
        padding at the end is dropped.
    storage_order : 0 for row-major indices, 1 for column-major ones, in which the first
        spatial axis varies fastest

    Returns
    -------
    y : [N, C, O...]
        O = (D + pad_begin + pad_end - dilation * (K - 1) - 1) // stride + 1
    indices : int64[N, C, O...]
        Indices into the flattened ``x``.

    Raises
    ------
    ValueError
        If a window is longer than a padded axis by the stride or more.

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
    """Return, for each offset in the window, the results and the elements they see."""
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
    """Write each element to the position that max pooling took it from, among zeros.

    Parameters
    ----------
    x : float[N, C, D...]
    indices : int64[N, C, D...]
        Indices into the flattened result. If they lie outside their windows there, but
        inside them in the shape below, they are indices into that shape.
    output_shape : the shape of the result, all axes; computed as below by default
    kernel_shape : K..., the length of the pooling window along each spatial axis
    strides : one int per spatial axis, in elements; 1 by default
    pads : elements added before each spatial axis, then after each; 0 by default

    Returns
    -------
    y : float[N, C, O...]
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
    """Return whether each index [N, C, D...] into ``shape`` is inside its own window."""
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
    """Return the maximum of each channel: [N, C, D...] -> [N, C, 1...].

    ONNX: https://onnx.ai/onnx/operators/onnx__GlobalMaxPool.html
    """
    return np.asarray(np.max(x, axis=tuple(range(2, x.ndim)), keepdims=True))
