"""Aligned columns and sizes, for texts that a terminal shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .errors import counted


def aligned(rows: Sequence[tuple[str, ...]]) -> Iterable[str]:
    """Align columns; the last one is as long as it is."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row[:-1], widths)]
        yield "  ".join([*cells, row[-1]])


def in_bytes(size: int) -> str:
    """Return a size in bytes with a unit.

    >>> in_bytes(1), in_bytes(999), in_bytes(1_500_000)
    ('1 byte', '999 bytes', '1.5 MB')
    """
    if size < 1000:
        return counted(size, "byte")
    amount, units = float(size), ["kB", "MB", "GB", "TB"]
    unit = "bytes"
    while amount >= 999.95 and units:
        amount, unit = amount / 1000, units.pop(0)
    return f"{amount:.1f} {unit}"
