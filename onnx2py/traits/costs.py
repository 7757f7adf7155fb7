"""Formulas of the number of multiply-adds of a call.

Each takes the shape of an argument by its place, the shape of the first result and the keyword
arguments, and returns lengths whose product is the number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import prod
from typing import Any

from ..ir.types import Dim

Shapes = Callable[[int], tuple[Dim, ...]]
"""The shape of an argument, by its place."""

Count = Callable[[Shapes, tuple[Dim, ...], Mapping[str, Any]], Iterable[Dim]]


class Unknown(Exception):
    """A shape is not known."""


def free(shape: Shapes, made: tuple[Dim, ...], _: Any) -> Iterable[Dim]:
    """No matrix products and no convolutions."""
    return (0,)


def convolution(weight: int) -> Count:
    """Each result is a sum over the kernel: [M, C / group, K...]."""
    return lambda shape, made, _: (*made, *shape(weight)[1:])


def packed(shape: Shapes, made: tuple[Dim, ...], _: Any) -> Iterable[Dim]:
    """Each result is a sum over all axes of the weights but the last: [..., M]."""
    return (*made, *shape(1)[:-1])


def winograd(shape: Shapes, made: tuple[Dim, ...], _: Any) -> Iterable[Dim]:
    """As if it were computed without the trick: 3 x 3 times C of [tiles, C, M]."""
    return (*made, 9, shape(1)[1])


def transposed(shape: Shapes, made: tuple[Dim, ...], _: Any) -> Iterable[Dim]:
    """Each element goes through the kernel: [C, M / group, K...]."""
    return (*shape(0), *shape(1)[1:])


def product(shape: Shapes, made: tuple[Dim, ...], _: Any) -> Iterable[Dim]:
    """Each result is a sum over the last axis of the first operand."""
    inner = shape(0)
    if not inner:
        raise Unknown
    return (*made, inner[-1])


def attention(shape: Shapes, made: tuple[Dim, ...], _: Any) -> Iterable[Dim]:
    """Two products: [..., S, E] with [..., E, T], and that with values of the same size."""
    return (*shape(0), shape(1)[-1], 2)


def gemm(shape: Shapes, made: tuple[Dim, ...], options: Any) -> Iterable[Dim]:
    """Each result is a sum over the rows or the columns of the first matrix."""
    return (*made, shape(0)[0 if options.get("trans_a") else -1])


def recurrent(shape: Shapes, made: tuple[Dim, ...], _: Any) -> Iterable[Dim]:
    """Each step of each sequence goes through all weights of the inputs and of the state."""
    weights = (*shape(1), *shape(2))
    if not all(isinstance(length, int) for length in weights):
        raise Unknown
    number = sum(prod(d for d in shape(i) if isinstance(d, int)) for i in (1, 2))
    return (*shape(0)[:2], number)
