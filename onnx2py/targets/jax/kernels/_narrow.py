"""Numbers of less than 8 bits, of which XLA aborts the process where it joins some on a CPU."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
from jax import Array

CARRIERS = {
    "int2": jnp.int8,
    "int4": jnp.int8,
    "uint2": jnp.uint8,
    "uint4": jnp.uint8,
    "float4_e2m1fn": jnp.float32,
}
"""Wider types with room for all numbers of a narrow one."""


def joined(arrays: Sequence[Array], axis: int) -> Array:
    """Return the arrays joined along ``axis``."""
    return _of_carried(jnp.concatenate, arrays, axis)


def stacked(arrays: Sequence[Array], axis: int) -> Array:
    """Return the arrays joined along a new axis."""
    return _of_carried(jnp.stack, arrays, axis)


def _of_carried(
    function: Callable[..., Array], arrays: Sequence[Any], axis: int
) -> Array:
    dtype = arrays[0].dtype
    if dtype.name not in CARRIERS:
        return function(arrays, axis)
    wide = [x.astype(CARRIERS[dtype.name]) for x in arrays]
    return function(wide, axis).astype(dtype)
