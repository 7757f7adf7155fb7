"""Operators of ONNX before 1.2 that changed or were removed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from ._rounding import rounded_once
from .arithmetic import div

OPERATIONS: dict[str, Callable[[Any, Any], Array]] = {
    "add": jnp.add,
    "divide": div,
    "equal": jnp.equal,
    "greater": jnp.greater,
    "less": jnp.less,
    "logical_and": jnp.logical_and,
    "logical_or": jnp.logical_or,
    "logical_xor": jnp.logical_xor,
    "multiply": jnp.multiply,
    "power": jnp.power,
    "subtract": jnp.subtract,
}


def combine_from_axis(a: Array, b: Array, *, operation: str, axis: int) -> Array:
    """Return ``operation(a, b)`` with the first axis of ``b`` aligned to ``axis`` of ``a``.

    a : [A..., B..., C...]
    b : [B...]
    """
    start = axis if axis >= 0 else axis + a.ndim
    trailing = a.ndim - start - b.ndim
    return OPERATIONS[operation](a, b.reshape(*b.shape, *(1,) * trailing))


@rounded_once
def affine(x: Array, *, alpha: float = 1.0, beta: float = 0.0) -> Array:
    """Return ``alpha * x + beta``."""
    return x * alpha + beta


@rounded_once
def parametric_softplus(x: Array, *, alpha: float, beta: float) -> Array:
    """Return ``alpha * log(exp(beta * x) + 1)``."""
    return jax.nn.softplus(x * beta) * alpha


@rounded_once
def scaled_tanh(x: Array, *, alpha: float, beta: float) -> Array:
    """Return ``alpha * tanh(beta * x)``."""
    return jnp.tanh(x * beta) * alpha


@rounded_once
def image_scaler(x: Array, *, bias: Sequence[float], scale: float = 1.0) -> Array:
    """Return ``scale * x + bias``, with one bias for each channel.

    x : [N, C, H, W]
    bias : [C]
    """
    return x * scale + jnp.asarray(bias, x.dtype).reshape(-1, 1, 1)


def crop(
    x: Array, *, border: Sequence[int], scale: Sequence[int] | None = None
) -> Array:
    """Cut borders off ``x``, or crop it to the height and width ``scale``.

    x : [N, C, H, W]
    border : pixels to cut off at the left, top, right and bottom

    Raises
    ------
    ValueError
        If ``scale`` exceeds ``x``.
    """
    left, top, right, bottom = border
    stop = [x.shape[2] - bottom, x.shape[3] - right]
    if scale:
        stop = [top + scale[0], left + scale[1]]
    if stop[0] > x.shape[2] or stop[1] > x.shape[3]:
        raise ValueError(f"crop: expected at least {stop} pixels, got {x.shape[2:]}")
    return x[:, :, top : stop[0], left : stop[1]]
