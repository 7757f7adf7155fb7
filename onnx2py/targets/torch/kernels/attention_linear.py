"""Linear attention, and the causal convolution that precedes it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ._precision import widened


def linear_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    past_state: Tensor | None = None,
    decay: Tensor | None = None,
    beta: Tensor | None = None,
    *,
    q_num_heads: int,
    kv_num_heads: int,
    scale: float = 0.0,
    update_rule: str = "gated_delta",
) -> tuple[Tensor, Tensor]:
    """Linear attention [B, T, H * F] from a state [B, G, E, F] to which keys are written.

    query is [B, T, H * E], key [B, T, G * E], value [B, T, G * F]; decay is the logarithm of
    the factor of the state, beta the factor of each value.
    """
    batch, steps, _ = query.shape
    size = query.shape[2] // q_num_heads
    q = widened(query).unflatten(2, (q_num_heads, size))
    if kv_num_heads > q_num_heads:
        q = q.repeat_interleave(kv_num_heads // q_num_heads, 2)
    q = q.unflatten(2, (kv_num_heads, -1)) * (scale or size**-0.5)
    k = widened(key).unflatten(2, (kv_num_heads, size))[..., None]
    v = widened(value).unflatten(2, (kv_num_heads, 1, -1))
    state = q.new_zeros(batch, kv_num_heads, size, v.shape[-1])
    if past_state is not None:
        state = state + widened(past_state)
    kept = rate = None
    if decay is not None and "gated" in update_rule:
        kept = widened(decay).exp().unflatten(2, (kv_num_heads, -1))[..., None]
    if beta is not None and "delta" in update_rule:
        rate = widened(beta)[..., None, None]
    output = []
    for t in range(steps):
        written = v[:, t]
        if kept is not None:
            state = state * kept[:, t]
        if "delta" in update_rule:
            written = written - k[:, t].mT @ state
            written = written if rate is None else written * rate[:, t]
        state = state + k[:, t] * written
        output.append(q[:, t] @ state)
    y = torch.stack(output, 1) if output else q.new_zeros((*q.shape[:-1], v.shape[-1]))
    dtype = query.dtype if past_state is None else past_state.dtype
    return y.flatten(2).to(query.dtype), state.to(dtype)


def causal_conv_with_state(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    past_state: Tensor | None = None,
    *,
    activation: str = "none",
    dilation: int = 1,
) -> tuple[Tensor, Tensor]:
    """Convolve each channel of [N, C, L] causally with its own kernel [C, 1, K].

    Also returns the last (K - 1) * dilation steps, the next ``past_state``.
    """
    past = (weight.shape[2] - 1) * dilation
    if past_state is None:
        steps = F.pad(input, (past, 0))
    else:
        steps = torch.cat((past_state, input), 2)
    state = steps[:, :, steps.shape[2] - past :]
    if input.shape[2] == 0:  # convolutions in torch have at least one window
        return input, state
    y = F.conv1d(steps, weight, bias, dilation=dilation, groups=len(weight))
    return F.silu(y) if activation != "none" else y, state


def causal_conv_with_state_channels_last(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    past_state: Tensor | None = None,
    *,
    activation: str = "none",
    dilation: int = 1,
) -> tuple[Tensor, Tensor]:
    """Convolve each channel causally with its own kernel; channels are in the last axes.

    input is [N, L, D...], past_state [N, P, D...].
    """
    past = None if past_state is None else past_state.flatten(2).mT
    y, state = causal_conv_with_state(
        input.flatten(2).mT,
        weight,
        bias,
        past,
        activation=activation,
        dilation=dilation,
    )
    inner = input.shape[2:]
    return y.mT.unflatten(2, inner), state.mT.unflatten(2, inner)
