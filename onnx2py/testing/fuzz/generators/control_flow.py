"""If, Loop and Scan."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import TensorProto, helper

from ..case import NodeCase
from ..draw import Draw
from ..registry import Target, generates
from ._types import at_least

FLOAT, INT64, BOOL = (
    int(getattr(TensorProto, n)) for n in ("FLOAT", "INT64", "BOOL")
)  # fmt: skip
Shape = tuple[int, ...]


def _graph(
    nodes: list[Any], inputs: list[tuple[str, int, Any]], outputs: list[Any]
) -> Any:
    starts, ends = (
        [helper.make_tensor_value_info(*value) for value in values]
        for values in (inputs, outputs)
    )
    return helper.make_graph(nodes, "body", starts, ends)


def _constant(draw: Draw, name: str, shape: Shape) -> Any:
    array = draw.array("float32", shape)
    tensor = helper.make_tensor(name, FLOAT, shape, array.ravel().tolist())
    return helper.make_node("Constant", [], [name], value=tensor)


@generates("If")
def branch(draw: Draw, target: Target) -> NodeCase:
    """Branches of different shapes; values from outside."""
    outputs = draw.integer(1, 3)
    branches = {}
    for part in ("then", "else"):
        nodes, results = [], []
        for i in range(outputs):
            name = f"{part}{i}"
            nodes.append(_constant(draw, f"{name}c", draw.shape(0, 3)))
            nodes.append(helper.make_node("Neg", [f"{name}c"], [name]))
            results.append((name, FLOAT, None))
        if draw.chance(0.3) and target.opset >= 7:
            nodes[-1] = helper.make_node("Cast", ["x0"], [f"{part}{i}"], to=FLOAT)
        branches[f"{part}_branch"] = _graph(nodes, [], results)
    condition = np.array(draw.chance(), bool).reshape(draw.one_of(((), (1,))))
    return at_least(NodeCase([condition], branches, outputs), target, 7)


@generates("Loop")
def loop(draw: Draw, target: Target) -> NodeCase:
    """With a number of trips, a condition, both or neither; states that grow; no trip.

    All outputs are wanted: onnxruntime 1.32 crashes where one is left out.
    """
    shape = draw.shape(1, 3, zero=0)
    trips = np.array(draw.integer(0, 5), np.int64) if draw.chance(0.7) else None
    start = np.array(draw.chance(0.9), bool) if draw.chance(0.6) else None
    ends = trips is None or draw.chance()
    new = target.opset >= 13
    ends, trips = (ends, trips) if new else (False, trips or np.array(3, np.int64))
    grows = draw.chance(0.4)
    nodes = [helper.make_node("Add", ["a", "a"], ["a2"])]
    if ends:
        limit = helper.make_tensor("limit", INT64, (), [draw.integer(0, 4)])
        nodes += [
            helper.make_node("Constant", [], ["limit"], value=limit),
            helper.make_node("Less", ["i", "limit"], ["going"]),
        ]
    else:
        nodes.append(helper.make_node("Identity", ["on"], ["going"]))
    one = "a2"
    if new:
        nodes += [
            helper.make_node("Cast", ["i"], ["f"], to=FLOAT),
            helper.make_node("Add", ["a2", "f"], ["a3"]),
        ]
        one = "a3"
    inputs: list[Any] = [("i", INT64, ()), ("on", BOOL, ()), ("a", FLOAT, shape)]
    outputs: list[Any] = [("going", BOOL, ()), (one, FLOAT, shape)]
    states: list[Any] = [draw.array("float32", shape)]
    if grows:
        nodes.append(helper.make_node("Concat", ["b", one], ["b2"], axis=0))
        inputs.append(("b", FLOAT, None))
        outputs.append(("b2", FLOAT, None))
        states.append(draw.array("float32", shape))
    scans = draw.integer(0, 2)
    for k in range(scans):
        nodes.append(helper.make_node("Neg", [one if k else "a"], [f"s{k}"]))
        outputs.append((f"s{k}", FLOAT, shape))
    body = _graph(nodes, inputs, outputs)
    case = NodeCase([trips, start, *states], {"body": body}, len(outputs) - 1)
    return at_least(case, target, 7)


@generates("Scan")
def scan(draw: Draw, target: Target) -> NodeCase:
    """Any axis, both directions, with and without a state; version 8 in batches."""
    item = draw.shape(0, 3, zero=0)
    steps, states, count = draw.integer(1, 4), draw.integer(0, 1), draw.integer(1, 2)
    nodes = [helper.make_node("Identity", ["x0_"], ["sum"])]
    if count > 1:
        nodes = [helper.make_node("Add", ["x0_", "x1_"], ["sum"])]
    inputs = [(f"x{k}_", FLOAT, item) for k in range(count)]
    outputs: list[Any] = []
    if states:
        nodes.append(helper.make_node("Mul", ["a", "sum"], ["a2"]))
        inputs.insert(0, ("a", FLOAT, item))
        outputs.append(("a2", FLOAT, item))
    scans = draw.integer(1 - states, 2)
    for k in range(scans):
        source = "a2" if states and k else "sum"
        nodes.append(helper.make_node("Neg", [source], [f"s{k}"]))
        outputs.append((f"s{k}", FLOAT, item))
    attributes: dict[str, Any] = {
        "body": _graph(nodes, inputs, outputs),
        "num_scan_inputs": count,
    }
    if target.since == 8:
        batch = draw.integer(1, 3)
        if draw.chance():
            attributes["directions"] = [draw.integer(0, 1) for _ in range(count)]
        arrays = [draw.array("float32", (batch, *item)) for _ in range(states)]
        arrays += [draw.array("float32", (batch, steps, *item)) for _ in range(count)]
        return NodeCase([None, *arrays], attributes, len(outputs))
    if draw.chance():
        for name, length in (("input", count), ("output", scans)):
            ways = [draw.integer(0, 1) for _ in range(length)]
            attributes[f"scan_{name}_directions"] = ways
    axes = [0] * count
    if draw.chance():
        negative = target.since >= 11
        axes = [draw.axis(len(item) + 1, negative) for _ in range(count)]
        attributes["scan_input_axes"] = axes
        places = [draw.axis(len(item) + 1, negative) for _ in range(scans)]
        attributes["scan_output_axes"] = places
    arrays = [draw.array("float32", item) for _ in range(states)]
    for axis in axes:
        dims = list(item)
        dims.insert(axis if axis >= 0 else axis + len(item) + 1, steps)
        arrays.append(draw.array("float32", dims))
    return NodeCase(
        arrays, {k: v for k, v in attributes.items() if v != []}, len(outputs)
    )


@generates("SequenceMap")
def sequence_map(draw: Draw, target: Target) -> NodeCase:
    """Sequences of equal length, a tensor for all items, one output or two."""
    count, shape = draw.integer(1, 4), draw.shape(0, 3, zero=0)
    inputs: list[Any] = [[draw.array("float32", shape) for _ in range(count)]]
    names = ["a"]
    if draw.chance():
        inputs.append([draw.array("float32", shape) for _ in range(count)])
        names.append("b")
    if draw.chance():
        inputs.append(draw.array("float32", shape))
        names.append("c")
    nodes = [helper.make_node("Sum", names, ["total"])]
    results = ["total"]
    if draw.chance():
        nodes.append(helper.make_node("Neg", ["a"], ["other"]))
        results.insert(draw.integer(0, 1), "other")
    given = [(name, FLOAT, shape) for name in names]
    body = _graph(nodes, given, [(name, FLOAT, shape) for name in results])
    return NodeCase(inputs, {"body": body}, len(results))
