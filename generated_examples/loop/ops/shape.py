"""Shapes, and views of the same elements with another shape."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def size(data: NDArray[Any]) -> NDArray[np.int64]:
    """Return the number of elements, a scalar.

    ONNX: https://onnx.ai/onnx/operators/onnx__Size.html
    """
    return np.array(data.size, np.int64)
