"""LSTM and GRU with constant weights, all steps at once.

T is the number of steps, B the batch, D the directions (1 or 2), I the input size, H the
hidden size, G the number of gates. Each function returns None for arguments that NumPy's
kernel has to see to.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Optional

import numpy as np
from numpy.typing import NDArray

from .active import threads_in_use
from .cache import own
from .library import Missing
from .memory import F32, any_layout, layout
from .primitive import (
    ARGUMENT_LAYOUT,
    BIAS,
    INFERENCE,
    RESULT,
    RESULT_1,
    RESULT_2,
    SOURCE,
    SOURCE_1,
    SOURCE_2,
    WEIGHT,
    WEIGHT_1,
    Call,
    Packed,
    Primitive,
    attributes,
)

Array = NDArray[Any]
Found = Optional[tuple[Array, ...]]

FORWARD, BACKWARD = 1, 2  # dnnl_unidirectional_left2right, _right2left

SMALL = 500_000
"""Multiply-adds of a step that take less time on one thread than it takes to wake others."""

LSTM_GATES = (0, 1, 3, 2)
"""Input, forget, cell and output, in the kernels' order: input, forget, output, cell."""

GRU_GATES = (0, 1, 2)


class _Kind(NamedTuple):
    """A kind of layer: oneDNN's name, its gates, and how many of the first are halved."""

    name: str
    gates: tuple[int, ...]
    halved: int
    states: int


LSTM = _Kind("lstm_forward", LSTM_GATES, 3, 2)
GRU = _Kind("lbr_gru_forward", GRU_GATES, 2, 1)


class _Layer(NamedTuple):
    """The calls of all directions, and the weights that they were made for."""

    calls: list[Call]
    weights: tuple[weakref.ref[Any], ...]


def lstm_packed(
    x: Array,
    w: Array,
    r: Array,
    b: Array,
    sequence_lens: Array | None = None,
    initial_h: Array | None = None,
    initial_c: Array | None = None,
    *,
    direction: str = "forward",
    layout: int = 0,
) -> Found:
    """Return all hidden states, the last one and the last cell."""
    if sequence_lens is not None:
        return None
    states = initial_h, initial_c
    return _computed(LSTM, x, (w, r, b), states, direction, layout)


def gru_packed(
    x: Array,
    w: Array,
    r: Array,
    b: Array,
    r_b: Array | None = None,
    sequence_lens: Array | None = None,
    initial_h: Array | None = None,
    *,
    direction: str = "forward",
    layout: int = 0,
) -> Found:
    """Return all hidden states and the last one, the reset gate applied after the product."""
    if sequence_lens is not None or r_b is None:
        return None
    return _computed(GRU, x, (w, r, b, r_b), (initial_h,), direction, layout)


def _computed(
    kind: _Kind,
    x: Array,
    weights: Sequence[Array],
    states: Sequence[Array | None],
    direction: str,
    batch_first: int,
) -> Found:
    """Return the results of a layer, by the calls that are kept for such arguments."""
    if x.dtype != F32 or x.ndim != 3 or 0 in x.shape or np.isnan(x.min()):
        return None
    mine = own()
    calls = [mine.calls_of(weight) for weight in weights]
    if calls[0] is None or None in calls:
        return None
    x = np.ascontiguousarray(x.swapaxes(0, 1) if batch_first else x)
    key = kind.name, x.shape, direction, threads_in_use()
    found = calls[0].get(key)
    refs = found.weights if found else ()
    if key not in calls[0] or any(ref() is not w for ref, w in zip(refs, weights)):
        try:
            made = _layer(kind, x.shape, weights, direction)
        except Missing:
            made = None
        found = calls[0].keep(key, made)
    if found is None:
        return None
    steps, batch, _ = x.shape
    directions, size = weights[1].shape[:2]
    first = [_initial(s, (directions, batch, size), batch_first) for s in states]
    if any(state is None for state in first):
        return None
    y = np.empty((directions, steps, batch, size), F32)
    last = [np.empty((directions, batch, size), F32) for _ in first]
    for d, call in enumerate(found.calls):
        ends = [end[d] for pair in zip(first, last) for end in pair]  # type: ignore[index]
        if not call(x, y[d], *ends):
            return None
    if batch_first:
        return y.transpose(2, 1, 0, 3), *(state.swapaxes(0, 1) for state in last)
    return y.transpose(1, 0, 2, 3), *last


