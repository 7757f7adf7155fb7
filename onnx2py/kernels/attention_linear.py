"""Linear attention, and the causal convolution that precedes it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._precision import widened


def linear_attention(
    query: NDArray[Any],
    key: NDArray[Any],
    value: NDArray[Any],
    past_state: NDArray[Any] | None = None,
    decay: NDArray[Any] | None = None,
    beta: NDArray[Any] | None = None,
    *,
    q_num_heads: int,
    kv_num_heads: int,
    scale: float = 0.0,
    update_rule: str = "gated_delta",
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Linear attention: queries read from a state to which keys and values are written.

    B is the batch, T the number of steps, H the heads of queries, G those of keys and
    values, E and F the sizes of a head of keys and of values.

    Parameters
    ----------
    query : float[B, T, H * E]; if G is a multiple of H, each head reads G / H states
    key, value : float[B, T, G * E], [B, T, G * F]
    past_state : float[B, G, E, F]; 0 by default
    decay : float[B, T, G * E] or [B, T, G], the logarithm of the factor of the state
    beta : float[B, T, G] or [B, T, 1], the factor of each value
    scale : factor of the output; 0 for 1 / sqrt(E)
    update_rule : "linear"; "gated" uses decay; "delta" writes beta times the difference
        between the value and the state's value for the key; "gated_delta" does both

    Returns
    -------
    output : float[B, T, max(H, G) * F]
    present_state : float[B, G, E, F]

    ONNX: https://onnx.ai/onnx/operators/onnx__LinearAttention.html
    """
    batch, steps, _ = query.shape
    size = query.shape[2] // q_num_heads
    if kv_num_heads > q_num_heads:
        heads = query.reshape(batch, steps, q_num_heads, size)
        query = np.repeat(heads, kv_num_heads // q_num_heads, axis=2)
        q_num_heads = kv_num_heads
    group = q_num_heads // kv_num_heads
    q = widened(query).reshape(batch, steps, kv_num_heads, group, size)
    q = q * q.dtype.type(scale or size**-0.5)
    k = widened(key).reshape(batch, steps, kv_num_heads, size, 1)
    width = value.shape[2] // kv_num_heads
    v = widened(value).reshape(batch, steps, kv_num_heads, 1, width)
    state = np.zeros((batch, kv_num_heads, size, width), q.dtype)
    if past_state is not None:
        state = state + widened(past_state)
    kept, rate = np.ones(1, q.dtype), np.ones(1, q.dtype)
    if decay is not None and "gated" in update_rule:
        each = decay.shape[2] // kv_num_heads
        kept = np.exp(widened(decay)).reshape(batch, steps, kv_num_heads, each, 1)
    if beta is not None and "delta" in update_rule:
        rate = widened(beta)[..., None, None]
    output = np.empty((batch, steps, kv_num_heads, group, width), q.dtype)
    for t in range(steps):
        written = v[:, t]
        if kept.ndim > 1:
            state = state * kept[:, t]
        if "delta" in update_rule:
            known = np.matmul(k[:, t].swapaxes(-1, -2), state)
            written = (written - known) * (rate[:, t] if rate.ndim > 1 else 1)
        state = state + k[:, t] * written
        np.matmul(q[:, t], state, out=output[:, t])
    kind = query.dtype if past_state is None else past_state.dtype
    y = output.reshape(batch, steps, q_num_heads * width)
    return y.astype(query.dtype, copy=False), state.astype(kind, copy=False)


def causal_conv_with_state(
    input: NDArray[Any],
    weight: NDArray[Any],
    bias: NDArray[Any] | None = None,
    past_state: NDArray[Any] | None = None,
    *,
    activation: str = "none",
    dilation: int = 1,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Convolve each channel causally with its own kernel: no step sees later steps.

    Parameters
    ----------
    input : float[N, C, L]
    weight : float[C, 1, K]
    bias : float[C]; 0 by default
    past_state : float[N, C, P], the steps before the first; 0 by default
    activation : "none", or "silu" (also called "swish")
    dilation : distance of the elements of a kernel

    Returns
    -------
    output : float[N, C, L]
    present_state : float[N, C, P], the last steps, P being (K - 1) * dilation

    ONNX: https://onnx.ai/onnx/operators/onnx__CausalConvWithState.html
    """
    n, c, length = input.shape
    taps = weight.shape[2]
    past = (taps - 1) * dilation
    if past_state is None:
        past_state = np.zeros((n, c, past), input.dtype)
    steps = np.concatenate((past_state, input), axis=2)
    wide, factors = widened(steps), widened(weight)
    y = np.zeros((n, c, length), wide.dtype)
    if bias is not None:
        y += bias[:, None]
    for tap in range(taps):
        first = tap * dilation
        y += wide[:, :, first : first + length] * factors[:, :, tap]
    if activation != "none":
        y *= np.tanh(y * 0.5) * 0.5 + 0.5
    state = steps[:, :, steps.shape[2] - past :].copy()
    return y.astype(input.dtype, copy=False), state


def causal_conv_with_state_channels_last(
    input: NDArray[Any],
    weight: NDArray[Any],
    bias: NDArray[Any] | None = None,
    past_state: NDArray[Any] | None = None,
    *,
    activation: str = "none",
    dilation: int = 1,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Convolve each channel causally with its own kernel; channels are in the last axes.

    Parameters
    ----------
    input : float[N, L, D...], whose channels C are the axes D together
    weight : float[C, 1, K]
    bias : float[C]; 0 by default
    past_state : float[N, P, D...], the steps before the first; 0 by default
    activation : "none", or "silu" (also called "swish")
    dilation : distance of the elements of a kernel

    Returns
    -------
    output : float[N, L, D...]
    present_state : float[N, P, D...], the last steps, P being (K - 1) * dilation

    ONNX: https://onnx.ai/onnx/operators/onnx__CausalConvWithState.html
    """
    n, length, *inner = input.shape
    c = len(weight)
    y, state = causal_conv_with_state(
        input.reshape(n, length, c).swapaxes(1, 2),
        weight,
        bias,
        (
            None
            if past_state is None
            else past_state.reshape(n, past_state.shape[1], c).swapaxes(1, 2)
        ),
        activation=activation,
        dilation=dilation,
    )
    return (
        np.ascontiguousarray(y.swapaxes(1, 2)).reshape(n, length, *inner),
        np.ascontiguousarray(state.swapaxes(1, 2)).reshape(n, state.shape[2], *inner),
    )
