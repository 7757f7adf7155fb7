"""Mixture of experts: each row is processed by a few of many small networks."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ._rounding import rounded_once
from .activation_exponential import swish


@rounded_once
def mixture_of_experts(
    input: Tensor,
    router_probs: Tensor,
    fc1_experts_weights: Tensor,
    fc1_experts_bias: Tensor | None,
    fc2_experts_weights: Tensor,
    fc2_experts_bias: Tensor | None = None,
    *,
    k: int = 1,
    activation_type: str = "relu",
    normalize_routing_weights: bool = False,
    activation_alpha: float = 1.0,
    activation_beta: float = 0.0,
    swiglu_limit: float | None = None,
) -> Tensor:
    """Return the weighted sum of the results of the ``k`` most probable experts of each row.

    Rows are [D..., I], weights [experts, H, I] and [experts, I, H]; for "swiglu" 2 * H,
    alternating between gate and value. Of two experts with equal probability, the later one
    comes first.
    """
    rows = input.reshape(len(router_probs), input.shape[-1])
    likeliest = router_probs.argsort(dim=1, stable=True).flip(1)[:, :k]
    asked = torch.zeros_like(router_probs, dtype=torch.bool).scatter(1, likeliest, True)
    weights = torch.where(asked, router_probs.softmax(1), 0)
    if normalize_routing_weights:
        total = weights.sum(1, keepdim=True)
        weights = weights / torch.where(total == 0, 1, total)
    y = torch.zeros_like(rows)
    for expert in range(weights.shape[1]):
        chosen = asked[:, expert].nonzero()[:, 0]
        bias1 = None if fc1_experts_bias is None else fc1_experts_bias[expert]
        bias2 = None if fc2_experts_bias is None else fc2_experts_bias[expert]
        hidden = F.linear(rows[chosen], fc1_experts_weights[expert], bias1)
        if activation_type == "swiglu":
            numbers = activation_alpha, activation_beta, swiglu_limit
            hidden = _gated(hidden, *numbers)
        else:
            hidden = _activated(hidden, activation_type)
        result = F.linear(hidden, fc2_experts_weights[expert], bias2)
        y = y.index_add(0, chosen, weights[chosen, expert, None] * result)
    return y.reshape(input.shape)


def _activated(x: Tensor, name: str) -> Tensor:
    if name == "relu":
        return F.relu(x)
    if name == "gelu":
        return F.gelu(x, approximate="tanh")
    return F.silu(x) if name == "silu" else x


def _gated(x: Tensor, alpha: float, beta: float, limit: float | None) -> Tensor:
    gate, linear = x[:, ::2], x[:, 1::2]
    if limit is not None:
        gate, linear = gate.clamp(max=limit), linear.clamp(-limit, limit)
    return swish(gate, alpha=alpha) * (linear + beta)
