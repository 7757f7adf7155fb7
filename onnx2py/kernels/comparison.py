"""Elementwise tests that NumPy lacks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def is_inf(
    x: NDArray[Any], *, detect_negative: bool = True, detect_positive: bool = True
) -> NDArray[np.bool_]:
    """Return where ``x`` is positive or negative infinity, as far as each is requested.

    ONNX: https://onnx.ai/onnx/operators/onnx__IsInf.html
    """
    if not (detect_negative or detect_positive):
        return np.zeros(x.shape, np.bool_)
    infinite = np.isinf(x)
    if not detect_negative:
        infinite = infinite & (x > 0)
    if not detect_positive:
        infinite = infinite & (x < 0)
    return np.asarray(infinite)
