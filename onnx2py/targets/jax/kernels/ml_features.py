"""Scaling, normalization, imputation, selection and concatenation of features."""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp
from jax import Array

from ._norm import root


def scaler(
    x: Array, *, offset: float | Array = 0.0, scale: float | Array = 1.0
) -> Array:
    """Return ``(x - offset) * scale`` as float32; both may have one element per feature."""
    wide = x if x.dtype == jnp.float64 else x.astype(jnp.float32)
    return ((wide - offset) * scale).astype(jnp.float32)


def normalizer(x: Array, *, norm: str = "MAX") -> Array:
    """Divide each row [F] by its norm, as float32; rows of norm 0 do not change.

    ``norm`` is MAX (the greatest element, with its sign), L1 or L2.
    """
    rows = x.astype(jnp.float32)
    if norm == "MAX":
        size = jnp.max(rows, -1, keepdims=True, initial=-jnp.inf)
    elif norm == "L1":
        size = jnp.sum(jnp.abs(rows), -1, keepdims=True)
    else:
        size = root(jnp.sum(jnp.square(rows), -1, keepdims=True))
    return rows / jnp.where(size == 0, 1, size)


def imputer(x: Array, *, imputed_value: float | Array, replaced_value: float) -> Array:
    """Return ``x`` with each ``replaced_value`` (which may be NaN) replaced.

    ``imputed_value`` is a number or has one element per feature; with any other number of
    elements, the first is used.
    """
    value = jnp.asarray(imputed_value, x.dtype)
    if value.ndim and value.size != x.shape[-1]:
        value = value.reshape(-1)[0]
    is_nan = replaced_value != replaced_value
    return jnp.where(jnp.isnan(x) if is_nan else x == replaced_value, value, x)


def binarizer(x: Array, *, threshold: float = 0.0) -> Array:
    """Return 1 where ``x > threshold``, else 0, in the dtype of ``x``."""
    return (x > threshold).astype(x.dtype)


def array_feature_extractor(x: Array, y: tuple[int, ...] | int | Array) -> Array:
    """Return the features ``y`` of each row: [..., F] -> [..., K], and [F] -> [1, K]."""
    chosen = jnp.take(x, jnp.asarray(y).reshape(-1), -1)
    return chosen[None] if x.ndim == 1 else chosen


def feature_vectorizer(*inputs: Array, inputdimensions: Sequence[int]) -> Array:
    """Concatenate the features of all inputs: [N, F1], [N, F2] ... -> [N, sum].

    Each input is cut or zero-padded to its length in ``inputdimensions``. A vector is one
    row; axes after the first are flattened.
    """
    parts = []
    for x, length in zip(inputs, inputdimensions):
        rows = x.reshape(1, -1) if x.ndim < 2 else x
        rows = rows.reshape(rows.shape[0], -1 if rows.size else 0)[:, :length]
        rows = jnp.pad(rows, ((0, 0), (0, length - rows.shape[1])))
        parts.append(rows.astype(jnp.float32))
    return jnp.concatenate(parts, 1)
