"""The error function and the Gaussian error linear unit."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from ._blocks import blocks, in_float32


def gelu_tanh(x: NDArray[Any], bias: Optional[NDArray[Any]] = None) -> NDArray[Any]:
    """Return ``0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))``.

    ``bias``, if any, is added to ``x`` first.

    ONNX: https://onnx.ai/onnx/operators/onnx__Gelu.html
    """
    if bias is not None:
        x = np.asarray(x + bias)
    if in_float32(x):
        return gelu_tanh(x.astype(np.float32)).astype(x.dtype)
    y = np.empty_like(x)
    scale = (2 / np.pi) ** 0.5
    for a, out in blocks(x, y):
        np.square(a, out=out)
        out *= 0.044715 * scale
        out += scale
        out *= a
        np.tanh(out, out=out)
        out += 1
        out *= 0.5
        out *= a
    return y
