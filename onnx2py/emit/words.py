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
