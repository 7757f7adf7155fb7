"""Simple recurrent layers.

T is the number of time steps, B the batch, I the input size, D the directions (1 or 2),
H the hidden size.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ._precision import widened
from ._recurrent import (
    initial_state,
    recurrent_outputs,
    reversed_steps,
    runs_backwards,
    stacked,
    time_first,
)
from ._recurrent_activation import activation_functions, clipped


def rnn(
    x: Tensor,
    w: Tensor,
    r: Tensor,
    b: Tensor | None = None,
    sequence_lens: Tensor | None = None,
    initial_h: Tensor | None = None,
    *,
    activations: Sequence[str] = ("Tanh",),
    activation_alpha: Sequence[float] = (0.0,),
    activation_beta: Sequence[float] = (0.0,),
    clip: float = 0.0,
    direction: str = "forward",
    layout: int = 0,
) -> tuple[Tensor, ...]:
    """Return the hidden states of all steps [T, D, B, H], and the last one [D, B, H].

    x is [T, B, I], w [D, H, I], r [D, H, H], b [D, 2 * H]. With ``layout`` 1, B is the first
    axis of x, states and results.
    """
    steps = time_first(x, layout)
    shape = (len(r), steps.shape[1], r.shape[2])
    h = initial_state(initial_h, shape, layout, steps)
    w, r = widened(w), widened(r)
    bias = w.new_zeros(shape[0], 2 * shape[2]) if b is None else widened(b)
    special = sequence_lens is not None or clip
    histories = []
    for d in range(shape[0]):
        own = steps
        if runs_backwards(direction, d):
            own = reversed_steps(steps, sequence_lens)
        name = (*activations, *activations)[d]
        if name in ("Tanh", "Relu") and not special and own.numel() > 0:
            layer = torch.rnn_tanh if name == "Tanh" else torch.rnn_relu
            weights = [w[d], r[d], *bias[d].chunk(2)]
            y, _ = layer(own, h[d][None], weights, True, 1, 0.0, False, False, False)
            histories.append((y,))
            continue
        numbers = (activations, activation_alpha, activation_beta)
        (function,) = activation_functions(1, d, *numbers)
        sums = own @ w[d].T + bias[d].unflatten(0, (2, -1)).sum(0)
        state, hidden = h[d], []
        for sums_of_x in sums:
            state = function(clipped(sums_of_x + state @ r[d].T, clip))
            hidden.append(state)
        histories.append((stacked(hidden, state),))
    return recurrent_outputs(histories, sequence_lens, direction, layout, x.dtype)
