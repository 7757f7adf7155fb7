"""Convolutions that NumPy computes by Winograd's algorithm: oneDNN needs no transform.

The weight of such a convolution stays [3, 3, C, M] while oneDNN is active.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from .activations import Activation
from .convolution import conv_packed


def winograd_weight(weight: NDArray[Any], *, tile: int) -> NDArray[Any]:
    """Return the weight itself."""
    return weight


def conv_winograd(
    x: NDArray[Any],
    weight: NDArray[Any],
    bias: NDArray[Any] | None = None,
    *,
    pads: Sequence[int] | None = None,
    plus: NDArray[Any] | None = None,
    activation: Activation = None,
) -> NDArray[Any] | None:
    """Cross-correlate ``x`` with ``weight`` [3, 3, C, M]; None for a transformed weight."""
    if weight.ndim != 4:
        return None
    return conv_packed(x, weight, bias, pads=pads, plus=plus, activation=activation)
