"""Normalization with statistics of the tensor itself."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._conv_channels_last import channels_second, image_lines
from ._precision import widened
from ._row_sums import LONG, row_means
from ._short_axes import accumulate

LARGE = 1 << 17
"""Elements whose squares do not fit into the cache."""


def instance_normalization(
    input: NDArray[Any],
    scale: NDArray[Any],
    bias: NDArray[Any],
    *,
    epsilon: float = 1e-5,
) -> NDArray[Any]:
    """Normalize each channel of each instance to mean 0 and variance 1, then scale it.

    Parameters
    ----------
    input : float[N, C, D...]
    scale, bias : float[C]

    ONNX: https://onnx.ai/onnx/operators/onnx__InstanceNormalization.html
    """
    return group_normalization(
        input, scale, bias, num_groups=input.shape[1], epsilon=epsilon
    )


def group_normalization(
    x: NDArray[Any],
    scale: NDArray[Any],
    bias: NDArray[Any],
    *,
    num_groups: int,
    epsilon: float = 1e-5,
) -> NDArray[Any]:
    """Normalize each group of channels of each instance, then scale each channel.

    Parameters
    ----------
    x : float[N, C, D...]
    scale, bias : float[C] or [C, 1...], or [num_groups] for one number per group

    ONNX: https://onnx.ai/onnx/operators/onnx__GroupNormalization.html
    """
    n, c, *_ = x.shape
    wide = widened(x)
    scale, bias = widened(scale).reshape(-1), widened(bias).reshape(-1)
    lines = image_lines(wide)
    if lines is not None and len(lines) <= LONG * n:
        scale, bias = (np.repeat(p, c // len(p)) for p in (scale, bias))
        images = lines.reshape(n, -1, lines.shape[1])
        y = _by_lines(images, scale, bias, num_groups, epsilon)
        return channels_second(y.reshape(n, *x.shape[2:], c), None, x.dtype)
    group = c // num_groups * prod(x.shape[2:])
    y = standardized(wide.reshape(n, num_groups, group), epsilon)
    y = y.reshape(n, len(scale), -1) if x.size else y.reshape(n, len(scale), 0)
    y *= scale[:, None]
    y += bias[:, None]
    return y.reshape(x.shape).astype(x.dtype, copy=False)


def _by_lines(
    lines: NDArray[Any],
    scale: NDArray[Any],
    bias: NDArray[Any],
    groups: int,
    epsilon: float,
) -> NDArray[Any]:
    """Normalize groups of channels [C] of channels-last lines: [N, L, D * C].

    Whole lines of an image are processed, without copying groups together.

    For an image of 7 x 5 with C = 6 channels in 3 groups, N = 2::

        lines        [2, 7, 30]        30 is 5 columns of 6 channels
        sums         [2, 30]           over all lines
        total        [2, 3]            over [2, 5 columns, 3 groups, 2 channels]
        means(sums)  [2, 6]            the mean of its group for each channel
        line(...)    [2, 1, 30]        repeated for each column, broadcast over lines
    """
    n, count, length = lines.shape
    width, repeats = length // len(scale), len(scale) // groups

    def means(sums: NDArray[Any]) -> NDArray[Any]:
        """[N, D * C] -> [N, C], the mean of the group for each of its channels."""
        total = sums.reshape(n, width, groups, repeats).sum((1, 3))
        total /= count * width * repeats
        return np.repeat(total, repeats, axis=1)

    def line(numbers: NDArray[Any]) -> NDArray[Any]:
        """[N, C] -> [N, 1, D * C]"""
        return np.tile(numbers, width)[:, None]

    y = np.subtract(lines, line(means(np.add.reduce(lines, axis=1))))
    rest = means(np.add.reduce(y, axis=1))  # the rounding error of the mean
    variance = means(np.einsum("nlw,nlw->nw", y, y)) - np.square(rest)
    factor = scale / np.sqrt(variance + scale.dtype.type(epsilon))
    y *= line(factor)
    y += line(bias - rest * factor)
    return np.asarray(y)


def layer_normalization(
    x: NDArray[Any],
    scale: NDArray[Any] | None = None,
    bias: NDArray[Any] | None = None,
    *,
    axis: int = -1,
    epsilon: float = 1e-5,
) -> NDArray[Any]:
    """Normalize over all axes from ``axis`` on to mean 0 and variance 1, then scale.

    Parameters
    ----------
    x : float[D...]
    scale, bias : broadcastable to x; none by default

    ONNX: https://onnx.ai/onnx/operators/onnx__LayerNormalization.html
    """
    wide = widened(x)
    y = standardized(as_rows(wide, axis), epsilon).reshape(x.shape)
    if scale is not None:
        y *= scale
    if bias is not None:
        y += bias
    return y if wide is x else y.astype(x.dtype)


def layer_normalization_with_statistics(
    x: NDArray[Any],
    scale: NDArray[Any],
    bias: NDArray[Any] | None = None,
    *,
    axis: int = -1,
    epsilon: float = 1e-5,
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Layer normalization; also returns the means and the inverse standard deviations.

    The statistics are float32 and have length 1 along all axes from ``axis`` on.

    ONNX: https://onnx.ai/onnx/operators/onnx__LayerNormalization.html
    """
    wide = widened(x)
    axes = tuple(range(axis % x.ndim, x.ndim))
    mean = np.mean(wide, axes, keepdims=True)
    variance = np.mean(np.square(wide - mean), axes, keepdims=True)
    inverse = 1 / np.sqrt(variance + wide.dtype.type(epsilon))
    y = layer_normalization(x, scale, bias, axis=axis, epsilon=epsilon)
    return y, np.asarray(mean, np.float32), np.asarray(inverse, np.float32)


