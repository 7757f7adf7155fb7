"""Mixture of experts: each row is processed by a few of many small networks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._attention import masked_softmax
from ._precision import rounded_once
from .activation_exponential import swish
from .activation_gelu import gelu_tanh


@rounded_once
def mixture_of_experts(
    input: NDArray[Any],
    router_probs: NDArray[Any],
    fc1_experts_weights: NDArray[Any],
    fc1_experts_bias: NDArray[Any] | None,
    fc2_experts_weights: NDArray[Any],
    fc2_experts_bias: NDArray[Any] | None = None,
    *,
    k: int = 1,
    activation_type: str = "relu",
    normalize_routing_weights: bool = False,
    activation_alpha: float = 1.0,
    activation_beta: float = 0.0,
    swiglu_limit: float | None = None,
) -> NDArray[Any]:
    """Return the weighted sum of the results of the ``k`` most probable experts of each row.

    An expert consists of two layers with an activation between them. Of two experts with
    equal probability, the later one comes first.

    Parameters
    ----------
    input : [D..., I]
    router_probs : [rows, experts], whose softmax is the weight of each expert
    fc1_experts_weights, fc1_experts_bias : [experts, H, I] and [experts, H]; for
        "swiglu" 2 * H, alternating between gate and value
    fc2_experts_weights, fc2_experts_bias : [experts, I, H] and [experts, I]
    activation_type : "relu", "gelu" (the form with tanh), "silu", "swiglu" or "identity"
    normalize_routing_weights : whether the weights of the k experts sum to 1
    activation_alpha, activation_beta, swiglu_limit : for "swiglu": the factor in the
        sigmoid, the offset of the value, and the limit of gate and value

    Returns
    -------
    y : like input

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.MoE
    """
    rows = input.reshape(len(router_probs), input.shape[-1])
    weights = masked_softmax(router_probs.copy(), True)
    likeliest = np.argsort(router_probs, axis=1, kind="stable")[:, ::-1][:, :k]
    asked = np.zeros(weights.shape, np.bool_)
    np.put_along_axis(asked, likeliest, True, axis=1)
    weights = np.where(asked, weights, weights.dtype.type(0))
    if normalize_routing_weights:
        total = np.add.reduce(weights, 1, keepdims=True)
        weights = weights / np.where(total == 0, total.dtype.type(1), total)
    y = np.zeros_like(rows)
    for expert in range(weights.shape[1]):
        chosen = np.flatnonzero(asked[:, expert])
        if not chosen.size:
            continue
        hidden = rows[chosen] @ fc1_experts_weights[expert].T
        if fc1_experts_bias is not None:
            hidden += fc1_experts_bias[expert]
        if activation_type == "swiglu":
            numbers = activation_alpha, activation_beta, swiglu_limit
            hidden = _gated(hidden, *numbers)
        else:
            hidden = _activated(hidden, activation_type)
        result = hidden @ fc2_experts_weights[expert].T
        if fc2_experts_bias is not None:
            result += fc2_experts_bias[expert]
        y[chosen] += weights[chosen, expert, None] * result
    return y.reshape(input.shape)


def _activated(x: NDArray[Any], name: str) -> NDArray[Any]:
    if name == "relu":
        return np.asarray(np.maximum(x, x.dtype.type(0)))
    if name == "gelu":
        return gelu_tanh(x)
    return swish(x) if name == "silu" else x


def _gated(
    x: NDArray[Any], alpha: float, beta: float, limit: float | None
) -> NDArray[Any]:
    gate, linear = x[:, ::2], x[:, 1::2]
    if limit is not None:
        gate, linear = np.minimum(gate, limit), np.clip(linear, -limit, limit)
    return np.asarray(swish(np.ascontiguousarray(gate), alpha=alpha) * (linear + beta))
