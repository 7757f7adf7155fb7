"""Operators without a rule, replaced by the functions that define them in ONNX."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import onnx
from onnx import inliner

from ..errors import DecodeError
from ..traits.operators import operator_traits
from .walk import nodes_of

HasRule = Callable[[str, str, int], bool]
"""Whether an operator (domain, name, opset version) can be lowered as it is."""


def with_bodies(
    proto: onnx.ModelProto, opsets: Mapping[str, int], has_rule: HasRule
) -> onnx.ModelProto:
    """Replace operators without a rule by the functions that define them, if any."""
    bodies = wanted_bodies(proto, opsets, has_rule)
    if not bodies:
        return proto
    try:
        return inliner.inline_selected_functions(proto, bodies, False, True)
    except Exception as error:  # the C++ inliner has no error type of its own
        raise DecodeError(
            f"functions: they cannot be inlined: {_first_line(error)}"
        ) from None


def wanted_bodies(
    proto: onnx.ModelProto, opsets: Mapping[str, int], has_rule: HasRule
) -> list[tuple[str, str]]:
    """Return the operators to replace by the functions that define them."""
    found: dict[tuple[str, str], None] = {}
    local = {(function.domain, function.name) for function in proto.functions}
    for node in nodes_of(proto.graph):
        if (node.domain, node.op_type) in local:
            continue
        version = opsets.get(node.domain, 1)
        # A subgraph that no rule writes as a function: ONNX's function is used.
        has_body = any(attribute.HasField("g") for attribute in node.attribute)
        open_body = has_body and not operator_traits(node.domain, node.op_type).bodies
        missing = open_body or not has_rule(node.domain, node.op_type, version)
        if missing and onnx.defs.has(node.op_type, version, node.domain):
            schema: Any = onnx.defs.get_schema(node.op_type, version, node.domain)
            if schema.has_function or schema.has_context_dependent_function:
                found[node.domain, node.op_type] = None
    return list(found)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
