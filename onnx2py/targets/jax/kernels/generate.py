"""Arrays generated from a shape or from bounds."""

from __future__ import annotations

from math import ceil
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.dtypes import canonicalize_dtype

from ._ints import as_int


def eye_like(input: Array, *, dtype: Any = None, k: int = 0) -> Array:
    """Return a matrix of the shape of ``input``, 1 on diagonal ``k`` and 0 elsewhere.

    ``dtype`` defaults to that of ``input``.
    """
    rows, columns = input.shape
    return jnp.eye(rows, columns, k, input.dtype if dtype is None else dtype)


def range_(
    start: Any,
    limit: Any,
    delta: Any = 1,
    *,
    dtype: Any = None,
    stash_dtype: Any = jnp.float32,
) -> Array:
    """Return ``start``, ``start + delta`` ... up to, not including, ``limit``.

    Floats are accumulated sequentially, as in onnxruntime; 16-bit floats in
    ``stash_dtype``.

    Parameters
    ----------
    start, limit, delta : numbers, or arrays of one element and one dtype
    dtype : dtype of the result; by default that of the arrays

    Returns
    -------
    y : [max(0, ceil((limit - start) / delta))]

    Raises
    ------
    ValueError
        If ``delta`` is 0.
    """
    bounds = (start, limit, delta)
    for bound in bounds:
        dtype = getattr(bound, "dtype", None) if dtype is None else dtype
    kind = np.dtype(dtype)
    if kind.kind in "iu":
        low, high, stride = map(as_int, bounds)
        return jnp.arange(low, high, _not_zero(stride), canonicalize_dtype(kind))
    # They decide the length, so they are not traced.
    wide = np.dtype(stash_dtype) if kind.itemsize < 4 else kind
    first, last, step = (np.asarray(b).astype(wide).reshape(()) for b in bounds)
    count = max(0, ceil(float(last - first) / float(_not_zero(step))))
    steps = np.full(count, step, wide)
    steps[:1] = first
    return jnp.asarray(np.add.accumulate(steps).astype(kind))


def _not_zero(delta: Any) -> Any:
    if delta == 0:
        raise ValueError("delta: expected another number than 0, got 0")
    return delta
