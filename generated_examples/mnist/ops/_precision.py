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
