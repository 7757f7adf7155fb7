"""Arithmetic of small floats in float32, as in onnxruntime.

PyTorch adds and multiplies small floats in float32 within one function; kernels of several
steps compute in float32 and round their results once.
"""

from __future__ import annotations

from torch import Tensor


def widened(x: Tensor) -> Tensor:
    """Convert float16, bfloat16 and float8 to float32; return anything else unchanged."""
    return x.float() if x.is_floating_point() and x.itemsize < 4 else x
