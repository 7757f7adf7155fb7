"""Tensors generated from a shape or from bounds."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._ints import as_int


def eye_like(input: NDArray[Any], *, dtype: Any = None, k: int = 0) -> NDArray[Any]:
    """Return a matrix of the shape of ``input``, 1 on diagonal ``k`` and 0 elsewhere.

    ``dtype`` defaults to that of ``input``.

    ONNX: https://onnx.ai/onnx/operators/onnx__EyeLike.html
    """
    rows, columns = input.shape
    return np.eye(rows, columns, k, input.dtype if dtype is None else dtype)


def range_(
    start: Any,
    limit: Any,
    delta: Any = 1,
    *,
    dtype: Any = None,
    stash_dtype: Any = np.float32,
) -> NDArray[Any]:
    """Return ``start``, ``start + delta`` ... up to, not including, ``limit``.

    Floats are accumulated sequentially, as in onnxruntime; 16-bit floats in
    ``stash_dtype``.

    Parameters
    ----------
    start, limit, delta : numbers, or tensors of one element and one dtype
    dtype : dtype of the result; by default that of the tensors

    Returns
    -------
    y : [max(0, ceil((limit - start) / delta))]

    Raises
    ------
    ValueError
        If ``delta`` is 0.

    ONNX: https://onnx.ai/onnx/operators/onnx__Range.html
    """
    bounds = (start, limit, delta)
    for bound in bounds:
        dtype = getattr(bound, "dtype", None) if dtype is None else dtype
    kind = np.dtype(dtype)
    if not np.all(delta):
        raise ValueError("delta: expected another number than 0, got 0")
    if kind.kind in "iu":
        return np.arange(as_int(start), as_int(limit), as_int(delta), dtype=kind)
    wide = np.dtype(stash_dtype) if kind.itemsize < 4 else kind
    first, last, step = (np.asarray(b).astype(wide).reshape(()) for b in bounds)
    steps = np.full(max(0, ceil(float(last - first) / float(step))), step, wide)
    steps[:1] = first
    return np.add.accumulate(steps).astype(kind, copy=False)