def rms_normalization(
    x: NDArray[Any],
    scale: NDArray[Any] | None = None,
    *,
    axis: int = -1,
    epsilon: float = 1e-5,
) -> NDArray[Any]:
    """Divide by the root mean square over all axes from ``axis`` on, then scale.

    Parameters
    ----------
    x : float[D...]
    scale : broadcastable to x; none by default

    ONNX: https://onnx.ai/onnx/operators/onnx__RMSNormalization.html
    """
    wide = widened(x)
    rows = as_rows(wide, axis)
    square = mean_squares(rows)
    square += epsilon
    y = np.divide(rows, np.sqrt(square, out=square)).reshape(x.shape)
    if scale is None:
        return np.asarray(y).astype(x.dtype, copy=False)
    factors = widened(scale)
    y = np.asarray(np.multiply(y, factors, out=y if y.dtype == factors.dtype else None))
    return y.astype(scale.dtype, copy=False)


def lp_normalization(
    input: NDArray[Any], *, axis: int = -1, p: int = 2
) -> NDArray[Any]:
    """Divide by the ``p``-norm along ``axis``; the result is 0 where the norm is 0.

    ONNX: https://onnx.ai/onnx/operators/onnx__LpNormalization.html
    """
    x = widened(input)
    if p == 1:
        norm = accumulate(np.add, np.abs(x), (axis,), keepdims=True)
    else:
        norm = np.sqrt(accumulate(np.add, np.square(x), (axis,), keepdims=True))
    y = np.divide(x, norm, out=np.zeros_like(x), where=norm != 0)
    return np.asarray(y).astype(input.dtype, copy=False)


def as_rows(x: NDArray[Any], axis: int) -> NDArray[Any]:
    """Flatten the axes before ``axis``, and those from ``axis`` on: [D..., E...] -> [N, L]."""
    return x.reshape(prod(x.shape[:axis]), prod(x.shape[axis:]))


def standardized(x: NDArray[Any], epsilon: float) -> NDArray[Any]:
    """Return a copy with mean 0 and variance 1 along the last axis."""
    y = np.subtract(x, row_means(x))
    variance = mean_squares(y)
    variance += epsilon
    y /= np.sqrt(variance, out=variance)
    return np.asarray(y)


def mean_squares(x: NDArray[Any]) -> NDArray[Any]:
    """Return the means of the squares along the last axis: [..., L] -> [..., 1]."""
    length = x.shape[-1]
    if x.ndim == 2 and x.size >= LARGE and length <= LONG:
        sums = np.einsum("ij,ij->i", x, x)
        return np.asarray(sums[:, None] / x.dtype.type(length))
    return row_means(np.square(x))
