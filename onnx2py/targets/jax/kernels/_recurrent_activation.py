"""The activation functions of recurrent layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
from jax import Array

Function = Callable[[Array], Array]


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
        "Relu": jax.nn.relu,
        "Tanh": jnp.tanh,
        "Sigmoid": jax.nn.sigmoid,
        "Affine": lambda x: alpha * x + beta,
        "LeakyRelu": lambda x: jax.nn.leaky_relu(x, alpha),
        "ThresholdedRelu": lambda x: jnp.where(x > alpha, x, 0),
        "ScaledTanh": lambda x: alpha * jnp.tanh(beta * x),
        "HardSigmoid": lambda x: jnp.clip(alpha * x + beta, 0, 1),
        "Elu": lambda x: jax.nn.elu(x, alpha),
        "Softsign": jax.nn.soft_sign,
        "Softplus": jax.nn.softplus,
    }
    return functions[name]


def clipped(x: Array, clip: float) -> Array:
    """Limit ``x`` to [-clip, clip]; 0 means no limit."""
    return jnp.clip(x, -clip, clip) if clip else x
