"""Convolution of 8-bit integers: a matrix product of weights and windows."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, Union

import jax.numpy as jnp
from jax import Array, lax

from ._conv_windows import Pads, explicit_pads, pairs
from ._exact import quotient
from .matmul_integer import matmul_integer, requantize
from .quantization import as_float

Scalar = Union[Array, float]


def conv_integer(
    x: Array,
    weight: Array,
    x_zero_point: Scalar | None = None,
    weight_zero_point: Scalar | Sequence[int] | None = None,
    *,
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    group: int = 1,
) -> Array:
    """Cross-correlate ``x - x_zero_point`` with ``weight - weight_zero_point``.

    Parameters
    ----------
    x : int8[N, C, D...] or uint8[N, C, D...]
    weight : int8[M, C / group, K...] or uint8[M, C / group, K...]
    x_zero_point : one number, 0 by default; padding has this value
    weight_zero_point : one number, or one per output channel; 0 by default
    strides, dilations : one int per spatial axis, in elements; 1 by default
    pads : elements added before each spatial axis, then after each; 0 by default.
        ``"SAME_UPPER"`` or ``"SAME_LOWER"``: chosen such that O = ceil(D / stride).
    group : number of channel groups, which are convolved separately

    Returns
    -------
    y : int32[N, M, O...]
        Exact. O = (D + pad_begin + pad_end - dilation * (K - 1) - 1) // stride + 1

    Raises
    ------
    ValueError
        If the kernel is longer than the padded image.
    """
    rank, kernel = x.ndim - 2, weight.shape[2:]
    pads = explicit_pads(pads, x.shape[2:], kernel, strides, dilations)
    zero = jnp.asarray(0 if x_zero_point is None else x_zero_point, x.dtype)
    ends = [(0, 0, 0), (0, 0, 0), *((*pair, 0) for pair in pairs(pads))]
    windows = lax.pad(x, zero.reshape(()), ends).swapaxes(0, 1)
    strides, dilations = strides or (1,) * rank, dilations or (1,) * rank
    for i in reversed(range(rank)):  # [C, N, D...] -> [C, K..., N, O...]
        axis = windows.ndim - rank + i
        taps = _taps(windows, axis, kernel[i], strides[i], dilations[i])
        windows = jnp.stack(taps, 1)
    out = windows.shape[windows.ndim - rank :]
    y = matmul_integer(
        weight.reshape(group, len(weight) // group, -1),
        windows.reshape(group, x.shape[1] // group * prod(kernel), -1),
        _of_rows(weight_zero_point, group),
        x_zero_point,
    )
    return y.reshape(len(weight), len(x), *out).swapaxes(0, 1)


def _of_rows(zero_point: Any, group: int) -> Any:
    """Return the zero points of all groups, one for each row, or the number for all."""
    if zero_point is None or isinstance(zero_point, int):
        return zero_point
    zeros = jnp.asarray(zero_point)
    return zeros.reshape(() if zeros.size == 1 else (group, -1, 1))


def _taps(x: Array, axis: int, kernel: int, stride: int, dilation: int) -> list[Array]:
    """Return the first elements of all windows along an axis, their second ones ..."""
    span = dilation * (kernel - 1) + 1
    if x.shape[axis] < span:
        raise ValueError(
            f"conv: expected at least {span} elements, got {x.shape[axis]}"
        )
    end = x.shape[axis] - span + 1
    return [
        lax.slice_in_dim(x, first, first + end, stride, axis)
        for first in range(0, span, dilation)
    ]


def qlinear_conv(
    x: Array,
    x_scale: Scalar,
    x_zero_point: Scalar,
    weight: Array,
    weight_scale: Scalar | Sequence[float],
    weight_zero_point: Scalar | Sequence[int],
    y_scale: Scalar,
    y_zero_point: Array,
    bias: Array | None = None,
    *,
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    group: int = 1,
) -> Array:
    """Convolve quantized arrays: a number is ``scale * (integer - zero_point)``.

    Parameters
    ----------
    x : int8[N, C, D...] or uint8[N, C, D...]
    weight : int8[M, C / group, K...] or uint8[M, C / group, K...]
    weight_scale, weight_zero_point : one number each, or one per output channel
    y_zero_point : int8[] or uint8[]
        Its dtype is the result's.
    bias : int32[M], optional
        In units of ``x_scale * weight_scale``.
    strides, dilations : one int per spatial axis, in elements; 1 by default
    pads : elements added before each spatial axis, then after each; 0 by default.
        ``"SAME_UPPER"`` or ``"SAME_LOWER"``: chosen such that O = ceil(D / stride).
    group : number of channel groups, which are convolved separately

    Returns
    -------
    y : int8[N, M, O...] or uint8[N, M, O...]
        Rounded half to even and saturated.

    Raises
    ------
    ValueError
        If the kernel is longer than the padded image.
    """
    total = conv_integer(
        x,
        weight,
        x_zero_point,
        weight_zero_point,
        strides=strides,
        pads=pads,
        dilations=dilations,
        group=group,
    )
    each_channel = (-1, *(1,) * (x.ndim - 2))
    if bias is not None:
        total = total + bias.reshape(each_channel)
    scale = quotient(as_float(weight_scale) * as_float(x_scale), y_scale)
    return requantize(total, scale.reshape(each_channel), y_zero_point)
