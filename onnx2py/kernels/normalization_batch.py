"""Batch normalization with given statistics, or with those of the batch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._conv_channels_last import image_lines
from ._precision import widened


def scale_and_shift(
    x: NDArray[Any],
    scale: NDArray[Any],
    shift: NDArray[Any],
    *,
    out: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """Return ``x * scale + shift`` of the dtype of ``x``, one pair for each channel.

    This is batch normalization with constant statistics.

    Parameters
    ----------
    x : float[N, C, D...]
    scale, shift : broadcastable to x, such as [C, 1...]
    out : ``x``, if it may be overwritten with the result

    ONNX: https://onnx.ai/onnx/operators/onnx__BatchNormalization.html
    """
    if not x.dtype == scale.dtype == shift.dtype:
        return np.asarray(x * scale + shift).astype(x.dtype, copy=False)
    y = np.empty_like(x) if out is None else out
    source, target = image_lines(x), image_lines(y)
    fits = scale.shape == shift.shape == (*x.shape[1:2], *[1] * (x.ndim - 2))
    if fits and source is not None and target is not None:
        # Repeated for a line of the image instead of for each pixel: half the time.
        scale, shift = (np.tile(p.reshape(-1), x.shape[-1]) for p in (scale, shift))
        np.multiply(source, scale, out=target)
        np.add(target, shift, out=target)
        return y
    np.multiply(x, scale, out=y)
    y += shift
    return y


def batch_normalization(
    x: NDArray[Any],
    scale: NDArray[Any],
    bias: NDArray[Any],
    mean: NDArray[Any],
    var: NDArray[Any],
    *,
    epsilon: float = 1e-5,
    out: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """Return ``(x - mean) / sqrt(var + epsilon) * scale + bias``.

    Parameters
    ----------
    x : float[N, C, D...]
    scale, bias, mean, var : float[C], or [C, D...] for statistics of each position
    out : ``x``, if it may be overwritten with the result

    ONNX: https://onnx.ai/onnx/operators/onnx__BatchNormalization.html
    """
    variance = widened(var)
    factor = widened(scale) / np.sqrt(variance + variance.dtype.type(epsilon))
    shift = widened(bias) - widened(mean) * factor
    channels = scale.shape + (1,) * (x.ndim - 1 - scale.ndim)
    factor, shift = factor.reshape(channels), shift.reshape(channels)
    return scale_and_shift(x, factor, shift, out=out)


def batch_normalization_training(
    x: NDArray[Any],
    scale: NDArray[Any],
    bias: NDArray[Any],
    mean: NDArray[Any],
    var: NDArray[Any],
    *,
    epsilon: float = 1e-5,
    momentum: float = 0.9,
) -> tuple[NDArray[Any], ...]:
    """Normalize with the statistics of ``x``, and update the running statistics.

    Parameters
    ----------
    x : float[N, C, D...]
    scale, bias, mean, var : float[C], or [C, D...] for statistics of each position
    momentum : the weight of ``mean`` and ``var`` in the running statistics

    Returns
    -------
    y : float[N, C, D...]
    running_mean, running_var : like mean and var
    saved_mean, saved_var : the statistics of x, like mean and var

    ONNX: https://onnx.ai/onnx/operators/onnx__BatchNormalization.html
    """
    wide = widened(x)
    axes = (0, *range(1 + scale.ndim, x.ndim))
    kept = mean.dtype
    saved_mean = np.mean(wide, axes)
    saved_var = np.var(wide, axes)
    y = batch_normalization(x, scale, bias, saved_mean, saved_var, epsilon=epsilon)
    rest = 1 - momentum
    running_mean = widened(mean) * momentum + saved_mean * rest
    running_var = widened(var) * momentum + saved_var * rest
    statistics = (running_mean, running_var, saved_mean, saved_var)
    return (y, *(np.asarray(s).astype(kept, copy=False) for s in statistics))
