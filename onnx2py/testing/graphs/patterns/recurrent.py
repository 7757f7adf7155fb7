"""Recurrent layers as exporters write them: states of zeros, layers upon layers."""

from __future__ import annotations

import numpy as np
from onnx import numpy_helper

from ...fuzz.draw import Draw
from ..registry import draws
from ..sketch import OPSETS, Sketch

_GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}


def _state(s: Sketch, x: str, ways: int, batch: int, hidden: int) -> str:
    """An initial state: an input, a constant, or zeros of a shape that is computed."""
    how = s.draw.one_of(("zeros", "computed", "input", "weight", "absent"))
    shape = (ways, batch, hidden)
    if how == "zeros":
        return s.constant(np.zeros(shape, s.dtype))
    if how == "input":
        return s.input(s.draw.array(s.dtype, shape, -1, 1))
    if how == "weight":
        return s.floats(*shape)
    if how == "absent":
        return ""
    length = s("Gather", s("Shape", x), s.integers(1), axis=0)
    lengths = s("Concat", s.integers(ways), length, s.integers(hidden), axis=0)
    zero = numpy_helper.from_array(np.zeros(1, s.dtype))
    return s("ConstantOfShape", lengths, value=zero)


def _layer(
    s: Sketch, x: str, kind: str, lengths: tuple[int, int], size: int, hidden: int
) -> tuple[str, int]:
    """Return ``[steps, batch, ways * hidden]``, and its last length."""
    draw, gates, (steps, batch) = s.draw, _GATES[kind], lengths
    direction = draw.one_of(("forward", "forward", "reverse", "bidirectional"))
    ways = 2 if direction == "bidirectional" else 1
    inputs = [
        x,
        s.floats(ways, gates * hidden, size),
        s.floats(ways, gates * hidden, hidden),
        s.floats(ways, 2 * gates * hidden) if draw.chance(0.8) else "",
        "",
        _state(s, x, ways, batch, hidden),
    ]
    if draw.chance(0.1):
        lens = draw.rng.integers(1, steps + 1, batch)
        inputs[4] = s.input(lens.astype("int32"))
    if kind == "LSTM":
        inputs.append(_state(s, x, ways, batch, hidden))
    before = draw.integer(0, 1) if kind == "GRU" and draw.chance(0.7) else None
    while not inputs[-1]:
        inputs.pop()
    outputs = 3 if kind == "LSTM" else 2
    found = s.many(
        kind,
        *inputs,
        outputs=outputs,
        hidden_size=hidden,
        direction=direction,
        linear_before_reset=before,
    )
    if draw.chance(0.3):
        s.outputs += draw.some_of(found[1:], 1)
    if ways == 1 and draw.chance():
        return s.squeeze("Squeeze", found[0], [1]), hidden
    turned = s("Transpose", found[0], perm=[0, 2, 1, 3])
    return s("Reshape", turned, s.integers(0, 0, -1)), ways * hidden


@draws("recurrent")
def recurrent(draw: Draw) -> Sketch:
    """One or two layers, time first or the batch first, and a dense layer after them."""
    s = Sketch(draw, "float32", draw.one_of(OPSETS))
    steps, batch = draw.integer(1, 7), draw.integer(1, 3)
    size, hidden = draw.integer(1, 9), draw.one_of((1, 3, 8, 16))
    first = draw.chance(0.3)
    shape = (batch, steps, size) if first else (steps, batch, size)
    x = s.input(draw.array(s.dtype, shape, -1, 1))
    if first:
        x = s("Transpose", x, perm=[1, 0, 2])
    kind = draw.one_of(("LSTM", "LSTM", "GRU", "GRU", "RNN"))
    for _ in range(draw.integer(1, 2)):
        x, size = _layer(s, x, kind, (steps, batch), size, hidden)
        x = s("Relu", x) if draw.chance(0.2) else x
    if draw.chance(0.4):
        x = s("Add", s("MatMul", x, s.floats(size, 3)), s.floats(3))
    s.finish(*s.outputs, s("Transpose", x, perm=[1, 0, 2]) if first else x)
    return s
