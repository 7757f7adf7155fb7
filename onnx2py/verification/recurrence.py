"""Recurrent layers, which round in each of their steps, and feed that to the next.

A layer that is chaotic, or that quantizes its state, makes much of a difference in rounding in
the course of its steps: so far that its last steps say nothing. The first ones do, and are looked
at as values of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx  # noqa: TID251  (an oracle is not part of the compiler)
from onnx import helper  # noqa: TID251

RECURRENT = {
    "DynamicQuantizeLSTM": ("Sigmoid", "Tanh", "Tanh"),
    "GRU": ("Sigmoid", "Tanh"),
    "LSTM": ("Sigmoid", "Tanh", "Tanh"),
    "RNN": ("Tanh",),
}
"""The operators, and the functions of a direction's gates by default."""

BROADER = 1 + 2.0**-22
"""By how much a state is larger than tanh makes it, where a model is to round otherwise."""

FIRST = ";first "
"""Follows the name of the value that first steps are of."""


class FirstSteps:
    """Adds the first 1, 2, 4, ... steps of all states to values by their names."""

    def __init__(self, proto: onnx.ModelProto) -> None:
        self.attributes = {
            node.output[0]: {a.name: a for a in node.attribute}
            for node in proto.graph.node
            if node.op_type in RECURRENT and node.output
        }

    def __call__(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values and the first steps of those that recurrent layers make."""
        found = dict(values)
        for name in values.keys() & self.attributes.keys():
            states = values[name]
            if isinstance(states, np.ndarray) and states.ndim == 4:
                found.update(self._first(name, states))
        return found

    def _first(self, name: str, states: np.ndarray) -> dict[str, Any]:
        """Return the first steps of [T, D, B, H], or of [B, T, D, H]."""
        attributes = self.attributes[name]
        if "layout" in attributes and attributes["layout"].i:
            states = states.transpose(1, 2, 0, 3)
        backwards = (
            "direction" in attributes and attributes["direction"].s == b"reverse"
        )
        found = {}
        count = 1
        while count < len(states):
            ahead = states[-count:] if backwards else states[:count]
            found[f"{name}{FIRST}{count}"] = [ahead[:, 0], states[-count:, 1:]]
            count *= 2
        return found


def round_otherwise(node: onnx.NodeProto) -> None:
    """Let a recurrent layer compute tanh by another function, which rounds otherwise."""
    attributes = {a.name: a for a in node.attribute}
    if "activation_alpha" in attributes or "activation_beta" in attributes:
        return
    directions = 2 if _is(attributes, "direction", b"bidirectional") else 1
    names = RECURRENT[node.op_type] * directions
    if "activations" in attributes:
        names = tuple(n.decode() for n in attributes["activations"].strings)
    if not {"Sigmoid", "Tanh"}.issuperset(names):
        return
    if "activations" in attributes:
        node.attribute.remove(attributes["activations"])
    number = names.count("Tanh")
    for name, value in {
        "activations": [n.replace("Tanh", "ScaledTanh") for n in names],
        "activation_alpha": [BROADER] * number,
        "activation_beta": [1.0] * number,
    }.items():
        node.attribute.append(helper.make_attribute(name, value))


def _is(attributes: Mapping[str, onnx.AttributeProto], name: str, text: bytes) -> bool:
    return name in attributes and attributes[name].s == text


def is_of(part: str, name: str) -> bool:
    """Whether a value is the one of that name, or of first steps of it."""
    return part == name or part.startswith(name + FIRST)
