"""Softmax, its logarithm, and hardmax."""

from __future__ import annotations

from math import prod

import jax
import jax.numpy as jnp
from jax import Array

from ._rounding import rounded_once


@rounded_once
def softmax(input: Array, *, axis: int = -1) -> Array:
    """Return ``exp(input)`` divided by its sum along ``axis``."""
    return jax.nn.softmax(input, axis)


@rounded_once
def log_softmax(input: Array, *, axis: int = -1) -> Array:
    """Return the logarithm of the softmax along ``axis``."""
    return jax.nn.log_softmax(input, axis)


def hardmax(input: Array, *, axis: int = -1) -> Array:
    """Return 1 at the first maximum along ``axis``, and 0 elsewhere."""
    if input.size == 0:
        return input
    first = jnp.argmax(input, axis)
    return jax.nn.one_hot(first, input.shape[axis], dtype=input.dtype, axis=axis)


def softmax_flattened(input: Array, *, axis: int = 1) -> Array:
    """Return the softmax over all axes from ``axis`` on, taken together."""
    return softmax(_rows(input, axis)).reshape(input.shape)


def log_softmax_flattened(input: Array, *, axis: int = 1) -> Array:
    """Return the logarithm of the softmax over all axes from ``axis`` on."""
    return log_softmax(_rows(input, axis)).reshape(input.shape)


def hardmax_flattened(input: Array, *, axis: int = 1) -> Array:
    """Return 1 at the first maximum over all axes from ``axis`` on, and 0 elsewhere."""
    return hardmax(_rows(input, axis)).reshape(input.shape)


def _rows(x: Array, axis: int) -> Array:
    """Flatten the axes before ``axis``, and those from ``axis`` on."""
    axis = axis + x.ndim if axis < 0 else axis
    return x.reshape(prod(x.shape[:axis]), prod(x.shape[axis:]))
