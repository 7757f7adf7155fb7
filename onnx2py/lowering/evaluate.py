"""Carry out a call inside the compiler: for constant folding, and for tests of rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import InternalError
from ..ir.graph import Node
from ..ir.program import Argument, Call, Ref
from ..ir.types import ValueType, tensor_type_of
from .context import NodeContext
from .lower import lower_node


def evaluate_node(
    node: Node, values: Mapping[str, Any], types: Mapping[str, ValueType] | None = None
) -> dict[str, Any]:
    """Compute a node from the values of its inputs; return its outputs by name.

    Raises
    ------
    UnsupportedError
        If the node has no rule.
    """
    constants = {
        k: v
        for k, v in values.items()
        if k in node.inputs and isinstance(v, np.ndarray)
    }
    known: dict[str, ValueType] = {k: tensor_type_of(v) for k, v in constants.items()}
    context = NodeContext(node, {**(types or {}), **known}, constants)
    operation = lower_node(context).operation
    if not isinstance(operation, Call):
        raise InternalError(f"{node.label}: only calls can be evaluated")
    return evaluate_call(operation, node.outputs, {**values, **context.weights})


def evaluate_call(
    call: Call, outputs: tuple[str, ...], values: Mapping[str, Any]
) -> dict[str, Any]:
    """Carry out one call; arrays come back as arrays, never as NumPy scalars."""

    def value(argument: Argument) -> Any:
        if isinstance(argument, Ref):
            return values[argument.name]
        if isinstance(argument, tuple):
            return tuple(map(value, argument))
        return argument

    args = [value(argument) for argument in call.args]
    kwargs = {name: value(argument) for name, argument in call.kwargs.items()}
    with np.errstate(all="ignore"):
        if isinstance(call.function, str):
            result = getattr(args[0], call.function[1:])(*args[1:], **kwargs)
        else:
            result = call.function(*args, **kwargs)
    results = (result,) if call.results is None else result
    arrays = (np.asarray(r) if isinstance(r, np.generic) else r for r in results)
    return {name: array for name, array in zip(outputs, arrays) if name}
