"""What idioms are written with: shorter spellings of calls, where they mean the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..emit.calls import CallWriter
from ..ir.program import Argument, Ref
from ..ir.types import TensorType

Idiom = Callable[[CallWriter], str]
"""Returns the source of a call, "" where it is to be that of the twin."""


def text(w: CallWriter, place: int) -> str:
    """Spell a positional argument."""
    return w.argument(w.call.args[place])


def plain(w: CallWriter, count: int) -> bool:
    """Whether a call has a number of positional arguments, and no others."""
    return len(w.call.args) == count and not w.call.kwargs


def dtype_of(w: CallWriter, value: Argument) -> str:
    """Return the element type of a value, "" if it is not known."""
    kind = w.kind(value)
    return kind.dtype if kind else ""


def rank_of(w: CallWriter, value: Argument) -> int | None:
    """Return the number of axes of a value, None if it is not known."""
    kind = w.kind(value)
    return kind.rank if kind else None


def shape_of(w: CallWriter, value: Argument) -> tuple[int | str | None, ...] | None:
    """Return the lengths of the axes of a value, None if their number is not known."""
    kind = w.kind(value)
    return kind.shape if isinstance(kind, TensorType) else None


def is_tensor(value: Argument) -> bool:
    """Whether a value has a name, and so methods."""
    return isinstance(value, Ref)


def options(**given: object) -> str:
    """Return keyword arguments after others, those that are None left out."""
    return "".join(f", {k}={v}" for k, v in given.items() if v is not None)


def short(items: tuple[Any, ...]) -> str:
    """Spell one number for all axes if it is the same: ``2``, ``(2, 1)``."""
    return str(items[0]) if len({*items}) == 1 else str(items)
