"""Operators as they were before ONNX 1.2."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arithmetic import divide


def combine_from_axis(
    a: NDArray[Any], b: NDArray[Any], *, operation: str, axis: int
) -> NDArray[Any]:
    """Return ``operation(a, b)`` where the first axis of ``b`` lies on ``axis`` of ``a``.

    ``operation`` is the name of a NumPy function of two tensors: ``add``, ``greater``.

    a : [A..., B..., C...]
    b : [B...]

    ONNX: https://onnx.ai/onnx/operators/onnx__Add.html
    """
    trailing = a.ndim - axis % max(a.ndim, 1) - b.ndim
    if trailing > 0:
        b = b.reshape(b.shape + (1,) * trailing)
    function = divide if operation == "divide" else getattr(np, operation)
    return np.asarray(function(a, b))
