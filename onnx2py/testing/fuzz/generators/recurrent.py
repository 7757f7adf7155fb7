"""Recurrent layers."""

from __future__ import annotations

from typing import Any

from ..case import NodeCase
from ..deviations import deviates
from ..draw import Draw
from ..registry import Target, generates
from ._types import a_type, at_least

_GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
_FUNCTIONS = {"RNN": 1, "GRU": 2, "LSTM": 3}
_WITH_BOTH = ("Affine", "HardSigmoid", "ScaledTanh")
_WITH_ALPHA = (*_WITH_BOTH, "LeakyRelu", "Elu", "ThresholdedRelu")
_ACTIVATIONS = (
    *("Sigmoid", "Tanh", "Relu", "Softsign", "Softplus"),
    *_WITH_ALPHA,
)


@generates("RNN", "GRU", "LSTM")
def recurrent(draw: Draw, target: Target) -> NodeCase:
    """Directions, lengths, initial states, activations, clipping; outputs left out."""
    op = target.operator
    gates = _GATES[op]
    dtype = a_type(draw, target, ("float32",), rare=0.01)
    batch, size, hidden = draw.integer(1, 4), draw.integer(1, 4), draw.integer(1, 4)
    # Without any steps, onnxruntime leaves its memory as it was, or ends the process.
    steps = draw.length(5, zero=0)
    attributes = _attributes(draw, target)
    attributes["hidden_size"] = hidden
    ways = 2 if attributes.get("direction") == "bidirectional" else 1

    def floats(*shape: int) -> Any:
        return draw.array(dtype, shape, -1, 1)

    inputs: list[Any] = [
        floats(steps, batch, size),
        floats(ways, gates * hidden, size),
        floats(ways, gates * hidden, hidden),
    ]
    least = 0 if draw.chance(0.3) else 1
    lens = draw.rng.integers(least, steps + 1, batch)
    optional: list[Any] = [
        floats(ways, 2 * gates * hidden),
        lens.astype("int32"),
        floats(ways, batch, hidden),
    ]
    if op == "LSTM":
        optional += [floats(ways, batch, hidden), floats(ways, 3 * hidden)]
    inputs += [value if draw.chance() else None for value in optional]
    while inputs[-1] is None:
        inputs.pop()
    wanted = [draw.chance(0.7) for _ in range(3 if op == "LSTM" else 2)]
    wanted[draw.integer(0, len(wanted) - 1)] = True
    while not wanted[-1]:
        wanted.pop()
    case = NodeCase(inputs, attributes, wanted, rtol=1e-4, atol=1e-5)
    later = {k: v for k, v in attributes.items() if k != "output_sequence"}
    return at_least(case, target, 7, attributes=later)


def _attributes(draw: Draw, target: Target) -> dict[str, Any]:
    """Return all but the hidden size."""
    op = target.operator
    direction = draw.one_of(("forward", "reverse", "bidirectional"))
    attributes: dict[str, Any] = {}
    if direction != "forward" or draw.chance():
        attributes["direction"] = direction
    if op == "GRU" and target.since >= 3 and draw.chance(0.6):
        attributes["linear_before_reset"] = draw.integer(0, 1)
    if op == "LSTM" and draw.chance(0.2):
        attributes["input_forget"] = draw.integer(0, 1)
    if target.since < 7 and draw.chance(0.3):
        attributes["output_sequence"] = draw.integer(0, 1)
    if target.since >= 14 and draw.chance(0.2):
        attributes["layout"] = 0  # onnxruntime has no other
    if draw.chance(0.25):
        attributes["clip"] = draw.number(0.3, 2)
    if draw.chance(0.4):
        count = _FUNCTIONS[op] * (2 if direction == "bidirectional" else 1)
        _choose_activations(draw, attributes, count)
    return attributes


def _choose_activations(draw: Draw, attributes: dict[str, Any], count: int) -> None:
    """Choose functions, and numbers for all of them, some, or none."""
    chosen = [draw.one_of(_ACTIVATIONS) for _ in range(count)]
    if count > 2 and draw.chance(0.1):  # onnxruntime's RNN wants capitals
        chosen[0] = draw.one_of(("sigmoid", "TANH"))
    attributes["activations"] = chosen
    for name, takers in (
        ("activation_alpha", _WITH_ALPHA),
        ("activation_beta", _WITH_BOTH),
    ):
        needed = sum(function in takers for function in chosen)
        given = needed if draw.chance(0.7) else draw.integer(0, needed)
        if given:
            attributes[name] = [draw.number(0.1, 0.9) for _ in range(given)]


_ZERO_BY_DEFAULT = {
    "activation_alpha": ("Affine", "ScaledTanh", "ThresholdedRelu"),
    "activation_beta": ("ScaledTanh",),
}


@deviates(
    "RNN",
    "GRU",
    "LSTM",
    reason="Affine, ScaledTanh and ThresholdedRelu without alpha or beta: onnxruntime takes 0, "
    "which makes all outputs of the former the same; the text says that defaults are those of "
    "the operators of that name, 1, and so do we",
)
def _defaults_of_activations(case: NodeCase) -> bool:
    for attribute, takers in (
        ("activation_alpha", _WITH_ALPHA),
        ("activation_beta", _WITH_BOTH),
    ):
        chosen = [n for n in case.attributes.get("activations", ()) if n in takers]
        given = len(case.attributes.get(attribute, ()))
        if set(chosen[given:]) & set(_ZERO_BY_DEFAULT[attribute]):
            return True
    return False
