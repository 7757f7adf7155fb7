"""The error function and the Gaussian error linear unit."""

from __future__ import annotations

import jax
from jax import Array
from jax.scipy.special import erf as error_function

from ._precision import wide_floats
from ._rounding import rounded_once


def erf(x: Array) -> Array:
    """Return the error function; integers are rounded toward zero."""
    return error_function(wide_floats(x)).astype(x.dtype)


@rounded_once
def gelu(x: Array, bias: Array | None = None) -> Array:
    """Return ``0.5 * x * (1 + erf(x / sqrt(2)))`` of ``x``, plus ``bias`` if any."""
    return jax.nn.gelu(x if bias is None else x + bias, approximate=False)


@rounded_once
def gelu_tanh(x: Array, bias: Array | None = None) -> Array:
    """Return ``gelu(x, bias)`` with a tanh in place of the error function."""
    return jax.nn.gelu(x if bias is None else x + bias, approximate=True)
