"""Activations: one input, the result in its shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import NodeCase
from ..deviations import deviates
from ..draw import ALL_INTEGERS, FLOATS, Draw
from ..registry import Target, generates
from ._types import a_type, at_least, at_most, tolerance, values, with_hint

_ATTRIBUTES: dict[str, dict[str, tuple[float, float]]] = {
    "Elu": {"alpha": (-0.5, 2)},
    "HardSigmoid": {"alpha": (-0.5, 0.5), "beta": (-1, 1)},
    "LeakyRelu": {"alpha": (-0.5, 2)},
    "Selu": {"alpha": (0.5, 2), "gamma": (0.5, 2)},
    "ThresholdedRelu": {"alpha": (-1, 2)},
    "Celu": {"alpha": (0.1, 2)},
    "Shrink": {"bias": (-1, 1), "lambd": (0, 1)},
    "Swish": {"alpha": (-1, 2)},
}
FLOAT32_MAX = float(np.finfo(np.float32).max)
_USUAL = {"Shrink": (*FLOATS, *ALL_INTEGERS), "Relu": (*FLOATS, "int32", "int8")}


@generates(
    "Elu", "HardSigmoid", "HardSwish", "LeakyRelu", "Mish", "Relu", "Selu", "Sigmoid",
    "Softplus", "Softsign", "Tanh", "ThresholdedRelu", "Celu", "Shrink", "Swish",
    "Gelu",
)  # fmt: skip
def activation(draw: Draw, target: Target) -> NodeCase:
    """Any shape; every attribute given or left out."""
    ranges = _ATTRIBUTES.get(target.operator, {})
    attributes: dict[str, Any] = {
        name: draw.number(*bounds)
        for name, bounds in ranges.items()
        if draw.chance(0.7)
    }
    if target.operator == "Gelu" and draw.chance(0.7):
        attributes["approximate"] = draw.one_of(("none", "tanh"))
    usual = _USUAL.get(target.operator, FLOATS)
    dtype = a_type(draw, target, usual, rare=0.08)
    inputs = [values(draw, dtype, draw.shape())]
    case = NodeCase(inputs, with_hint(draw, target, attributes), ulp=True)
    # onnxruntime shrinks float64 in float32.
    case.rtol = tolerance("float32" if target.operator == "Shrink" else dtype)
    if target.operator == "Selu" and target.since == 1:  # its defaults had fewer digits
        old = {"alpha": 1.6732, "gamma": 1.0507, **attributes}
        return at_least(case, target, 6, attributes=old)
    if target.operator == "Swish":  # onnxruntime's sigmoid differs by 2e-7, times x
        case.atol = 4e-6
    return at_least(case, target, 6)


@deviates(
    "Shrink",
    reason="onnxruntime computes float64 in float32, where the largest are infinite; "
    "the specification computes in the type of the input, and so do we",
)
def _shrink_beyond_float32(case: NodeCase) -> bool:
    x = np.asarray(case.inputs[0])
    return x.dtype == np.float64 and bool((np.absolute(x) > FLOAT32_MAX).any())


@generates("PRelu")
def prelu(draw: Draw, target: Target) -> NodeCase:
    """One slope for each channel until version 6, then whatever can be broadcast."""
    dtype = a_type(draw, target, ("float32", "float32", "float32", "float16"), rare=0.2)
    if target.since >= 7:
        shape = draw.shape()
        slope = values(draw, dtype, draw.broadcastable(shape))
        x = values(draw, dtype, shape)
        return NodeCase([x, slope], rtol=tolerance(dtype), ulp=True)
    shape = draw.shape(2, 5, zero=0)
    x = values(draw, dtype, shape)
    slope = values(draw, dtype, draw.one_of(((1,), shape[1:2])))
    channels = slope.reshape(-1, *(1,) * (len(shape) - 2))
    case = NodeCase([x, slope], with_hint(draw, target, {}), ulp=True)
    return at_least(case, target, 7, inputs=[x, channels])


@generates("Clip")
def clip(draw: Draw, target: Target) -> NodeCase:
    """Bounds as attributes, then as inputs: both, one or none, and ``min`` above ``max``."""
    dtype = a_type(draw, target, (*FLOATS, "int8", "int32", "int64", "uint8", "uint64"))
    x = values(draw, dtype, draw.shape())
    if target.since < 11:
        bounds = sorted(draw.number(-2, 2) for _ in range(2))
        both = dict(zip(("min", "max"), bounds))
        chosen: dict[str, Any] = {k: v for k, v in both.items() if draw.chance(0.7)}
        return at_least(NodeCase([x], with_hint(draw, target, chosen)), target, 6)
    scalars = [draw.array(dtype, ()) if draw.chance(0.7) else None for _ in range(2)]
    if None not in scalars and draw.chance(0.8):
        scalars.sort(key=lambda scalar: np.asarray(scalar).item())
    inputs = [x, *scalars]
    while inputs[-1] is None and draw.chance():
        inputs.pop()
    return NodeCase(inputs, exact=True)


@deviates(
    "Clip",
    reason="in version 11 onnxruntime computes float16 in float32, so that an absent "
    "bound leaves infinity; the specification, and onnxruntime since version 12, limit "
    "to the greatest float16",
)
def _unlimited_half(case: NodeCase) -> bool:
    x, *bounds = case.inputs
    absent = len(bounds) < 2 or any(bound is None for bound in bounds)
    infinite = isinstance(x, np.ndarray) and bool(np.isinf(x).any())
    half = isinstance(x, np.ndarray) and x.dtype == np.float16
    return case.opset == 11 and half and infinite and absent


@generates("Affine", "ParametricSoftplus", "ScaledTanh")
def two_parameters(draw: Draw, target: Target) -> NodeCase:
    """Experimental operators of opset 1, with ``alpha`` and ``beta``."""
    attributes = {"alpha": draw.number(-2, 2), "beta": draw.number(-2, 2)}
    x = values(draw, draw.one_of(("float32",) * 9 + FLOATS), draw.shape())
    return at_most(NodeCase([x], attributes, ulp=True), target, 9)


@generates("ImageScaler")
def image_scaler(draw: Draw, target: Target) -> NodeCase:
    """Experimental: a factor for all pixels, a bias for each channel."""
    x = draw.array("float32", draw.image(2))
    attributes: dict[str, Any] = {
        "bias": [draw.number(-2, 2) for _ in range(x.shape[1])]
    }
    if draw.chance(0.7):
        attributes["scale"] = draw.number(-2, 2)
    return at_most(NodeCase([x], attributes), target, 9)


@generates("Crop")
def crop(draw: Draw, target: Target) -> NodeCase:
    """Experimental: borders to cut off, or the size of what is left."""
    x = draw.array("float32", draw.image(2))
    height, width = x.shape[2:]
    top, left = draw.integer(0, height - 1), draw.integer(0, width - 1)
    bottom, right = (
        draw.integer(0, length - start - 1)
        for length, start in ((height, top), (width, left))
    )
    attributes: dict[str, Any] = {"border": [left, top, right, bottom]}
    if draw.chance():
        attributes["scale"] = [
            draw.integer(1, height - top - bottom),
            draw.integer(1, width - left - right),
        ]
    return at_most(NodeCase([x], attributes, exact=True), target, 9)
