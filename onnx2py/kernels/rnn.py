"""The simple recurrent layer.

T is the number of time steps, B the batch, I the input size, D the directions (1 or 2),
H the hidden size.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._precision import widened
from ._recurrent import initial_state, input_projection, recurrent_outputs, sum_biases
from ._recurrent_activation import activation_function, clipped


def rnn(
    x: NDArray[Any],
    w: NDArray[Any],
    r: NDArray[Any],
    b: NDArray[Any] | None = None,
    sequence_lens: NDArray[Any] | None = None,
    initial_h: NDArray[Any] | None = None,
    *,
    activations: Sequence[str] = ("Tanh",),
    activation_alpha: Sequence[float] = (0.0,),
    activation_beta: Sequence[float] = (0.0,),
    clip: float = 0.0,
    direction: str = "forward",
    layout: int = 0,
) -> tuple[NDArray[Any], ...]:
    """Return the hidden states of all steps, and the last one.

    Parameters
    ----------
    x : float[T, B, I]
    w : float[D, H, I]
    r : float[D, H, H]
    b : float[D, 2 * H], for x and then for the hidden state; 0 by default
    sequence_lens : int32[B], in steps; T by default
    initial_h : float[D, B, H]; 0 by default
    activations : one, or one for each direction
    activation_alpha, activation_beta : one for each of activations
    clip : limit of the inputs of activations; 0 for none
    direction : "forward", "reverse" or "bidirectional"
    layout : 1 if B is the first axis of x, states and results

    Returns
    -------
    y : float[T, D, B, H], or [B, T, D, H]
    y_h : float[D, B, H], or [B, D, H]

    ONNX: https://onnx.ai/onnx/operators/onnx__RNN.html
    """
    steps = widened(x).swapaxes(0, 1) if layout else widened(x)
    w, r = widened(w), widened(r)
    shape = (r.shape[0], steps.shape[1], r.shape[2])
    start = initial_state(initial_h, shape, layout, steps.dtype)
    bias = sum_biases(b, w)
    sums = input_projection(steps, w.swapaxes(1, 2), bias, direction, sequence_lens)

    hidden = np.empty((len(steps), *shape), steps.dtype)
    for d in range(shape[0]):
        kinds = list(zip(activations, activation_alpha, activation_beta)) * 2
        function = activation_function(*kinds[d])
        r_transposed = np.ascontiguousarray(r[d].T)
        h = start[d]
        for t in range(len(steps)):
            h = function(clipped(sums[t, d] + np.matmul(h, r_transposed), clip))
            hidden[t, d] = h
    return recurrent_outputs(
        hidden, (hidden,), sequence_lens, direction, layout, x.dtype
    )
