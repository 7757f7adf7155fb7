"""Elementwise arithmetic that NumPy lacks or defines differently."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def div(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """Return ``a / b``; the quotient of integers is rounded toward zero, as in C.

    ONNX: https://onnx.ai/onnx/operators/onnx__Div.html
    """
    if a.dtype.kind == "i":  # // rounds down: subtract the remainder as C defines it
        return np.asarray(np.floor_divide(np.subtract(a, np.fmod(a, b)), b))
    return np.asarray(np.floor_divide(a, b) if a.dtype.kind == "u" else a / b)
