"""Average pooling of 8-bit integers that represent ``scale * (integer - zero_point)``."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, Union

import jax.numpy as jnp
from jax import Array, lax

from ._conv_windows import Pads
from ._exact import quotient
from ._pool import pooling_axes, reduce_windows
from .matmul_integer import requantize
from .quantization import as_float

Parameter = Union[Array, float]


def qlinear_average_pool(
    x: Array,
    x_scale: Parameter,
    x_zero_point: Parameter,
    y_scale: Parameter,
    y_zero_point: Parameter,
    *,
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    ceil_mode: bool = False,
    count_include_pad: bool = False,
    channels_last: bool = False,
) -> Array:
    """Return the requantized mean of each window.

    Parameters
    ----------
    x : int8 or uint8, [N, C, D...], or [N, D..., C] if ``channels_last``
    kernel_shape : K..., the length of the window along each spatial axis, in elements
    strides, dilations : one int per spatial axis, in elements; 1 by default
    pads : elements added before each spatial axis, then after each; 0 by default.
        ``"SAME_UPPER"`` or ``"SAME_LOWER"``: chosen such that O = ceil(D / stride).
    ceil_mode : whether the division below rounds up. A window that would start in the
        padding at the end is dropped.
    count_include_pad : whether padding counts as zeros. As in onnxruntime, elements that
        ``ceil_mode`` adds beyond the padding count as well.

    Returns
    -------
    y : of the dtype of ``x`` [N, C, O...], or [N, O..., C] if ``channels_last``
        Rounded half to even and saturated.

    Raises
    ------
    ValueError
        If a window is longer than a padded axis by the stride or more.
    """
    steps = _less_zero_point(
        jnp.moveaxis(x, -1, 1) if channels_last else x, x_zero_point
    )
    sizes = steps.shape[2:]
    axes = pooling_axes(sizes, kernel_shape, strides, pads, dilations, ceil_mode)
    total = as_float(reduce_windows(steps, axes, lax.add, padding=0))
    counts: Any = prod(kernel_shape)
    if not count_include_pad:
        ones = jnp.ones((1, 1, *sizes), jnp.float32)
        counts = reduce_windows(ones, axes, lax.add, padding=0)
    scale = quotient(as_float(x_scale), y_scale)
    y = requantize(quotient(total, counts), scale, jnp.asarray(y_zero_point, x.dtype))
    return jnp.moveaxis(y, 1, -1) if channels_last else y


def _less_zero_point(x: Array, zero_point: Parameter) -> Array:
    """Return ``x - zero_point`` as int32."""
    return x.astype(jnp.int32) - jnp.asarray(zero_point, jnp.int32)


def qlinear_global_average_pool(
    x: Array,
    x_scale: Parameter,
    x_zero_point: Parameter,
    y_scale: Parameter,
    y_zero_point: Parameter,
    *,
    channels_last: bool = False,
) -> Array:
    """Return the requantized mean of each channel.

    Parameters
    ----------
    x : int8 or uint8, [N, C, D...], or [N, D..., C] if ``channels_last``

    Returns
    -------
    y : of the dtype of ``x`` [N, C, 1...], or [N, 1..., C] if ``channels_last``
        Rounded half to even and saturated.
    """
    axes = tuple(range(1, x.ndim - 1) if channels_last else range(2, x.ndim))
    total = jnp.sum(_less_zero_point(x, x_zero_point), axes, jnp.int32, keepdims=True)
    count = prod(x.shape[axis] for axis in axes)
    scale = quotient(as_float(x_scale), as_float(y_scale) * count)
    return requantize(total, scale, jnp.asarray(y_zero_point, x.dtype))
