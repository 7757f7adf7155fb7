"""Arithmetic of small floats in float32, as in onnxruntime.

Half precision loses too many digits where several steps are rounded, and its products are
slow: kernels compute in float32 and round their results once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def widened(x: NDArray[Any]) -> NDArray[Any]:
    """Convert float16, bfloat16 and float8 to float32; return anything else unchanged."""
    if x.dtype.itemsize < 4 and x.dtype.kind in "fV":  # ml_dtypes are of kind V
        return x.astype(np.float32)
    return x
