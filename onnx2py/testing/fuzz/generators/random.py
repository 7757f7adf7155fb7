"""Random numbers, compared by their distribution, and dropout."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from onnx import TensorProto

from ..case import NodeCase
from ..deviations import deviates
from ..draw import Draw
from ..registry import Target, generates
from ._types import a_type, at_least, at_most, values, with_hint

_PARAMETERS = {"Normal": ("mean", "scale"), "Uniform": ("low", "high")}


def _attributes(draw: Draw, target: Target) -> dict[str, Any]:
    """Return the attributes that the operators share."""
    attributes: dict[str, Any] = {}
    if draw.chance():
        attributes["seed"] = float(draw.integer(0, 99))
    for family, (first, second) in _PARAMETERS.items():
        if family in target.operator and draw.chance():
            attributes[first] = draw.number(-3, 0)
            attributes[second] = draw.number(0.5, 4)
    return attributes


_KINDS = (TensorProto.FLOAT, TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16)


@generates("RandomNormal", "RandomUniform")
def random_of_shape(draw: Draw, target: Target) -> NodeCase:
    """Any shape, any float type."""
    attributes = _attributes(draw, target)
    attributes["shape"] = list(draw.shape(1, longest=30))
    if draw.chance():
        attributes["dtype"] = draw.one_of(_KINDS)
    return at_most(NodeCase([], attributes, random=True), target, 21)


@generates("RandomNormalLike", "RandomUniformLike")
def random_like(draw: Draw, target: Target) -> NodeCase:
    """The shape of a tensor, whose type must be a float if ``dtype`` is left out."""
    attributes = _attributes(draw, target)
    dtype = a_type(draw, target, ("float32", "float64"))
    if draw.chance():
        attributes["dtype"] = draw.one_of(_KINDS)
        dtype = draw.one_of(("float32", "float64", "float16", "int32", "int64"))
    x = values(draw, dtype, draw.shape(longest=30))
    return at_most(NodeCase([x], attributes, random=True), target, 21)


@generates("Bernoulli")
def bernoulli(draw: Draw, target: Target) -> NodeCase:
    """Any probabilities, 0 and 1 among them; any type of the result."""
    attributes = _attributes(draw, target)
    if draw.chance():
        kinds = (TensorProto.BOOL, TensorProto.INT64, TensorProto.INT8, *_KINDS)
        attributes["dtype"] = draw.one_of(kinds)
    dtype = a_type(draw, target, ("float32", "float32", "float64"))
    x = draw.array(dtype, draw.shape(longest=30), 0, 0.7)
    if draw.chance(0.3):
        x = np.rint(x)
    asked = x if draw.chance(0.1) else 1 - x  # see the deviation below
    case = NodeCase([x], attributes, random=True)
    return replace(case, stand_in=replace(case, inputs=[asked], opset=21))


@deviates(
    "Bernoulli",
    reason="onnxruntime runs ONNX's function body, which makes 1 with the probability "
    "1 - p; the text of the operator, and we, make 1 with the probability p. Compared "
    "with onnxruntime for 1 - p instead",
)
def _asked_for_the_same(case: NodeCase) -> bool:
    assert case.stand_in is not None
    return case.stand_in.inputs[0] is case.inputs[0]


@generates("Multinomial")
def multinomial(draw: Draw, target: Target) -> NodeCase:
    """Rows of logarithms; one class or many drawn of each."""
    attributes = _attributes(draw, target)
    if draw.chance(0.8):
        attributes["sample_size"] = draw.integer(1, 200)
    if draw.chance():
        attributes["dtype"] = draw.one_of((TensorProto.INT32, TensorProto.INT64))
    # onnxruntime has a kernel for float32 alone.
    dtype = a_type(draw, target, ("float32",), rare=0.05)
    x = draw.array(dtype, (draw.integer(1, 5), draw.integer(1, 6)))
    return at_most(NodeCase([x], attributes, random=True), target, 21)


@generates("Dropout")
def dropout(draw: Draw, target: Target) -> NodeCase:
    """Inference, and since version 12 training; with the mask and without."""
    attributes: dict[str, Any] = {}
    x = values(draw, a_type(draw, target), draw.shape(longest=12))
    outputs = draw.integer(1, 2)
    if target.since < 12:
        if draw.chance():
            attributes["ratio"] = draw.number(0, 0.9)
        if target.since < 7:
            attributes["is_test"] = 1
        case = NodeCase([x], with_hint(draw, target, attributes), outputs, exact=True)
        kept = {k: v for k, v in attributes.items() if k != "is_test"}
        return at_least(case, target, 7, attributes=kept)
    if draw.chance():
        attributes["seed"] = draw.integer(0, 99)
    ratio, mode = (draw.chance(0.7) for _ in range(2))
    training = mode and draw.chance()
    kind = draw.one_of(("float32", "float32", "float64", "float16"))
    inputs = [x, np.array(draw.number(0, 0.9), kind) if ratio else None]
    if mode:
        inputs.append(np.array(training))
    elif not ratio:
        inputs.pop()
    if training:  # an element that is not drawn again and again has no distribution
        inputs[0] = np.ones(draw.shape(longest=30), x.dtype)
    return NodeCase(inputs, attributes, outputs, exact=True, random=training)
