"""Long short-term memory with 8-bit weights and dynamically quantized inputs.

T is the number of time steps, B the batch, I the input size, D the directions (1 or 2),
H the hidden size. The gates are, in this order: input, output, forget, cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._recurrent import initial_state, input_projection, recurrent_outputs, sum_biases
from ._recurrent_activation import activation_function
from .lstm import _lstm_step
from .quantization import dynamic_quantize_linear_centered


def dynamic_quantize_lstm(
    x: NDArray[Any],
    w: NDArray[Any],
    r: NDArray[Any],
    b: NDArray[Any] | None,
    sequence_lens: NDArray[Any] | None,
    initial_h: NDArray[Any] | None,
    initial_c: NDArray[Any] | None,
    p: NDArray[Any] | None,
    w_scale: NDArray[Any],
    w_zero_point: NDArray[Any] | None,
    r_scale: NDArray[Any],
    r_zero_point: NDArray[Any] | None,
    *,
    activations: Sequence[str] = ("Sigmoid", "Tanh", "Tanh"),
    activation_alpha: Sequence[float] = (0.0, 0.0, 0.0),
    activation_beta: Sequence[float] = (0.0, 0.0, 0.0),
    clip: float = 0.0,
    direction: str = "forward",
    input_forget: bool = False,
) -> tuple[NDArray[Any], ...]:
    """Return the hidden states of all steps, the last hidden state and the last cell.

    ``x`` is quantized to 256 steps over its range before the product, and so is the hidden
    state of all sequences at each step. (onnxruntime with several threads quantizes the
    states of each thread's share of the batch separately.)

    Parameters
    ----------
    x : float32[T, B, I]
    w : int8 or uint8, [D, I, 4 * H]
    r : int8 or uint8, [D, H, 4 * H]
    b : [D, 8 * H], for x and then for the hidden state; 0 by default
    sequence_lens : int32[B], in steps; T by default
    initial_h, initial_c : [D, B, H]; 0 by default
    p : peepholes [D, 3 * H], for the input, output and forget gates; 0 by default
    w_scale, w_zero_point, r_scale, r_zero_point : [D] or [D, 4 * H]
        If a zero point is None, the weights are results of ``centered_weights``.
    activations : names for the gates, for the cell's input and for its output; six if the
        two directions differ
    activation_alpha, activation_beta : one for each of activations
    clip : limit of the sums at the gates; 0 for none
    direction : "forward", "reverse" or "bidirectional"
    input_forget : whether the forget gate is 1 minus the input gate

    Returns
    -------
    y : [T, D, B, H]
    y_h, y_c : [D, B, H]

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.DynamicQuantizeLSTM
    """
    shape = (r.shape[0], x.shape[1], r.shape[1])
    lengths = np.full(x.shape[1], len(x)) if sequence_lens is None else sequence_lens
    count = int(lengths.max(initial=0))
    running = np.arange(count)[:, None, None] < lengths[:, None]  # [T, B, 1]
    start = initial_state(initial_h, shape, 0, np.float32)
    first_cell = initial_state(initial_c, shape, 0, np.float32)

    w = w if w_zero_point is None else centered_weights(w, w_zero_point)
    r = r if r_zero_point is None else centered_weights(r, r_zero_point)
    bias = sum_biases(b, r.swapaxes(1, 2))
    steps, scale = dynamic_quantize_linear_centered(x[:count])
    gates_of_x = input_projection(
        steps.astype(w.dtype), w, np.zeros_like(bias), direction, sequence_lens
    )
    scales = scale * _for_each_gate(w_scale)
    gates_of_x = gates_of_x.astype(np.float32, copy=False) * scales

    hidden = np.zeros((len(x), *shape), np.float32)
    cells = np.zeros_like(hidden)
    peepholes = [None] * shape[0] if p is None else p
    for d, scale_of_r in enumerate(_for_each_gate(r_scale)):
        kinds = list(zip(activations, activation_alpha, activation_beta)) * 2
        functions = [activation_function(*kind) for kind in kinds[3 * d : 3 * d + 3]]
        h, cell = start[d], first_cell[d]
        for t in range(count):
            steps, scale = dynamic_quantize_linear_centered(h)
            product = np.matmul(steps, r[d]).astype(np.float32, copy=False)
            product *= scale * scale_of_r
            product += gates_of_x[t, d]
            # The bias is added last, as in onnxruntime: rounding may change a later step.
            gates = product + bias[d]
            h, cell = _lstm_step(
                gates, cell, peepholes[d], functions, clip, input_forget
            )
            if sequence_lens is not None:
                h = np.where(running[t], h, np.float32(0))
            hidden[t, d], cells[t, d] = h, cell
    states = (hidden, cells)
    return recurrent_outputs(hidden, states, sequence_lens, direction, 0, np.float32)


def centered_weights(weights: NDArray[Any], zero_point: NDArray[Any]) -> NDArray[Any]:
    """Return ``weights - zero_point`` as floats whose sums with 8-bit integers are exact."""
    centered = np.asarray(
        np.subtract(weights, _for_each_gate(zero_point), dtype=np.float32)
    )
    # float32 holds every integer up to 2**24; float64 products are half as fast.
    largest = 255 * np.abs(centered).sum(axis=1).max(initial=0)
    return centered if largest <= 1 << 24 else centered.astype(np.float64)


def _for_each_gate(parameter: NDArray[Any]) -> NDArray[Any]:
    """Turn [D] into [D, 1, 1], and [D, 4 * H] into [D, 1, 4 * H]."""
    return parameter.reshape(len(parameter), 1, -1)
