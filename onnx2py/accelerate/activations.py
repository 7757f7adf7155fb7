"""Activations that a primitive applies to its own result.

Those with a bound (``relu``, ``clip``, ``hard_sigmoid``) turn NaN into the bound, where
NumPy's kernels keep it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Optional, Union

import numpy as np

PostOp = tuple[int, float, float]
"""The number of an elementwise function of oneDNN, and its two parameters."""

LARGEST = float(np.finfo(np.float32).max)

RELU, TANH, ELU, SOFT_RELU, HARD_SIGMOID = 32, 33, 34, 39, 40
LOGISTIC, GELU_TANH, SWISH, CLIP, GELU_ERF, MISH, HARD_SWISH = (
    41,
    43,
    44,
    46,
    49,
    51,
    52,
)

Parameters = tuple[tuple[str, float], ...]

KERNELS: dict[str, tuple[int, Parameters]] = {
    "relu": (RELU, ()),
    "tanh": (TANH, ()),
    "sigmoid": (LOGISTIC, ()),
    "gelu": (GELU_ERF, ()),
    "gelu_tanh": (GELU_TANH, ()),
    "mish": (MISH, ()),
    "softplus": (SOFT_RELU, ()),
    "hard_swish": (HARD_SWISH, ()),
    "leaky_relu": (RELU, (("alpha", 0.01),)),
    "elu": (ELU, (("alpha", 1.0),)),
    "swish": (SWISH, (("alpha", 1.0),)),
    "hard_sigmoid": (HARD_SIGMOID, (("alpha", 0.2), ("beta", 0.5))),
    "clip": (CLIP, (("min", -LARGEST), ("max", LARGEST))),
}
"""The function of oneDNN for a kernel, and the kernel's parameters with their defaults."""

CONSTANTS: dict[int, tuple[float, float]] = {
    HARD_SWISH: (1 / 6, 0.5),
    SOFT_RELU: (1.0, 0.0),
}
"""Parameters of oneDNN's functions that the kernels do not have."""

UNKNOWN = "unknown"

Activation = Optional[Callable[..., Any]]
Found = Union[PostOp, str, None]


def post_op(activation: Activation) -> Found:
    """Return the post-op of an activation, ``None`` for no activation, or ``UNKNOWN``."""
    if activation is None:
        return None
    options: dict[str, Any] = {}
    while isinstance(activation, partial):
        if activation.args:
            return UNKNOWN
        options = {**activation.keywords, **options}
        activation = activation.func
    number, parameters = KERNELS.get(getattr(activation, "__name__", ""), (0, ()))
    if not number:
        return UNKNOWN
    values = []
    for name, default in parameters:
        value = options.pop(name, default)
        try:
            value = float(value if value is not None else default)
        except (TypeError, ValueError):
            return UNKNOWN
        values.append(value)
    if options or not all(np.isfinite(values)):
        return UNKNOWN
    first, second = (*values, *CONSTANTS.get(number, ()), 0.0, 0.0)[:2]
    return number, first, second
