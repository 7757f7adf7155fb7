"""onnxruntime's fusion of convolution, sum and activation."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ._conv_windows import Pads
from ._rounding import rounded_once
from .conv import conv


@rounded_once
def fused_conv(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    z: Tensor | None = None,
    *,
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    group: int = 1,
    activation: str = "Identity",
    activation_params: Sequence[float] = (),
) -> Tensor:
    """Return ``activation(conv(x, weight, bias) + z)``, [N, M, O...]."""
    y = conv(
        x, weight, bias, strides=strides, pads=pads, dilations=dilations, group=group
    )
    return _activated(y if z is None else y + z, activation, activation_params)


def _activated(y: Tensor, name: str, params: Sequence[float]) -> Tensor:
    if name == "Relu":
        return F.relu(y)
    if name == "LeakyRelu":
        return F.leaky_relu(y, params[0])
    if name == "Clip":
        return torch.clamp(y, params[0], params[1])
    if name == "Tanh":
        return torch.tanh(y)
    if name == "Sigmoid":
        return torch.sigmoid(y)
    if name == "HardSigmoid":
        return torch.clamp(y * params[0] + params[1], 0, 1)
    return F.hardswish(y) if name == "HardSwish" else y
