"""The activation functions of recurrent layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

Function = Callable[[Tensor], Tensor]


def activation_functions(
    count: int,
    direction: int,
    activations: Sequence[str],
    alphas: Sequence[float],
    betas: Sequence[float],
) -> list[Function]:
    """Return the ``count`` activation functions of a direction."""
    given = list(zip(activations, alphas, betas)) * 2
    return [
        _function(*each) for each in given[count * direction : count * (direction + 1)]
    ]


def _function(name: str, alpha: float, beta: float) -> Function:
    functions: dict[str, Function] = {
        "Relu": F.relu,
        "Tanh": torch.tanh,
        "Sigmoid": torch.sigmoid,
        "Affine": lambda x: alpha * x + beta,
        "LeakyRelu": lambda x: F.leaky_relu(x, alpha),
        "ThresholdedRelu": lambda x: torch.where(x > alpha, x, 0),
        "ScaledTanh": lambda x: alpha * torch.tanh(beta * x),
        "HardSigmoid": lambda x: torch.clamp(alpha * x + beta, 0, 1),
        "Elu": lambda x: F.elu(x, alpha),
        "Softsign": F.softsign,
        "Softplus": lambda x: F.softplus(x, threshold=40),
    }
    return functions[name]


def clipped(x: Tensor, clip: float) -> Tensor:
    """Limit ``x`` to [-clip, clip]; 0 means no limit."""
    return x.clamp(-clip, clip) if clip else x
