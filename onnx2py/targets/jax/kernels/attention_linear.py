"""Linear attention, and the causal convolution that precedes it."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from ._precision import widened


def linear_attention(
    query: Array,
    key: Array,
    value: Array,
    past_state: Array | None = None,
    decay: Array | None = None,
    beta: Array | None = None,
    *,
    q_num_heads: int,
    kv_num_heads: int,
    scale: float = 0.0,
    update_rule: str = "gated_delta",
) -> tuple[Array, Array]:
    """Linear attention [B, T, H * F] from a state [B, G, E, F] to which keys are written.

    query is [B, T, H * E], key [B, T, G * E], value [B, T, G * F]; decay is the logarithm of
    the factor of the state, beta the factor of each value.
    """
    batch, steps, _ = query.shape
    size = query.shape[2] // q_num_heads
    width = value.shape[2] // kv_num_heads
    q = widened(query).reshape(batch, steps, q_num_heads, size)
    if kv_num_heads > q_num_heads:
        q = jnp.repeat(q, kv_num_heads // q_num_heads, axis=2)
    group = q.shape[2] // kv_num_heads
    q = q.reshape(batch, steps, kv_num_heads, group, size) * (scale or size**-0.5)
    k = widened(key).reshape(batch, steps, kv_num_heads, size, 1)
    v = widened(value).reshape(batch, steps, kv_num_heads, 1, width)
    kept = rate = None
    if decay is not None and "gated" in update_rule:
        each = decay.shape[2] // kv_num_heads
        kept = jnp.exp(widened(decay))
        kept = kept.reshape(batch, steps, kv_num_heads, each, 1)
    if beta is not None and "delta" in update_rule:
        rate = widened(beta)[..., None, None]

    def step(state: Array, inputs: Any) -> tuple[Array, Array]:
        q, k, written, kept, rate = inputs
        if kept is not None:
            state = state * kept
        if "delta" in update_rule:
            written = written - k.mT @ state
            written = written if rate is None else written * rate
        state = state + k * written
        return state, q @ state

    state = jnp.zeros((batch, kv_num_heads, size, width), q.dtype)
    if past_state is not None:
        state = state + widened(past_state)
    inputs = jax.tree.map(lambda x: jnp.swapaxes(x, 0, 1), (q, k, v, kept, rate))
    state, y = lax.scan(step, state, inputs)
    y = y.swapaxes(0, 1).reshape(batch, steps, kv_num_heads * group * width)
    dtype = query.dtype if past_state is None else past_state.dtype
    return y.astype(query.dtype), state.astype(dtype)


def causal_conv_with_state(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    past_state: Array | None = None,
    *,
    activation: str = "none",
    dilation: int = 1,
) -> tuple[Array, Array]:
    """Convolve each channel of [N, C, L] causally with its own kernel [C, 1, K].

    Also returns the last (K - 1) * dilation steps, the next ``past_state``.
    """
    length, taps = input.shape[2], weight.shape[2]
    past = (taps - 1) * dilation
    if past_state is None:
        steps = jnp.pad(input, ((0, 0), (0, 0), (past, 0)))
    else:
        steps = jnp.concatenate((past_state, input), axis=2)
    wide, factors = widened(steps), widened(weight)
    y = jnp.zeros((), wide.dtype) if bias is None else widened(bias)[:, None]
    for tap in range(taps):
        first = tap * dilation
        y = y + wide[:, :, first : first + length] * factors[:, :, tap]
    if activation != "none":
        y = jax.nn.silu(y)
    return y.astype(input.dtype), steps[:, :, steps.shape[2] - past :]


def causal_conv_with_state_channels_last(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    past_state: Array | None = None,
    *,
    activation: str = "none",
    dilation: int = 1,
) -> tuple[Array, Array]:
    """Convolve each channel causally with its own kernel; channels are in the last axes.

    input is [N, L, D...], past_state [N, P, D...].
    """
    n, length, *inner = input.shape
    c = len(weight)

    def channels_first(x: Array) -> Array:
        return jnp.swapaxes(x.reshape(n, x.shape[1], c), 1, 2)

    y, state = causal_conv_with_state(
        channels_first(input),
        weight,
        bias,
        None if past_state is None else channels_first(past_state),
        activation=activation,
        dilation=dilation,
    )
    y = y.swapaxes(1, 2).reshape(n, length, *inner)
    return y, state.swapaxes(1, 2).reshape(n, state.shape[2], *inner)
