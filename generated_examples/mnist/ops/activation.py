"""Piecewise-linear activations."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def relu(x: NDArray[Any], *, out: NDArray[Any] | None = None) -> NDArray[Any]:
    """Return ``max(x, 0)``, of the dtype and shape of ``x``; write it to ``out`` if given.

    ONNX: https://onnx.ai/onnx/operators/onnx__Relu.html
    """
    return np.asarray(np.maximum(x, x.dtype.type(0), out=out))
