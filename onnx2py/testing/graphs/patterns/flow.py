"""Elementwise graphs, in which memory is given back and written over; shapes that are computed."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...fuzz.draw import Draw
from ..registry import draws
from ..sketch import Sketch
from ._parts import activated, new

UNARY = ("Relu", "Neg", "Abs", "Tanh", "Sigmoid", "Exp", "Identity", "Softplus", "Sqrt")
BINARY = ("Add", "Sub", "Mul", "Max", "Min")


def _bounded(s: Sketch, x: str) -> str:
    """What keeps numbers small, so that differences remain rounding."""
    return s.clip(x, -4, 4)


@draws("elementwise")
def elementwise(draw: Draw) -> Sketch:
    """Any operator on any of the values before: read twice, views of each other, broadcast."""
    s = new(draw)
    shape = draw.shape(1, 4, zero=0.02)
    values = [
        s.input(draw.array(s.dtype, shape, -2, 2)) for _ in range(draw.integer(1, 2))
    ]
    values += [s.floats(*shape)] if draw.chance(0.3) else []
    for _ in range(draw.integer(3, 9)):
        x = draw.one_of(values[-3:])
        how = draw.one_of(("one", "one", "two", "two", "two", "view", "bent", "small"))
        if how == "one":
            kind = draw.one_of(UNARY)
            x = s("Abs", x) if kind == "Sqrt" else x
            x = _bounded(s, x) if kind == "Exp" else x
            values.append(s(kind, x))
        elif how == "two":
            values.append(_bounded(s, s(draw.one_of(BINARY), x, draw.one_of(values))))
        elif how == "small":
            small = s.floats(*draw.broadcastable(shape))
            values.append(s.swapped(draw.one_of(("Add", "Mul")), x, small))
        elif how == "bent":
            values.append(activated(s, x))
        else:
            values.append(_view(s, x, shape))
    s.finish(values[-1], *draw.some_of(values[-3:]))
    _no_inputs_out(s)
    return s


def _view(s: Sketch, x: str, shape: tuple[int, ...]) -> str:
    """There and back again; NumPy makes views of the former."""
    how = s.draw.one_of(("reshape", "transpose", "squeeze"))
    if how == "transpose":
        turned = s("Transpose", x)
        if s.draw.chance():
            turned = s(s.draw.one_of(("Relu", "Neg")), turned)
        return s("Transpose", turned)
    if how == "squeeze":
        return s.squeeze("Squeeze", s.squeeze("Unsqueeze", x, [0]), [0])
    if 0 in shape:
        return s("Identity", x)
    flat = s("Reshape", x, s.integers(-1))
    flat = s("Neg", flat) if s.draw.chance() else flat
    return s("Reshape", flat, s.integers(*shape))


def _no_inputs_out(s: Sketch) -> None:
    """onnxruntime returns inputs and weights too, but not twice."""
    made = {name for node in s.nodes for name in node.output}
    s.outputs = [name for name in s.outputs if name in made] or [s.nodes[-1].output[0]]


@draws("shapes")
def shapes(draw: Draw) -> Sketch:
    """Reshapes to lengths that are computed, and transposes between them."""
    s = new(draw)
    a, b, c = draw.integer(1, 4), draw.integer(1, 5), draw.one_of((4, 6, 8))
    x = s.input(draw.array(s.dtype, (a, b, c), -1, 1))
    parts = draw.one_of((1, 2))
    y, perm = x, [0, 2, 1, 3]
    for _ in range(draw.integer(1, 2)):
        y = s("Reshape", y, _computed(s, x, parts, c // parts))
        y = activated(s, y) if draw.chance(0.3) else y
        y = s("Transpose", y, perm=perm)
        if draw.chance(0.4):
            y = s("Add", y, s.floats(c // parts))
        y = s("Transpose", y, perm=perm)
        y = s("Reshape", y, _computed(s, x, c))
        y = s("MatMul", y, s.floats(c, c)) if draw.chance(0.4) else y
    if draw.chance(0.3):
        y = s("Reshape", y, _computed(s, x, c // parts, parts))
        y = s(
            "Transpose", y, perm=draw.one_of(([0, 1, 3, 2], [0, 3, 1, 2], [1, 0, 2, 3]))
        )
    s.finish(y)
    return s


def _computed(s: Sketch, x: str, *known: int) -> str:
    """Return the first two lengths of ``x``, and known ones, as exporters write it."""
    shape = s("Shape", x)
    if s.draw.chance(0.3):
        starts, ends = s.integers(0), s.integers(2)
        first = (
            s("Slice", shape, starts, ends) if s.opset >= 10
            else s("Slice", shape, starts=[0], ends=[2])
        )  # fmt: skip
        return s("Concat", first, s.integers(*known), axis=0)
    parts = []
    for axis in (0, 1):
        index = s.constant(np.array(axis, np.int64))
        length = s("Gather", shape, index, axis=0)
        parts.append(s.squeeze("Unsqueeze", length, [0]))
    tail = [*known[:-1], -1] if s.draw.chance() else known
    return s("Concat", *parts, *(s.integers(k) for k in tail), axis=0)


@draws("branches")
def branches(draw: Draw) -> Sketch:
    """Split, something for most parts, and what joins them; the same computed twice."""
    s = new(draw, 13)
    shape = [draw.integer(1, 3), 6, draw.integer(1, 5), draw.integer(1, 5)]
    x = s.input(draw.array(s.dtype, shape, -1, 1))
    count = draw.one_of((2, 3))
    sizes = [s.integers(*[6 // count] * count)] if draw.chance(0.7) else []
    number = None if sizes or s.opset < 18 else count
    given: dict[str, Any] = {"axis": 1, "num_outputs": number}
    parts = s.many("Split", activated(s, x), *sizes, outputs=count, **given)
    if draw.chance(0.3):  # one of them is not read
        parts.pop(draw.integer(0, count - 1))
    parts = [activated(s, part) if draw.chance(0.7) else part for part in parts]
    if draw.chance(0.3) and len(parts) > 1:
        parts[0] = s("Add", parts[0], parts[1])
    if draw.chance(0.3):
        parts += [s("Relu", x), s("Relu", x)]
    s.finish(s("Concat", *parts, axis=1), *draw.some_of(parts[:1]))
    _no_inputs_out(s)
    return s
