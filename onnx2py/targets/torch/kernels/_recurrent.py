"""The order of time steps and the final states, shared by recurrent layers.

T is the number of time steps, B the batch, D the directions (1 or 2), H the hidden size.
A reversed direction goes through each sequence from its own end.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ._precision import widened


def time_first(x: Tensor, layout: int) -> Tensor:
    """Return [T, B, I], in float32 rather than in half precision."""
    return widened(x).transpose(0, 1) if layout else widened(x)


def runs_backwards(direction: str, d: int) -> bool:
    """Return whether direction number ``d`` goes from the end to the start."""
    return direction == "reverse" or d == 1


def reversed_steps(x: Tensor, sequence_lens: Tensor | None) -> Tensor:
    """Reverse each sequence of [T, B, N]; elements after its end keep their place."""
    if sequence_lens is None:
        return x.flip(0)
    step = torch.arange(len(x), device=x.device)[:, None]
    source = torch.where(step < sequence_lens, sequence_lens - 1 - step, step)
    return x.gather(0, source[:, :, None].long().expand(x.shape))


def initial_state(
    state: Tensor | None, shape: Sequence[int], layout: int, like: Tensor
) -> Tensor:
    """Return an initial state as [D, B, H], 0 by default."""
    if state is None:
        return like.new_zeros(shape)
    return (state.transpose(0, 1) if layout else state).to(like.dtype)


def recurrent_outputs(
    histories: Sequence[Sequence[Tensor]],
    sequence_lens: Tensor | None,
    direction: str,
    layout: int,
    dtype: torch.dtype,
) -> tuple[Tensor, ...]:
    """Return hidden states in the order of time, and the last state of each kind.

    ``histories`` are, for each direction, in its order, the hidden states [T, B, H] and all
    other states, or only the last.
    """
    hidden = [
        _in_order(h, sequence_lens, runs_backwards(direction, d))
        for d, (h, *_) in enumerate(histories)
    ]
    y = torch.stack(hidden, 1)
    last = [
        torch.stack([_last_state(h, sequence_lens) for h in history])
        for history in zip(*histories)
    ]
    if layout:
        y, last = y.permute(2, 0, 1, 3), [state.transpose(0, 1) for state in last]
    return tuple(state.to(dtype) for state in (y, *last))


def _in_order(history: Tensor, sequence_lens: Tensor | None, backwards: bool) -> Tensor:
    """Put steps in the order of time, with 0 after the end of each sequence."""
    if sequence_lens is not None:
        step = torch.arange(len(history), device=history.device)[:, None]
        history = torch.where((step < sequence_lens)[:, :, None], history, 0)
    return reversed_steps(history, sequence_lens) if backwards else history


def _last_state(history: Tensor, sequence_lens: Tensor | None) -> Tensor:
    """Return the state [B, H] after the last step; 0 for a sequence without steps."""
    if len(history) == 0:
        return history.new_zeros(history.shape[1:])
    if sequence_lens is None:
        return history[-1]
    step = (sequence_lens - 1).clamp(min=0).long()[None, :, None]
    last = history.gather(0, step.expand(1, *history.shape[1:]))[0]
    return torch.where(sequence_lens[:, None] > 0, last, 0)


def stacked(states: Sequence[Tensor], like: Tensor) -> Tensor:
    """Return the states of all steps, [T, B, H]; ``like`` is one of them."""
    return torch.stack(list(states)) if states else like.new_zeros((0, *like.shape))
