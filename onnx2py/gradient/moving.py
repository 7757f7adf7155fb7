"""Derivatives of operators that only move elements: the gradient moves back.

Most of them need no formula of their own: the numbers of the elements, moved by the operator
itself, say where each element of the gradient belongs.
"""

from __future__ import annotations

import numpy as np

from .registry import Step, derives
from .tape import Gradients, NoDerivative, Value


@derives("Reshape", "Squeeze", "Unsqueeze", "Flatten")
def reshape(step: Step) -> Gradients:
    """The gradient in the input's shape."""
    return (step.dy.reshape_like(step.x),)


@derives("Expand")
def expand(step: Step) -> Gradients:
    """Add up over what was repeated."""
    return (step.dy.sum_to(step.x),)


@derives("Transpose")
def transpose(step: Step) -> Gradients:
    """The inverse order."""
    order = step.attribute("perm") or tuple(reversed(range(step.x.rank)))
    return (step.dy.transpose(tuple(int(i) for i in np.argsort(order))),)


@derives("Concat")
def concat(step: Step) -> Gradients:
    """The parts."""
    rank = step.y.rank
    axis = step.attribute("axis", 1) % rank
    lengths = step.tape.concat([x.dims(axis, axis + 1) for x in step.inputs])
    count = len(step.inputs)
    return step.tape.all("Split", step.dy, lengths, outputs=count, axis=axis)


@derives("Split")
def split(step: Step) -> Gradients:
    """The parts in one, zeros for unused ones."""
    outputs = [Value(step.tape, name) for name in step.node.outputs]
    if not all(step.node.outputs):
        raise NoDerivative("an output has no name")
    parts = [seed or y.filled(0) for seed, y in zip(step.seeds, outputs)]
    return (step.tape.op("Concat", *parts, axis=step.attribute("axis", 0)),)


@derives("Pad")
def pad(step: Step) -> Gradients:
    """With a constant, cut off what was added; else see :func:`moved`."""
    old = step.version < 11
    value = step.input(2)
    if value is not None and step.wants(2):
        raise NoDerivative("its value has no derivative")
    if step.attribute("mode", "constant") != "constant":
        return moved(step)
    tape = step.tape
    if old:
        found = step.attribute("pads", step.attribute("paddings"))
        pads, axes = tape.integers(-n for n in found), None
    else:
        amounts = step.inputs[1]
        known = amounts.constant
        pads = -amounts if known is None else tape.integers((-known).tolist())
        axes = step.input(3)
    return (tape.op("Pad", step.dy, pads, None, axes),)


@derives(
    *("Slice", "Gather", "GatherElements", "GatherND", "Tile", "DepthToSpace", "Trilu"),
    *("SpaceToDepth", "ReverseSequence", "Compress", "CenterCropPad"),
)
def moved(step: Step) -> Gradients:
    """Number the elements from 1 on, and move the numbers; 0 is what was filled in."""
    tape, x = step.tape, step.x
    rest = [step.input(i) for i in range(1, len(step.node.inputs))]
    if step.node.operator == "Pad" and len(rest) > 1:
        rest[1] = None
    count = tape.op("Size", x)
    one = tape.constant(np.array(1, np.int64))
    numbers = tape.op("Range", one, count + 1, one).reshape(x.dims())
    places = step.again(numbers, *rest).reshape([-1])
    zeros = step.dy.like(0).expand((count + 1).reshape((1,)))
    back = add_at(zeros, places, step.dy.reshape([-1]))
    start, end = tape.integers([1]), (count + 1).reshape((1,))
    return (tape.op("Slice", back, start, end).reshape(x.dims()),)


def add_at(zeros: Value, places: Value, gradient: Value, axis: int = 0) -> Value:
    """Add elements of a gradient at places, of which some may be the same."""
    return zeros.tape.op(
        "ScatterElements", zeros, places, gradient, axis=axis, reduction="add"
    )


@derives("Resize", "Upsample")
def resize(step: Step) -> Gradients:
    """Where the nearest element is taken, see :func:`moved`."""
    if step.attribute("mode", "nearest") != "nearest":
        raise NoDerivative("it has none but for mode 'nearest'")
    if step.attribute("extrapolation_value", 0.0):
        raise NoDerivative("it has none with an extrapolation_value")
    return moved(step)


@derives("TopK")
def top_k(step: Step) -> Gradients:
    """The gradient goes to the elements that were chosen."""
    x = step.x
    axis = step.attribute("axis", -1)
    names = step.node.outputs
    if len(names) > 1 and names[1]:
        places = Value(step.tape, names[1])
    else:
        attributes = dict(step.node.attributes)
        places = step.tape.all(
            "TopK", *step.inputs, outputs=2, version=step.version, **attributes
        )[1]
    return (add_at(x.filled(0), places, step.dy, axis),)


@derives("ScatterElements", "Scatter")
def scatter_elements(step: Step) -> Gradients:
    """What is overwritten has none; what is written has that of its place."""
    _, places, updates = step.inputs
    axis, reduction = step.attribute("axis", 0), _reduction(step)
    kept = step.dy
    if reduction == "none":
        kept = step.tape.op(
            "ScatterElements", step.dy, places, updates.filled(0), axis=axis
        )
    return kept, None, step.tape.op("GatherElements", step.dy, places, axis=axis)


@derives("ScatterND")
def scatter_nd(step: Step) -> Gradients:
    """As :func:`scatter_elements`."""
    _, places, updates = step.inputs
    kept = step.dy
    if _reduction(step) == "none":
        kept = step.tape.op("ScatterND", step.dy, places, updates.filled(0))
    return kept, None, step.tape.op("GatherND", step.dy, places)


def _reduction(step: Step) -> str:
    reduction = str(step.attribute("reduction", "none"))
    if reduction not in ("none", "add"):
        raise NoDerivative(f"it has none for reduction {reduction!r}")
    return reduction
