"""Calls of local functions -> nodes that have the function's graph as an attribute."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import onnx

from ..errors import DecodeError, counted
from ..ir.graph import FUNCTION_DOMAIN, Graph, Node
from .functions import Argument, called_model
from .scopes import scopes_of
from .shared import Shared, trimmed


def decoded_call(
    function: onnx.FunctionProto,
    proto: onnx.NodeProto,
    scope: Mapping[str, str],
    shared: Shared,
    decoded: Callable[[onnx.ModelProto], Graph],
) -> Node:
    """Decode a call, and the function as it is for that call; ``decoded`` decodes a model."""
    _check_counts(function, proto)
    arguments = list(_arguments(function, proto, scope, shared))
    graph = decoded(
        called_model(function, proto, arguments, shared.functions.protos.values())
    )
    outputs = trimmed(scope[name] if name else "" for name in proto.output)
    for outer, inner in zip(outputs, graph.outputs):
        if outer and inner in shared.types:
            shared.types.setdefault(outer, shared.types[inner])
    passed = {a.name for a in arguments if a.constant is None}
    return Node(
        operator=function.name,
        inputs=tuple(
            scope[outer]
            for name, outer in zip(function.input, proto.input)
            if name in passed
        ),
        outputs=outputs,
        attributes={"body": graph},
        name=proto.name,
        domain=FUNCTION_DOMAIN,
        version=1,
        scopes=scopes_of(proto),
    )


def _check_counts(function: onnx.FunctionProto, proto: onnx.NodeProto) -> None:
    for what, given, known in (
        ("input", proto.input, function.input),
        ("output", proto.output, function.output),
    ):
        if len(given) > len(known):
            raise DecodeError(
                f"node {proto.name!r} ({proto.op_type}): expected at most "
                f"{counted(len(known), what)}, got {len(given)}"
            )


def _arguments(
    function: onnx.FunctionProto,
    proto: onnx.NodeProto,
    scope: Mapping[str, str],
    shared: Shared,
) -> Iterator[Argument]:
    """Yield the arguments that are given, with their types and small constants."""
    for name, given in zip(function.input, proto.input):
        outer = scope[given] if given else ""
        if outer:
            yield Argument(name, shared.types.get(outer), shared.constants.get(outer))
