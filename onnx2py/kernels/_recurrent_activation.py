"""The activation functions of recurrent layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray


def activation_function(
    name: str, alpha: float, beta: float
) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """Return the activation function with that name as a function of one array.

    The sigmoid is computed as a tanh, which does not overflow, as for packed weights.
    """
    functions: dict[str, Callable[[NDArray[Any]], Any]] = {
        "Relu": lambda x: np.maximum(x, 0),
        "Tanh": np.tanh,
        "Sigmoid": lambda x: np.tanh(x * 0.5) * 0.5 + 0.5,
        "Affine": lambda x: alpha * x + beta,
        "LeakyRelu": lambda x: np.where(x >= 0, x, alpha * x),
        "ThresholdedRelu": lambda x: np.where(x > alpha, x, 0).astype(x.dtype),
        "ScaledTanh": lambda x: alpha * np.tanh(beta * x),
        "HardSigmoid": lambda x: np.minimum(np.maximum(alpha * x + beta, 0), 1),
        "Elu": lambda x: np.where(x >= 0, x, alpha * np.expm1(np.minimum(x, 0))),
        "Softsign": lambda x: x / (1 + np.abs(x)),
        "Softplus": lambda x: np.logaddexp(x, x.dtype.type(0)),
    }
    return functions[name]


def clipped(x: NDArray[Any], clip: float) -> NDArray[Any]:
    """Limit ``x`` to [-clip, clip]; 0 means no limit."""
    return np.minimum(np.maximum(x, -clip), clip) if clip else x
