"""Sums of products, determinants and inverses."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from ._precision import wide_dtype, widened


def einsum(equation: str, *inputs: Array) -> Array:
    """Return the sum of products given by ``equation`` in Einstein notation."""
    dtype = jnp.result_type(*inputs)
    y = jnp.einsum(equation, *inputs, preferred_element_type=wide_dtype(dtype))
    return y.astype(dtype)


def contract(equation: str, a: Array, b: Array) -> Array:
    """Return the sum of products of two arrays, ``bhid,bhjd->bhij``, say.

    ``equation`` is in explicit Einstein notation, without ``...`` and with each letter at
    most once per term.
    """
    return jnp.einsum(equation, a, b)


def det(x: Array) -> Array:
    """Return the determinant of each matrix: [D..., M, M] -> [D...]."""
    y: Array = jnp.linalg.det(widened(x))
    return y.astype(x.dtype)


def inverse(x: Array) -> Array:
    """Return the inverse of each matrix: [D..., M, M] -> [D..., M, M]."""
    y: Array = jnp.linalg.inv(widened(x))
    return y.astype(x.dtype)
