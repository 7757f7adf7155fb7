"""Gates, and normalizations with gates."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._precision import rounded_once, widened
from .activation_exponential import sigmoid, swish
from .normalization import rms_normalization


def gated_rms_normalization(
    x: NDArray[Any],
    scale: NDArray[Any],
    gate: NDArray[Any],
    *,
    activation: str = "silu",
    epsilon: float = 1e-5,
) -> NDArray[Any]:
    """Normalize groups of C by their root mean square; scale and gate them.

    Parameters
    ----------
    x, gate : [D..., H * C]
    scale : [C]
    activation : activation of the gate: "silu" (also called "swish") or "sigmoid"

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.GatedRMSNorm
    """
    size = scale.size
    rows = widened(x).reshape(*x.shape[:-1], x.shape[-1] // size, size)
    factors = widened(scale).reshape(size)
    y = rms_normalization(rows, factors, epsilon=epsilon).reshape(x.shape)
    opened = (sigmoid if activation == "sigmoid" else swish)(widened(gate))
    return np.asarray(y * opened).astype(x.dtype, copy=False)


def branchwise_rms_normalization(
    x: NDArray[Any],
    scale: NDArray[Any] | None = None,
    *,
    num_branches: int = 0,
    epsilon: float = 1e-5,
) -> NDArray[Any]:
    """Normalize each of C branches by its root mean square, then scale it.

    Parameters
    ----------
    x : [D..., C, H], or [D..., C * H] if ``num_branches`` is C
    scale : [C * H], [C, H] or [H]; 1 by default

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.BranchwiseRMSNorm
    """
    branches = num_branches or x.shape[-2]
    size = x.shape[-1] // (num_branches or 1)
    leading = x.shape[:-1] if num_branches else x.shape[:-2]
    rows = widened(x).reshape(*leading, branches, size)
    factors = np.ones(size, rows.dtype)
    if scale is not None:
        several = scale.size == branches * size
        factors = widened(scale).reshape((branches, size) if several else (size,))
    y = rms_normalization(rows, factors, epsilon=epsilon)
    return y.reshape(x.shape).astype(x.dtype, copy=False)


def scaled_silu(x: NDArray[Any], scale: NDArray[Any] | float = 1.0) -> NDArray[Any]:
    """Return ``z * sigmoid(z)`` of ``z = x * scale``, rounded once, to the dtype of ``x``.

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.ScaledSiLU
    """
    z = np.asarray(widened(x) * np.asarray(scale).astype(np.float32))
    return np.asarray(z * sigmoid(z)).astype(x.dtype, copy=False)


@rounded_once
def gated_add(x: NDArray[Any], y: NDArray[Any], gate: NDArray[Any]) -> NDArray[Any]:
    """Return ``x + y * gate``.

    Parameters
    ----------
    x, y : [D..., C]
    gate : [D..., 1]

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.GatedAdd
    """
    return np.asarray(x + y * gate)
