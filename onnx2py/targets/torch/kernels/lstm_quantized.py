"""Long short-term memory with 8-bit weights and dynamically quantized inputs.

T is the number of time steps, B the batch, I the input size, D the directions (1 or 2),
H the hidden size. The gates are, in this order: input, output, forget, cell.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ._recurrent import (
    initial_state,
    recurrent_outputs,
    reversed_steps,
    runs_backwards,
    stacked,
)
from ._recurrent_activation import activation_functions
from .lstm import lstm_step
from .quantization import dynamic_quantize_linear_centered


def dynamic_quantize_lstm(
    x: Tensor,
    w: Tensor,
    r: Tensor,
    b: Tensor | None,
    sequence_lens: Tensor | None,
    initial_h: Tensor | None,
    initial_c: Tensor | None,
    p: Tensor | None,
    w_scale: Tensor,
    w_zero_point: Tensor | None,
    r_scale: Tensor,
    r_zero_point: Tensor | None,
    *,
    activations: Sequence[str] = ("Sigmoid", "Tanh", "Tanh"),
    activation_alpha: Sequence[float] = (0.0, 0.0, 0.0),
    activation_beta: Sequence[float] = (0.0, 0.0, 0.0),
    clip: float = 0.0,
    direction: str = "forward",
    input_forget: bool = False,
) -> tuple[Tensor, ...]:
    """Return all hidden states [T, D, B, H], the last hidden state and the last cell [D, B, H].

    ``x`` is quantized to 256 steps over its range before the product, and so is the hidden
    state of all sequences at each step. w is [D, I, 4 * H], r [D, H, 4 * H]; if a zero point
    is None, the weights are results of ``centered_weights``.
    """
    shape = (len(r), x.shape[1], r.shape[1])
    count = len(x) if sequence_lens is None else int(sequence_lens.max())
    start = initial_state(initial_h, shape, 0, x)
    first_cell = initial_state(initial_c, shape, 0, x)
    w = w if w_zero_point is None else centered_weights(w, w_zero_point)
    r = r if r_zero_point is None else centered_weights(r, r_zero_point)
    bias = x.new_zeros(shape[0], 8 * shape[2]) if b is None else b
    rounded, scale = dynamic_quantize_linear_centered(x[:count])
    scales = scale * _for_each_gate(w_scale)
    histories = []
    for d, scale_of_r in enumerate(_for_each_gate(r_scale)):
        functions = activation_functions(
            3, d, activations, activation_alpha, activation_beta
        )
        gates_of_x = (rounded.double() @ w[d].double()).float() * scales[d]
        if runs_backwards(direction, d):
            gates_of_x = reversed_steps(gates_of_x, sequence_lens)
        h, cell, hidden, cells = start[d], first_cell[d], [], []
        for t, of_x in enumerate(gates_of_x):
            steps, scale = dynamic_quantize_linear_centered(h)
            product = (steps.double() @ r[d].double()).float() * (scale * scale_of_r)
            # The bias is added last, as in onnxruntime: rounding may change a later step.
            gates = (product + of_x) + bias[d].unflatten(0, (2, -1)).sum(0)
            peepholes = None if p is None else p[d]
            h, cell = lstm_step(gates, cell, peepholes, functions, clip, input_forget)
            if sequence_lens is not None:
                h = torch.where((t < sequence_lens)[:, None], h, 0)
            hidden.append(h)
            cells.append(cell)
        rest = x.new_zeros(len(x) - count, *shape[1:])
        states = (stacked(hidden, h), stacked(cells, cell))
        histories.append([torch.cat((state, rest)) for state in states])
    return recurrent_outputs(histories, sequence_lens, direction, 0, torch.float32)


def centered_weights(weights: Tensor, zero_point: Tensor) -> Tensor:
    """Return ``weights - zero_point`` as float32."""
    return weights.float() - _for_each_gate(zero_point).float()


def _for_each_gate(parameter: Tensor) -> Tensor:
    """Turn [D] into [D, 1, 1], and [D, 4 * H] into [D, 1, 4 * H]."""
    return parameter.reshape(len(parameter), 1, -1)
