"""Which kernels oneDNN computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import convolution, winograd

_FUNCTIONS: list[Callable[..., Any]] = [
    convolution.conv,
    convolution.conv_depthwise,
    convolution.conv_packed,
    convolution.conv_pointwise,
    winograd.conv_winograd,
    winograd.winograd_weight,
]

REPLACEMENTS: dict[str, Callable[..., Any]] = {f.__name__: f for f in _FUNCTIONS}
"""Functions of the names and parameters of kernels; they return None for other arguments."""

STAND_INS: dict[str, Callable[[Any], Any]] = {
    "conv_winograd": winograd.with_plain_weights,
}
"""What NumPy's kernels need in addition, to take what the functions above made."""
