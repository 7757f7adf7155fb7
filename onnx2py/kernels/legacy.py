"""Operators of ONNX before 1.2 that changed or were removed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._precision import rounded_once
from .activation_exponential import softplus
from .arithmetic import div


def combine_from_axis(
    a: NDArray[Any], b: NDArray[Any], *, operation: str, axis: int
) -> NDArray[Any]:
    """Return ``operation(a, b)`` with the first axis of ``b`` aligned to ``axis`` of ``a``.

    ``operation`` is the name of a NumPy function of two tensors: ``add``, ``greater``.

    a : [A..., B..., C...]
    b : [B...]

    ONNX: https://onnx.ai/onnx/operators/onnx__Add.html
    """
    start = axis if axis >= 0 else axis + a.ndim
    trailing = a.ndim - start - b.ndim
    if trailing > 0:
        b = b.reshape(b.shape + (1,) * trailing)
    function = div if operation == "divide" else getattr(np, operation)
    return np.asarray(function(a, b))


@rounded_once
def affine(x: NDArray[Any], *, alpha: float = 1.0, beta: float = 0.0) -> NDArray[Any]:
    """Return ``alpha * x + beta``.

    ONNX: https://onnx.ai/onnx/operators/ (Affine: experimental, removed)
    """
    number = x.dtype.type
    return np.asarray(x * number(alpha) + number(beta))


@rounded_once
def parametric_softplus(x: NDArray[Any], *, alpha: float, beta: float) -> NDArray[Any]:
    """Return ``alpha * log(exp(beta * x) + 1)``.

    ONNX: https://onnx.ai/onnx/operators/ (ParametricSoftplus: experimental, removed)
    """
    y = softplus(np.asarray(x * x.dtype.type(beta)))
    return np.asarray(y * x.dtype.type(alpha))


@rounded_once
def scaled_tanh(x: NDArray[Any], *, alpha: float, beta: float) -> NDArray[Any]:
    """Return ``alpha * tanh(beta * x)``.

    ONNX: https://onnx.ai/onnx/operators/ (ScaledTanh: experimental, removed)
    """
    return np.asarray(np.tanh(x * x.dtype.type(beta)) * x.dtype.type(alpha))


@rounded_once
def image_scaler(
    x: NDArray[Any], *, bias: Sequence[float], scale: float = 1.0
) -> NDArray[Any]:
    """Return ``scale * x + bias``, with one bias for each channel.

    x : [N, C, H, W]
    bias : [C]

    ONNX: https://onnx.ai/onnx/operators/ (ImageScaler: experimental, removed)
    """
    offsets = np.array(bias, x.dtype).reshape(-1, 1, 1)
    return np.asarray(x * x.dtype.type(scale) + offsets)


def crop(
    x: NDArray[Any], *, border: Sequence[int], scale: Sequence[int] | None = None
) -> NDArray[Any]:
    """Cut borders off ``x``, or crop it to the height and width ``scale``.

    x : [N, C, H, W]
    border : pixels to cut off at the left, top, right and bottom

    Raises
    ------
    ValueError
        If ``scale`` exceeds ``x``.

    ONNX: https://onnx.ai/onnx/operators/ (Crop: experimental, removed)
    """
    left, top, right, bottom = border
    stop = [x.shape[2] - bottom, x.shape[3] - right]
    if scale:
        stop = [top + scale[0], left + scale[1]]
    if stop[0] > x.shape[2] or stop[1] > x.shape[3]:
        raise ValueError(f"crop: expected at least {stop} pixels, got {x.shape[2:]}")
    return np.ascontiguousarray(x[:, :, top : stop[0], left : stop[1]])
