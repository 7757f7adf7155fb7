"""Steps through time and the final states, shared by recurrent layers.

T is the number of time steps, B the batch, D the directions (1 or 2), H the hidden size.
A reversed direction goes through each sequence from its own end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
from jax import Array, lax

from ._precision import widened

States = tuple[Array, ...]


def time_first(x: Array, layout: int) -> Array:
    """Return [T, B, I], in float32 rather than in half precision."""
    return jnp.swapaxes(widened(x), 0, 1) if layout else widened(x)


def runs_backwards(direction: str, d: int) -> bool:
    """Return whether direction number ``d`` goes from the end to the start."""
    return direction == "reverse" or d == 1


def initial_state(
    state: Array | None, shape: Sequence[int], layout: int, dtype: Any
) -> Array:
    """Return an initial state as [D, B, H], 0 by default."""
    if state is None:
        return jnp.zeros(shape, dtype)
    return (jnp.swapaxes(state, 0, 1) if layout else jnp.asarray(state)).astype(dtype)


def walk(
    step: Callable[[States, Array], States],
    start: States,
    sums: Array,
    sequence_lens: Array | None,
    backwards: bool,
) -> tuple[Array, States]:
    """Return the first state after each step, in the order of time, and all last states.

    ``step`` returns the states [B, H] that follow from states and the sums of x [B, N] of
    one step; ``sums`` is [T, B, N]. After the end of a sequence the first state is 0, and so
    are the last states of a sequence without steps.
    """

    def following(states: States, inputs: tuple[Array, Array]) -> tuple[States, Array]:
        time, sums_of_x = inputs
        found = step(states, sums_of_x)
        if sequence_lens is None:
            return found, found[0]
        running = (time < sequence_lens)[:, None]
        kept = (jnp.where(running, new, old) for new, old in zip(found, states))
        return tuple(kept), jnp.where(running, found[0], 0)

    times = jnp.arange(len(sums))
    last, y = lax.scan(following, start, (times, sums), reverse=backwards)
    if sequence_lens is None and len(sums) > 0:
        return y, last
    has_steps = False if sequence_lens is None else (sequence_lens > 0)[:, None]
    return y, tuple(jnp.where(has_steps, state, 0) for state in last)


def recurrent_outputs(
    found: Sequence[tuple[Array, States]], layout: int, dtype: Any
) -> tuple[Array, ...]:
    """Return hidden states [T, D, B, H], and the last states, from those of each direction."""
    y = jnp.stack([hidden for hidden, _ in found], axis=1)
    last = [jnp.stack(states) for states in zip(*(states for _, states in found))]
    if layout:
        y, last = y.transpose(2, 0, 1, 3), [state.swapaxes(0, 1) for state in last]
    return tuple(state.astype(dtype) for state in (y, *last))
