"""Long short-term memory with 8-bit weights and dynamically quantized inputs.

T is the number of time steps, B the batch, I the input size, D the directions (1 or 2),
H the hidden size. The gates are, in this order: input, output, forget, cell.
"""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp
from jax import Array, lax

from ._recurrent import States, initial_state, recurrent_outputs, runs_backwards
from ._recurrent_activation import activation_functions
from .lstm import lstm_step
from .quantization import dynamic_quantize_linear_centered


def dynamic_quantize_lstm(
    x: Array,
    w: Array,
    r: Array,
    b: Array | None,
    sequence_lens: Array | None,
    initial_h: Array | None,
    initial_c: Array | None,
    p: Array | None,
    w_scale: Array,
    w_zero_point: Array | None,
    r_scale: Array,
    r_zero_point: Array | None,
    *,
    activations: Sequence[str] = ("Sigmoid", "Tanh", "Tanh"),
    activation_alpha: Sequence[float] = (0.0, 0.0, 0.0),
    activation_beta: Sequence[float] = (0.0, 0.0, 0.0),
    clip: float = 0.0,
    direction: str = "forward",
    input_forget: bool = False,
) -> tuple[Array, ...]:
    """Return all hidden states [T, D, B, H], the last hidden state and the last cell [D, B, H].

    ``x`` is quantized to 256 steps over its range before the product, and so is the hidden
    state of all sequences at each step. w is [D, I, 4 * H], r [D, H, 4 * H]; weights without
    a zero point are integers already.
    """
    shape = (len(r), x.shape[1], r.shape[1])
    h = initial_state(initial_h, shape, 0, jnp.float32)
    c = initial_state(initial_c, shape, 0, jnp.float32)
    w, r = _centered(w, w_zero_point), _centered(r, r_zero_point)
    times = jnp.arange(len(x))
    if sequence_lens is not None:  # what follows all sequences has no part in the range
        counts = times < sequence_lens.max(initial=0)
        x = jnp.where(counts[:, None, None], x, 0)
    rounded, scale = dynamic_quantize_linear_centered(x)
    scales, scales_of_r = scale * _for_each_gate(w_scale), _for_each_gate(r_scale)

    def along(d: int) -> tuple[Array, States]:
        functions = activation_functions(
            3, d, activations, activation_alpha, activation_beta
        )
        backwards = runs_backwards(direction, d)
        gates_of_x = _product(rounded, w[d]) * scales[d]
        if backwards:
            gates_of_x = _reversed_steps(gates_of_x, sequence_lens)
        bias = 0 if b is None else b[d].reshape(2, -1).sum(0)
        options = (None if p is None else p[d], functions, clip, input_forget)

        def step(states: States, inputs: tuple[Array, Array]) -> tuple[States, States]:
            time, of_x = inputs
            steps, scale = dynamic_quantize_linear_centered(states[0])
            product = _product(steps, r[d]) * (scale * scales_of_r[d])
            # The bias is added last, as in onnxruntime: rounding may change a later step.
            hidden, cell = lstm_step((product + of_x) + bias, states[1], *options)
            if sequence_lens is not None:
                hidden = jnp.where((time < sequence_lens)[:, None], hidden, 0)
            return (hidden, cell), (hidden, cell)

        start: States = (h[d], c[d])
        # All sequences begin at the same step, in both directions: they share a range.
        _, histories = lax.scan(step, start, (times, gates_of_x))
        y = _reversed_steps(histories[0], sequence_lens) if backwards else histories[0]
        return y, tuple(_last_state(states, sequence_lens) for states in histories)

    found = [along(d) for d in range(shape[0])]
    return recurrent_outputs(found, 0, jnp.float32)


def _centered(weights: Array, zero_point: Array | None) -> Array:
    """Return ``weights - zero_point`` as int32."""
    centered = weights.astype(jnp.int32)
    if zero_point is None:
        return centered
    return centered - _for_each_gate(zero_point).astype(jnp.int32)


def _for_each_gate(parameter: Array) -> Array:
    """Turn [D] into [D, 1, 1], and [D, 4 * H] into [D, 1, 4 * H]."""
    return parameter.reshape(len(parameter), 1, -1)


def _product(x: Array, weights: Array) -> Array:
    """Return the exact product of integers, rounded to float32."""
    return jnp.matmul(x.astype(jnp.int32), weights).astype(jnp.float32)


def _reversed_steps(x: Array, sequence_lens: Array | None) -> Array:
    """Reverse each sequence of [T, B, N]; elements after its end keep their place."""
    if sequence_lens is None:
        return x[::-1]
    step = jnp.arange(len(x))[:, None]
    source = jnp.where(step < sequence_lens, sequence_lens - 1 - step, step)
    return x[source, jnp.arange(x.shape[1])]


def _last_state(history: Array, sequence_lens: Array | None) -> Array:
    """Return the state [B, H] after the last step; 0 for a sequence without steps."""
    if len(history) == 0:
        return jnp.zeros(history.shape[1:], history.dtype)
    if sequence_lens is None:
        return history[-1]
    step = jnp.maximum(sequence_lens - 1, 0)
    last = history[step, jnp.arange(history.shape[1])]
    return jnp.where(sequence_lens[:, None] > 0, last, 0)
