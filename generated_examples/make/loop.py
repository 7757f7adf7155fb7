"""A loop with a branch in it: the Collatz sequence of a number.

Halve an even number, take three times an odd one and add one, until it is one. The loop
stops by itself, or after ``limit`` steps; ``limit`` has a default.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
LIMIT = 1000

Array = NDArray[Any]


def make_model() -> onnx.ModelProto:
    """Build the loop."""
    nodes = [
        _node("Equal", "starts_at_one", ["start", "one"]),
        _node("Not", "may_start", ["starts_at_one"]),
        helper.make_node(
            "Loop",
            ["limit", "may_start", "start", "start"],
            ["last", "largest", "visited"],
            "collatz",
            body=_body(),
        ),
        _node("Size", "steps", ["visited"]),
    ]
    graph = helper.make_graph(
        nodes,
        "collatz",
        [_integer("start"), _integer("limit")],
        [
            _integer("last"),
            _integer("largest"),
            _integer("steps"),
            _integer("visited", ["steps"]),
        ],
        [
            numpy_helper.from_array(np.array(value), name)
            for name, value in (("limit", LIMIT), ("one", 1), ("two", 2), ("three", 3))
        ],
    )
    opset = helper.make_opsetid("", OPSET)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=8)
    model.producer_name = "generated_examples.make.loop"
    return model


def make_inputs() -> list[Array]:
    """Return a start from which it takes 111 steps."""
    return [np.array(27)]


def _body() -> onnx.GraphProto:
    """One step: the next number, the largest so far, and whether to go on."""
    nodes = [
        _node("Mod", "remainder", ["n", "two"]),
        _node("Equal", "is_odd", ["remainder", "one"]),
        helper.make_node(
            "If",
            ["is_odd"],
            ["next"],
            "step",
            then_branch=_branch(
                "grow",
                [
                    _node("Mul", "tripled", ["n", "three"]),
                    _node("Add", "grown", ["tripled", "one"]),
                ],
            ),
            else_branch=_branch("shrink", [_node("Div", "halved", ["n", "two"])]),
        ),
        _node("Max", "new_largest", ["largest_so_far", "next"]),
        _node("Greater", "go_on", ["next", "one"]),
        _node("Identity", "visited_now", ["next"]),
    ]
    return helper.make_graph(
        nodes,
        "one_step",
        [_integer("i"), _flag("going"), _integer("n"), _integer("largest_so_far")],
        [_flag("go_on"), *map(_integer, ("next", "new_largest", "visited_now"))],
    )


def _branch(name: str, nodes: list[onnx.NodeProto]) -> onnx.GraphProto:
    return helper.make_graph(nodes, name, [], [_integer(nodes[-1].output[0])])


def _node(operator: str, name: str, inputs: list[str]) -> onnx.NodeProto:
    return helper.make_node(operator, inputs, [name], name)


def _integer(name: str, shape: list[int | str] | None = None) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.INT64, shape or [])


def _flag(name: str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.BOOL, [])
