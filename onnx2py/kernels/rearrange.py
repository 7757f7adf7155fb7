"""Rearrangement of elements along or between axes; windows; cumulative sums and products."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ._ints import as_int
from ._precision import rounded_once


def depth_to_space(
    input: NDArray[Any], *, blocksize: int, mode: str = "DCR"
) -> NDArray[Any]:
    """Move channels into blocks: [N, B * B * C, H, W] -> [N, C, H * B, W * B].

    With ``mode`` "DCR" the channels are [B, B, C], with "CRD" they are [C, B, B].

    Raises
    ------
    ValueError
        If the channels are not divisible by B * B.

    ONNX: https://onnx.ai/onnx/operators/onnx__DepthToSpace.html
    """
    n, depth, h, w = input.shape
    b, c = blocksize, depth // blocksize**2
    parts: NDArray[Any]
    if mode == "DCR":
        parts = input.reshape(n, b, b, c, h, w).transpose(0, 3, 4, 1, 5, 2)
    else:
        parts = input.reshape(n, c, b, b, h, w).transpose(0, 1, 4, 2, 5, 3)
    return parts.reshape(n, c, h * b, w * b)


def shuffle_channels(x: NDArray[Any], *, groups: int) -> NDArray[Any]:
    """Interleave groups of channels: [N, G * C, D...] -> [N, C * G, D...].

    Channel ``c`` of group ``g`` becomes channel ``c * G + g``. The result is channels-last in
    memory.

    Raises
    ------
    ValueError
        If the channels are not divisible by ``groups``.

    ONNX: https://onnx.ai/onnx/operators/onnx__Reshape.html
    """
    last = np.moveaxis(x, 1, -1)
    *places, channels = last.shape
    parts = last.reshape(*places, groups, channels // groups)
    return np.moveaxis(parts.swapaxes(-1, -2).reshape(last.shape), -1, 1)


def space_to_depth(
    input: NDArray[Any], *, blocksize: int, mode: str = "DCR"
) -> NDArray[Any]:
    """Move blocks into channels: [N, C, H * B, W * B] -> [N, B * B * C, H, W].

    With ``mode`` "DCR" the channels are [B, B, C], with "CRD" they are [C, B, B].

    Raises
    ------
    ValueError
        If the image is not divisible by B.

    ONNX: https://onnx.ai/onnx/operators/onnx__SpaceToDepth.html
    """
    n, c, height, width = input.shape
    b, h, w = blocksize, height // blocksize, width // blocksize
    parts = input.reshape(n, c, h, b, w, b)
    order = (0, 3, 5, 1, 2, 4) if mode == "DCR" else (0, 1, 3, 5, 2, 4)
    y: NDArray[Any] = parts.transpose(order).reshape(n, c * b * b, h, w)
    return y


def reverse_sequence(
    input: NDArray[Any],
    sequence_lens: NDArray[Any],
    *,
    batch_axis: int = 1,
    time_axis: int = 0,
) -> NDArray[Any]:
    """Reverse the first elements along the time axis, for each sample.

    Parameters
    ----------
    input : [T, N, ...] or [N, T, ...], as given by the axes
    sequence_lens : int64[N], number of elements to reverse; the others keep their place

    ONNX: https://onnx.ai/onnx/operators/onnx__ReverseSequence.html
    """
    lengths = sequence_lens[:, None]
    time = np.arange(input.shape[time_axis])
    places = np.where(time < lengths, lengths - 1 - time, time)  # [N, T]
    if time_axis < batch_axis:
        places = places.T
    places = places.reshape(places.shape + (1,) * (input.ndim - 2))
    return np.take_along_axis(input, places, time_axis)


def unfold_tensor(x: NDArray[Any], *, dim: int, size: int, step: int) -> NDArray[Any]:
    """Return all windows of ``size`` elements of axis ``dim``, ``step`` elements apart.

    Returns
    -------
    y : [..., (length - size) // step + 1, ..., size]

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.UnfoldTensor
    """
    windows = sliding_window_view(x, size, axis=dim)
    every = (slice(None),) * (dim % x.ndim)
    return np.ascontiguousarray(windows[(*every, slice(None, None, step))])


@rounded_once
def cumsum(
    x: NDArray[Any], axis: Any, *, exclusive: bool = False, reverse: bool = False
) -> NDArray[Any]:
    """Return the cumulative sum along ``axis``.

    ``exclusive`` excludes the element itself; ``reverse`` sums from the end.

    Raises
    ------
    ValueError
        If ``axis`` is not one number.

    ONNX: https://onnx.ai/onnx/operators/onnx__CumSum.html
    """
    return _accumulated(np.add, x, as_int(axis), exclusive, reverse)


@rounded_once
def cumprod(
    x: NDArray[Any], axis: Any, *, exclusive: bool = False, reverse: bool = False
) -> NDArray[Any]:
    """Return the cumulative product along ``axis``.

    ``exclusive`` excludes the element itself; ``reverse`` multiplies from the end.

    Raises
    ------
    ValueError
        If ``axis`` is not one number.

    ONNX: https://onnx.ai/onnx/operators/onnx__CumProd.html
    """
    return _accumulated(np.multiply, x, as_int(axis), exclusive, reverse)


def _accumulated(
    ufunc: np.ufunc, x: NDArray[Any], axis: int, exclusive: bool, reverse: bool
) -> NDArray[Any]:
    """Accumulate ``x`` in its own dtype; a scalar counts as one element along any axis."""
    if x.ndim == 0:
        return np.full_like(x, ufunc.identity) if exclusive else x.copy()
    walked = np.moveaxis(x, axis, 0)
    if reverse:
        walked = walked[::-1]
    if exclusive:
        y = np.empty_like(walked)
        y[:1] = ufunc.identity
        ufunc.accumulate(walked[:-1], 0, x.dtype, out=y[1:])
    else:
        y = ufunc.accumulate(walked, 0, x.dtype)
    return np.moveaxis(y[::-1] if reverse else y, 0, axis)
