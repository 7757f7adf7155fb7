"""onnxruntime's fusion of convolution, sum and activation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._conv_windows import Pads
from ._precision import rounded_once
from .conv import conv


@rounded_once
def fused_conv(
    x: NDArray[Any],
    weight: NDArray[Any],
    bias: NDArray[Any] | None = None,
    z: NDArray[Any] | None = None,
    *,
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    group: int = 1,
    activation: str = "Identity",
    activation_params: Sequence[float] = (),
) -> NDArray[Any]:
    """Return ``activation(conv(x, weight, bias) + z)``.

    Parameters
    ----------
    x : [N, C, D...]
    weight : [M, C / group, K...]
    bias : [M], optional
    z : [N, M, O...], optional
    activation : the name of an ONNX operator
    activation_params : for LeakyRelu alpha, for HardSigmoid alpha and beta, for Clip
        the minimum and the maximum
    strides, dilations : one int per spatial axis, in elements; 1 by default
    pads : elements added before each spatial axis, then after each; 0 by default.
        ``"SAME_UPPER"`` or ``"SAME_LOWER"``: chosen such that O = ceil(D / stride).
    group : number of channel groups, which are convolved separately

    Returns
    -------
    y : [N, M, O...]
        O = (D + pad_begin + pad_end - dilation * (K - 1) - 1) // stride + 1

    Raises
    ------
    ValueError
        If the numbers of channels of ``x`` and ``weight`` do not match, or the kernel is longer
        than the padded image.

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.FusedConv
    """
    y = conv(
        x, weight, bias, strides=strides, pads=pads, dilations=dilations, group=group
    )
    if z is not None:
        y += z
    return _activated(y, activation, activation_params)


def _activated(y: NDArray[Any], name: str, params: Sequence[float]) -> NDArray[Any]:
    """Apply an activation to ``y``, which may be overwritten."""
    if name == "Relu":
        return np.asarray(np.maximum(y, 0, out=y))
    if name == "LeakyRelu":
        return np.asarray(np.where(y >= 0, y, y * params[0]))
    if name == "Clip":
        return np.asarray(np.clip(y, params[0], params[1], out=y))
    if name == "Tanh":
        return np.asarray(np.tanh(y, out=y))
    if name == "Sigmoid":
        return np.asarray(1 / (1 + np.exp(-y)))
    if name == "HardSigmoid":
        return np.asarray(np.clip(y * params[0] + params[1], 0, 1))
    if name == "HardSwish":
        return np.asarray(y * np.clip(y / 6 + 0.5, 0, 1))
    return y
