"""What other distributions add: entry points by group and name."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any

from .errors import OptionError


def installed(group: str) -> dict[str, EntryPoint]:
    """Return the entry points of a group by name; of equal names, the first."""
    found: dict[str, EntryPoint] = {}
    for entry in sorted(entry_points(group=group), key=lambda e: e.value):
        found.setdefault(entry.name, entry)
    return found


def loaded(entry: EntryPoint, kind: str) -> Any:
    """Return the object of an entry point; ``kind`` is what errors call it.

    Raises
    ------
    OptionError
        If it cannot be imported.
    """
    try:
        return entry.load()
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise OptionError(
            f"{kind} {entry.name!r}: {entry.value} cannot be imported: {reason}"
        ) from error
