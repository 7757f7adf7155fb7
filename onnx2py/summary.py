"""What a compilation made, in words: the lines that the command ends with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from .errors import Onnx2pyError, UnsupportedError

if TYPE_CHECKING:
    from .pipeline import Report
    from .verify import Verification

MAX_ROWS = 12
"""Outputs that agree are listed up to this many rows, unless all are asked for."""


def summary(report: Report, *, verbose: bool) -> str:
    """Describe a package and how it compares with its model."""
    lines = [
        f"{plain(report.path)}: made",
        f"  {report.nodes:,} nodes, {report.calls:,} calls, "
        f"{report.parameters:,} parameters, {_bytes(report.weight_bytes)} of weights",
        f"  requires {', '.join(report.requires)}",
    ]
    if report.verification is not None:
        lines += verdict(report.verification, verbose=verbose)
    return "\n".join(lines)


def verdict(found: Verification, *, verbose: bool) -> list[str]:
    """Describe a comparison: a line for each output."""
    lines = [f"  compared with {found.oracle} on {plain(found.inputs)}:"]
    rows = [("output", "largest difference", "of the scale", "verdict")]
    shown = [output for output in found.outputs if not output.agrees or verbose]
    if not verbose:
        agreeing = [output for output in found.outputs if output.agrees]
        shown += agreeing[: max(MAX_ROWS - len(shown), 0)]
    hidden = len(found.outputs) - len(shown)
    for output in sorted(shown, key=found.outputs.index):
        difference = output.difference
        reason = plain(difference.reason)
        text = "agrees" if output.agrees else f"DIFFERS: {reason}"
        numbers = (f"{difference.absolute:.1e}", f"{difference.relative:.1e}")
        rows.append((plain(output.name), *numbers, text))
    if found.failure:
        lines.append(f"    the package FAILS: {plain(found.failure)}")
        if verbose:
            lines += [f"      {plain(line)}" for line in found.traceback.splitlines()]
    else:
        lines += [f"    {line}" for line in _table(rows)]
        lines += [f"    and {hidden} more that agree"] if hidden else []
    return lines + [f"  note: {plain(note)}" for note in found.notes]


def error_text(error: Onnx2pyError) -> str:
    """Return an error's message; text of the model in it cannot move the cursor or add lines."""
    if isinstance(error, UnsupportedError):
        heading = str(error).partition("\n")[0]
        return "\n".join([heading, *(f"  {plain(p)}" for p in error.problems)])
    return plain(error)


def plain(text: object) -> str:
    """Return text on one line, with escapes for what a terminal might obey."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(text))


def _table(rows: Sequence[tuple[str, ...]]) -> Iterable[str]:
    """Align columns; the last one is as long as it is."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row[:-1], widths)]
        yield "  ".join([*cells, row[-1]])


def _bytes(size: int) -> str:
    if size < 1000:
        return f"{size} bytes"
    amount, units = float(size), ["kB", "MB", "GB", "TB"]
    unit = "bytes"
    while amount >= 999.95 and units:
        amount, unit = amount / 1000, units.pop(0)
    return f"{amount:.1f} {unit}"
