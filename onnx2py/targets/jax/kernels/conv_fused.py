"""onnxruntime's fusion of convolution, sum and activation."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jax import Array

from ._conv_windows import Pads
from ._rounding import rounded_once
from .conv import conv


@rounded_once
def fused_conv(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    z: Array | None = None,
    *,
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    group: int = 1,
    activation: str = "Identity",
    activation_params: Sequence[float] = (),
) -> Array:
    """Return ``activation(conv(x, weight, bias) + z)``, [N, M, O...]."""
    y = conv(
        x, weight, bias, strides=strides, pads=pads, dilations=dilations, group=group
    )
    return _activated(y if z is None else y + z, activation, activation_params)


def _activated(y: Array, name: str, params: Sequence[float]) -> Array:
    if name == "Relu":
        return jax.nn.relu(y)
    if name == "LeakyRelu":
        return jax.nn.leaky_relu(y, params[0])
    if name == "Clip":
        return jnp.clip(y, params[0], params[1])
    if name == "Tanh":
        return jnp.tanh(y)
    if name == "Sigmoid":
        return jax.nn.sigmoid(y)
    if name == "HardSigmoid":
        return jnp.clip(y * params[0] + params[1], 0, 1)
    return jax.nn.hard_swish(y) if name == "HardSwish" else y
