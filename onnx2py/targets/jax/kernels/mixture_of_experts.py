"""Mixture of experts: each row is processed by a few of many small networks."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array, lax

from ._attention import masked_softmax
from ._rounding import rounded_once
from .activation_exponential import swish


@rounded_once
def mixture_of_experts(
    input: Array,
    router_probs: Array,
    fc1_experts_weights: Array,
    fc1_experts_bias: Array | None,
    fc2_experts_weights: Array,
    fc2_experts_bias: Array | None = None,
    *,
    k: int = 1,
    activation_type: str = "relu",
    normalize_routing_weights: bool = False,
    activation_alpha: float = 1.0,
    activation_beta: float = 0.0,
    swiglu_limit: float | None = None,
) -> Array:
    """Return the weighted sum of the results of the ``k`` most probable experts of each row.

    Rows are [D..., I], weights [experts, H, I] and [experts, I, H]; for "swiglu" 2 * H,
    alternating between gate and value. Of two experts with equal probability, the later one
    comes first.
    """
    count, experts = router_probs.shape
    rows = input.reshape(count, input.shape[-1])
    chosen = jnp.argsort(router_probs, axis=1, stable=True)[:, ::-1][:, :k]
    weights = masked_softmax(router_probs, True)
    weights = jnp.take_along_axis(weights, chosen, 1)
    if normalize_routing_weights:
        total = jnp.sum(weights, 1, keepdims=True)
        weights = weights / jnp.where(total == 0, 1, total)

    # A row for each choice, those of an expert side by side.
    expert = chosen.reshape(-1)
    order = jnp.argsort(expert)
    expert, row = expert[order], order // chosen.shape[1]
    sizes = jnp.bincount(expert, length=experts).astype(jnp.int32)

    def layer(x: Array, weight: Array, bias: Array | None) -> Array:
        y = lax.ragged_dot(x, jnp.swapaxes(weight, 1, 2), sizes)
        return y if bias is None else y + jnp.take(bias, expert, 0, mode="clip")

    hidden = layer(jnp.take(rows, row, 0), fc1_experts_weights, fc1_experts_bias)
    if activation_type == "swiglu":
        hidden = _gated(hidden, activation_alpha, activation_beta, swiglu_limit)
    else:
        hidden = _activated(hidden, activation_type)
    results = layer(hidden, fc2_experts_weights, fc2_experts_bias)
    results = results * weights.reshape(-1)[order][:, None]
    return jnp.zeros_like(rows).at[row].add(results).reshape(input.shape)


def _activated(x: Array, name: str) -> Array:
    if name == "relu":
        return jax.nn.relu(x)
    if name == "gelu":
        return jax.nn.gelu(x, approximate=True)
    return jax.nn.silu(x) if name == "silu" else x


def _gated(x: Array, alpha: float, beta: float, limit: float | None) -> Array:
    gate, linear = x[:, ::2], x[:, 1::2]
    if limit is not None:
        gate, linear = jnp.minimum(gate, limit), jnp.clip(linear, -limit, limit)
    return swish(gate, alpha=alpha) * (linear + beta)
