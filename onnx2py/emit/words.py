"""Numbers and lists of names in sentences."""

from __future__ import annotations

from collections.abc import Iterable

from .text import one_line


def name_list(names: Iterable[str]) -> str:
    """Join names with "and"; of more than two, name the first and count the others."""
    listed = [f"``{doc_line(one_line(n)[:40])}``" for n in names]
    if len(listed) > 2:
        return f"{listed[0]} and {len(listed) - 1} more"
    return " and ".join(listed)


def doc_line(text: str) -> str:
    """Return a line for the inside of a triple-quoted string."""
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 call``, ``2 calls``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def byte_count(size: int) -> str:
    """Format a size in bytes with its unit."""
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size //= 1000
    return f"{size} GB"
