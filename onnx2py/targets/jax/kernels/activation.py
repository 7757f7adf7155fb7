"""Activation functions."""

from __future__ import annotations

import jax
from jax import Array


def relu(x: Array) -> Array:
    """Return ``max(x, 0)``."""
    return jax.nn.relu(x)
