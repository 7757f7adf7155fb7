"""Where lengths are read from values, and the statements that do it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, Union

import numpy as np

from ..ir.program import Call, Ref, Statement

Axis = Union[int, Callable[..., int]]
"""An axis, or what NumPy makes of all of them: ``np.ndim`` or ``np.size``."""

AT_START = -1


class Source(NamedTuple):
    """Where a number is read: ``value.shape[axis]``, ``value.ndim`` or ``value.size``."""

    value: str
    axis: Axis
    position: int
    """The statement before which that happens; those of what a block takes come first."""


def reading(
    value: str, places: Mapping[Axis, str], rank: int | None
) -> Iterator[Statement]:
    """Yield the statements that read lengths of a value, by axis; its rank may be unknown."""
    axes = {axis: name for axis, name in places.items() if isinstance(axis, int)}
    for function in (np.size, np.ndim):
        if function in places:
            call = Call(function, (Ref(value),))
            yield Statement(call, (places[function],), ())
    if rank is None or len(axes) == 1:
        for axis, name in axes.items():
            yield Statement(Call(np.size, (Ref(value), axis)), (name,), ())
    elif axes:
        outputs = tuple(axes.get(axis, "") for axis in range(rank))
        yield Statement(Call(np.shape, (Ref(value),), results=rank), outputs, ())
