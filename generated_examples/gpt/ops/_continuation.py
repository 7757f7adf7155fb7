"""What follows a product or a convolution, computed in the memory of its result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Activation = Callable[..., NDArray[Any]]
"""A function of each element of one tensor, or a ``partial`` of one with numbers."""


def continued(
    y: NDArray[Any], plus: NDArray[Any] | None, activation: Activation | None
) -> NDArray[Any]:
    """Return ``activation(y + plus)``, of what is given; ``y`` may be written over.

    Parameters
    ----------
    y : [D...], not read by anything else
    plus : [D...], of the dtype of ``y``
    activation : computes each element by itself
    """
    if plus is not None:
        np.add(y, plus, out=y)
    if activation is None:
        return y
    return activation(y, out=y) if _takes_out(activation) else activation(y)


def _takes_out(activation: Activation) -> bool:
    """Whether a function, or the one that it is a ``partial`` of, has a parameter ``out``."""
    function = getattr(activation, "func", activation)
    keywords = getattr(function, "__kwdefaults__", None) or ()
    return isinstance(function, np.ufunc) or "out" in keywords
