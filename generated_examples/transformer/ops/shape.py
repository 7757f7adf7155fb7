"""Shapes: reading them, and looking at the same elements under another one."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray


def shape(
    data: NDArray[Any], *, start: int = 0, end: Optional[int] = None
) -> NDArray[np.int64]:
    """Return the lengths of the axes from ``start`` up to, not including, ``end``.

    Both are clamped to the axes that there are; negative ones count from the last.

    ONNX: https://onnx.ai/onnx/operators/onnx__Shape.html
    """
    return np.array(data.shape[start:end], np.int64)
