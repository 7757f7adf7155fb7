"""Normalizations."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import NodeCase
from ..deviations import deviates
from ..draw import Draw
from ..registry import Target, generates
from ._types import a_type, at_least


def _maybe(draw: Draw, name: str, low: float, high: float) -> dict[str, Any]:
    return {name: draw.number(low, high)} if draw.chance() else {}


@generates("BatchNormalization")
def batch_normalization(draw: Draw, target: Target) -> NodeCase | None:
    """Inference, and training where onnxruntime has it."""
    dtype = a_type(draw, target, ("float32", "float32", "float64"), rare=0)
    x = draw.array(dtype, draw.image(draw.integer(0, 3), longest=4))
    c = x.shape[1]
    stats = [draw.array(dtype, (c,)) for _ in range(3)] + [
        draw.array(dtype, (c,), 0.1, 2)
    ]
    attributes = {
        **_maybe(draw, "epsilon", 1e-5, 1e-2),
        **_maybe(draw, "momentum", 0.5, 1),
    }
    outputs = 1
    if target.since == 7 and draw.chance(0.3):
        attributes["spatial"] = 1
    if target.since < 7:
        attributes.update(is_test=1, consumed_inputs=[0, 0, 0, 1, 1])
        attributes = {
            k: v
            for k, v in attributes.items()
            if target.since < 6 or k != "consumed_inputs"
        }
    if target.since >= 14 and draw.chance(0.3):
        attributes["training_mode"] = 1
        outputs = 3
    case = NodeCase([x, *stats], attributes, outputs, rtol=1e-4)
    kept = {k: v for k, v in attributes.items() if k in ("epsilon", "momentum")}
    return at_least(case, target, 7, attributes=kept)


@generates("InstanceNormalization")
def instance_normalization(draw: Draw, target: Target) -> NodeCase:
    """Each channel of each image by itself."""
    x = draw.array("float32", draw.image(draw.integer(1, 3), longest=5))
    c = x.shape[1]
    attributes = _maybe(draw, "epsilon", 1e-5, 1e-2)
    scale = [draw.array("float32", (c,)) for _ in range(2)]
    return at_least(NodeCase([x, *scale], attributes, rtol=1e-4, atol=1e-4), target, 6)


@generates("GroupNormalization")
def group_normalization(draw: Draw, target: Target) -> NodeCase:
    """Scale and bias for each group (18), or for each channel (21)."""
    groups, each = draw.integer(1, 3), draw.integer(1, 3)
    shape = draw.image(draw.integer(1, 2), longest=5)
    x = draw.array("float32", (shape[0], groups * each, *shape[2:]))
    count = groups if target.since < 21 else groups * each
    scale = [draw.array("float32", (count,)) for _ in range(2)]
    attributes = {"num_groups": groups, **_maybe(draw, "epsilon", 1e-5, 1e-2)}
    return NodeCase([x, *scale], attributes, rtol=1e-4, atol=1e-4)


@generates("LayerNormalization", "RMSNormalization")
def layer_normalization(draw: Draw, target: Target) -> NodeCase:
    """Over the last axes; all outputs."""
    dtype = draw.one_of(("float32", "float32", "float64"))
    x = draw.array(dtype, draw.shape(1, 4, zero=0))
    axis = draw.axis(x.ndim)
    inner = x.shape[axis:]
    attributes = {"axis": axis, **_maybe(draw, "epsilon", 1e-5, 1e-2)}
    if draw.chance(0.2) and axis == -1:
        del attributes["axis"]
    inputs = [x, draw.array(dtype, inner)]
    outputs = 1
    if target.operator == "LayerNormalization":
        if draw.chance(0.7):
            inputs.append(draw.array(dtype, inner))
        outputs = draw.integer(1, 3)
    return NodeCase(inputs, attributes, outputs, rtol=1e-4, atol=1e-4)


@generates("LpNormalization")
def lp_normalization(draw: Draw, target: Target) -> NodeCase:
    """Sums of absolute values or of squares; rows of zeros."""
    x = draw.array(draw.one_of(("float32", "float64")), draw.shape(1, 4, zero=0))
    if draw.chance(0.2):
        x[0] = 0
    attributes: dict[str, Any] = {"p": draw.integer(1, 2)} if draw.chance() else {}
    if draw.chance(0.8):
        attributes["axis"] = draw.axis(x.ndim)
    return NodeCase([x], attributes, rtol=1e-5)


@generates("MeanVarianceNormalization")
def mean_variance_normalization(draw: Draw, target: Target) -> NodeCase:
    """Over any axes of images."""
    x = draw.array("float32", draw.image(2, longest=5))
    axes = sorted(draw.some_of(range(4), 1))
    attributes = {"axes": axes} if draw.chance(0.7) else {}
    return NodeCase([x], attributes, rtol=1e-3, atol=1e-3)


@deviates(
    "MeanVarianceNormalization",
    reason="where all elements are (nearly) equal, onnxruntime's E[x^2] - E[x]^2 may round to "
    "less than 0, and its root is NaN; we sum squared differences from the mean",
)
def _no_variance(case: NodeCase) -> bool:
    x = np.asarray(case.inputs[0], np.float64)
    axes = tuple(case.attributes.get("axes", (0, 2, 3)))
    return bool((x.var(axes) <= 1e-6 * (x * x).mean(axes)).any())


@generates("LRN")
def local_response_normalization(draw: Draw, target: Target) -> NodeCase:
    """Windows over the channels, wider than there are, too."""
    x = draw.array("float32", draw.image(2, longest=4, channels=7))
    attributes = {"size": draw.one_of((1, 3, 5, 7, 9))}
    for name, low, high in (("alpha", 1e-4, 1), ("beta", 0.1, 1), ("bias", 0.5, 2)):
        attributes.update(_maybe(draw, name, low, high))
    return NodeCase([x], attributes, rtol=1e-5)


@generates("SoftmaxCrossEntropyLoss", "NegativeLogLikelihoodLoss")
def loss(draw: Draw, target: Target) -> NodeCase:
    """Weights, an ignored class, every reduction."""
    shape = draw.image(draw.integer(0, 2), longest=4)
    classes = shape[1]
    scores = draw.array("float32", shape)
    labels = draw.rng.integers(0, classes, (shape[0], *shape[2:]))
    attributes: dict[str, Any] = {}
    if draw.chance(0.7):
        attributes["reduction"] = draw.one_of(("none", "sum", "mean"))
    if draw.chance(0.4):
        attributes["ignore_index"] = draw.integer(0, classes - 1)
    inputs = [scores, labels.astype(draw.one_of((np.int64, np.int32)))]
    if draw.chance():
        inputs.append(draw.array("float32", (classes,), 0.1, 2))
    both = target.operator == "SoftmaxCrossEntropyLoss" and draw.chance()
    return NodeCase(inputs, attributes, 2 if both else 1, rtol=1e-4)
