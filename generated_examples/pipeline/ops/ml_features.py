"""Scaling, normalization, imputation, selection and concatenation of features."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def scaler(
    x: NDArray[Any],
    *,
    offset: float | NDArray[np.float32] = 0.0,
    scale: float | NDArray[np.float32] = 1.0,
) -> NDArray[np.float32]:
    """Return ``(x - offset) * scale`` as float32.

    ``offset`` and ``scale`` are numbers, or have one element per feature.

    ONNX: https://onnx.ai/onnx/operators/onnx_aionnxml_Scaler.html
    """
    wide = x.dtype if x.dtype == np.float64 else np.dtype(np.float32)
    y = x.astype(wide, copy=False) - np.asarray(offset, wide)
    return np.asarray((y * np.asarray(scale, wide)).astype(np.float32, copy=False))
