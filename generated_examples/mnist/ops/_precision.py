"""Arithmetic of small floats in float32, which is how onnxruntime does it as well."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def widened(x: NDArray[Any]) -> NDArray[Any]:
    """Return float16, bfloat16 and float8 as float32, anything else as it is."""
    if x.dtype.itemsize < 4 and x.dtype.kind in "fV":  # ml_dtypes are of kind V
        return x.astype(np.float32)
    return x


def rounded(x: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return float32 as precise as a smaller type; what is too great for it stays as it is."""
    if x.dtype == dtype:
        return x
    y = x.astype(dtype).astype(x.dtype)
    return np.where(np.isinf(y), x, y)
