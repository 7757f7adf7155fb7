"""Activations: one input, the result in its shape."""

from __future__ import annotations

from typing import Any

from ..case import Case
from ..draw import FLOATS, Draw
from ..registry import Target, generates

_ATTRIBUTES: dict[str, dict[str, tuple[float, float]]] = {
    "Elu": {"alpha": (0.1, 2)},
    "HardSigmoid": {"alpha": (0.1, 0.5), "beta": (0, 1)},
    "LeakyRelu": {"alpha": (0, 0.5)},
    "Selu": {"alpha": (0.5, 2), "gamma": (0.5, 2)},
    "ThresholdedRelu": {"alpha": (0, 2)},
    "Celu": {"alpha": (0.1, 2)},
    "Shrink": {"bias": (-1, 1), "lambd": (0, 1)},
}


@generates(
    "Elu", "HardSigmoid", "HardSwish", "LeakyRelu", "Mish", "Relu", "Selu", "Sigmoid",
    "Softplus", "Softsign", "Tanh", "ThresholdedRelu", "Celu", "Shrink",
)  # fmt: skip
def activation(draw: Draw, target: Target) -> Case:
    """Any shape; every attribute given or left out."""
    ranges = _ATTRIBUTES.get(target.operator, {})
    attributes: dict[str, Any] = {
        name: draw.number(*bounds)
        for name, bounds in ranges.items()
        if draw.chance(0.7)
    }
    dtype = draw.one_of(FLOATS)
    make = draw.special if draw.chance(0.3) else draw.array
    return Case([make(dtype, draw.shape())], attributes, ulp=True)