def _initial(
    state: Array | None, shape: tuple[int, ...], batch_first: int
) -> Array | None:
    """Return an initial state as a contiguous [D, B, H]; None if it is not one."""
    if state is None:
        return np.zeros(shape, F32)
    if state.dtype != F32 or state.ndim != 3:
        return None
    state = state.swapaxes(0, 1) if batch_first else state
    return np.ascontiguousarray(state) if state.shape == shape else None


def _layer(
    kind: _Kind, x: tuple[int, ...], weights: Sequence[Array], direction: str
) -> _Layer:
    """Return the calls for all directions.

    Raises
    ------
    Missing
        If the library does not have it, or the shapes do not match.
    """
    w, r, b = weights[:3]
    gates = len(kind.gates)
    if w.ndim != 4 or r.ndim != 3 or any(weight.dtype != F32 for weight in weights):
        raise Missing("weights")
    directions, size = r.shape[:2]
    expected = [
        (directions, x[2], gates, size),
        (directions, size, gates * size),
        (directions, 1, gates * size),
        (directions, 1, size),
    ]
    if [weight.shape for weight in weights] != expected[: len(weights)]:
        raise Missing("shapes")
    if direction not in ("forward", "reverse", "bidirectional") or directions != (
        2 if direction == "bidirectional" else 1
    ):
        raise Missing("direction")
    ways = {"reverse": (BACKWARD,)}.get(direction, (FORWARD, BACKWARD)[:directions])
    made = [_call(kind, x, weights, d, way) for d, way in enumerate(ways)]
    return _Layer(made, tuple(weakref.ref(weight) for weight in weights))


def _call(
    kind: _Kind, shape: tuple[int, ...], weights: Sequence[Array], d: int, way: int
) -> Call:
    """Return the call for one direction.

    Raises
    ------
    Missing
        If the library does not have it.
    """
    mine = own()
    (steps, batch, inputs), size = shape, weights[1].shape[1]
    gates = len(kind.gates)
    x, y = layout(shape), layout((steps, batch, size))
    state = layout((1, 1, batch, size))
    of_x = any_layout((1, 1, inputs, gates, size))
    of_h = any_layout((1, 1, size, gates, size))
    bias = _bias(kind, weights, d)
    bias_layout = layout((1, 1, *bias.shape))
    source, result = [state] * kind.states, [state] * kind.states
    options = [None, None] if kind is LSTM else []
    primitive = Primitive(
        kind.name,
        INFERENCE,
        way,
        x,
        *source,
        of_x,
        of_h,
        *options,
        bias_layout,
        y,
        *result,
        0,
        attributes(),
        threads=1 if batch * size * size * gates < SMALL else threads_in_use(),
        reference=True,  # that of these layers is made of fast products
    )
    fixed = [(BIAS, Packed(bias_layout, bias))]
    arrange: list[tuple[int, Array, Callable[[], Array]]] = [
        (WEIGHT, weights[0], lambda: _gates(kind, weights[0][d])),
        (
            WEIGHT_1,
            weights[1],
            lambda: _gates(kind, weights[1][d].reshape(size, gates, size)),
        ),
    ]
    for number, weight, arranged in arrange:
        wanted = primitive.layout(ARGUMENT_LAYOUT, number)
        packed = mine.weight(weight).packed(
            arranged()[None, None], f"{kind.name} {d}", wanted, mine.stream
        )
        fixed.append((number, packed))
    moving = [(SOURCE, x), (RESULT, y), (SOURCE_1, state), (RESULT_1, state)]
    if kind.states == 2:
        moving += [(SOURCE_2, state), (RESULT_2, state)]
    return Call(primitive, mine.stream, mine.scratchpad, moving, fixed)


def _gates(kind: _Kind, weight: Array) -> Array:
    """Return a copy of [..., G, H] in oneDNN's order of gates, none halved."""
    y = np.array(weight)
    y[..., : kind.halved, :] *= 2
    return np.ascontiguousarray(y[..., kind.gates, :])


def _bias(kind: _Kind, weights: Sequence[Array], d: int) -> Array:
    """Return the biases of a direction: [G, H], and one more for GRU."""
    size = weights[1].shape[1]
    y = _gates(kind, weights[2][d].reshape(len(kind.gates), size))
    return np.concatenate([y, weights[3][d]]) if len(weights) > 3 else y
