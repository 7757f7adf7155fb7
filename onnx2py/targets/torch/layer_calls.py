"""Calls of layers as source: ``self.conv1(x)``, ``y, (h, c) = self.rnn(x, (h0, c0))``."""

from __future__ import annotations

from collections.abc import Sequence

from ...emit.calls import CallWriter
from ...errors import InternalError
from ..network.layer import Layer
from .idioms_text import functional


def layer_call(writer: CallWriter, layer: Layer) -> str:
    """Return the call of a module, or of a function with the parameters of one."""
    call = writer.call
    if not layer.is_module:
        arguments = ", ".join(map(writer.argument, call.args))
        return f"{functional(writer)}.{layer.name}({arguments})"
    if writer.operands is None:
        raise InternalError(f"{layer.path}: a layer outside of a model")
    given = list(map(writer.argument, layer.inputs(call)))
    if layer.name == "LSTM" and len(given) == 3:
        given[1:] = [f"({given[1]}, {given[2]})"]
    module = writer.operands.spelling.modules[layer.path]
    return f"{module}({', '.join(given)})"


def layer_targets(layer: Layer, names: Sequence[str]) -> str:
    """Return the left side of the assignment of several results."""
    if layer.name != "LSTM":
        return ", ".join(names)
    y, *states = names
    return f"{y}, ({', '.join(states)})" if {*states} != {"_"} else f"{y}, _"
