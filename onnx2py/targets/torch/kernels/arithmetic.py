"""Elementwise arithmetic that PyTorch defines differently, or not for all types."""

from __future__ import annotations

from functools import reduce
from typing import Any

import torch
from torch import Tensor

from ._bits import SIGNED, modular, ordered
from ._precision import widened
from ._unsigned import unsigned_quotient


def identity(x: Any) -> Any:
    """Return ``x`` itself: a tensor, a sequence or an optional value."""
    return x


def div(a: Tensor, b: Tensor) -> Tensor:
    """Return ``a / b``; the quotient of integers is rounded toward zero, as in C."""
    if a.is_floating_point():
        return a / b
    if a.dtype in SIGNED:
        return unsigned_quotient(a, b)
    return torch.div(a, b, rounding_mode="trunc")


def power(x: Tensor, y: Tensor) -> Tensor:
    """Return ``x ** y``, of the dtype of ``x``.

    Integers to a power that is a float are computed as float64 and rounded toward zero.
    """
    y = y.long() if y.dtype in SIGNED else y
    if x.is_floating_point():
        return torch.pow(x, y).to(x.dtype)
    if y.is_floating_point():
        return torch.pow(x.double(), y.double()).to(x.dtype)
    return _integer_power(x, y.long())


@modular
def _integer_power(x: Tensor, y: Tensor) -> Tensor:
    return torch.pow(x.long(), y).to(x.dtype)


def cube(x: Tensor) -> Tensor:
    """Return ``x * x * x``."""
    return x * x * x


def clip(
    x: Tensor, min: Tensor | float | None = None, max: Tensor | float | None = None
) -> Tensor:
    """Return ``x`` limited to ``min``...``max``; ``max`` wins where ``min`` is greater.

    A missing bound is the smallest or largest finite number.
    """
    if x.dtype in SIGNED:  # these are compared as tensors
        min, max = (_as_tensor(bound, x) for bound in (min, max))
    return _least(_greatest(x, min), max)


def _as_tensor(bound: Any, x: Tensor) -> Tensor | None:
    if bound is None:
        return None
    return torch.as_tensor(bound, dtype=x.dtype, device=x.device)


@ordered
def _greatest(x: Tensor, bound: Any) -> Tensor:
    """Return ``x``, but ``bound`` where that is greater."""
    if isinstance(bound, Tensor):
        return torch.maximum(x, bound.reshape(()))
    if x.is_floating_point():
        lowest = torch.finfo(x.dtype).min
        # A number that is lower would become infinite.
        bound = lowest if bound is None or bound < lowest else bound
    return x if bound is None else torch.clamp(x, min=bound)


@ordered
def _least(x: Tensor, bound: Any) -> Tensor:
    """Return ``x``, but ``bound`` where that is less."""
    if isinstance(bound, Tensor):
        return torch.minimum(x, bound.reshape(()))
    if x.is_floating_point():
        highest = torch.finfo(x.dtype).max
        bound = highest if bound is None or bound > highest else bound
    return x if bound is None else torch.clamp(x, max=bound)


def elementwise_max(*data: Tensor) -> Tensor:
    """Return the maximum of all tensors, broadcast; NaN where one of them is NaN."""
    return reduce(ordered(torch.maximum), data)


def elementwise_min(*data: Tensor) -> Tensor:
    """Return the minimum of all tensors, broadcast; NaN where one of them is NaN."""
    return reduce(ordered(torch.minimum), data)


def elementwise_sum(*data: Tensor) -> Tensor:
    """Return the sum of all tensors, broadcast; small floats are summed in float32."""
    return sum(map(widened, data[1:]), widened(data[0])).to(data[0].dtype)


def elementwise_mean(*data: Tensor) -> Tensor:
    """Return the mean of all tensors, broadcast; small floats are summed in float32."""
    total = sum(map(widened, data[1:]), widened(data[0]))
    return (total / len(data)).to(data[0].dtype)
