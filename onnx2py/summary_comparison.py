"""How a package compares with its model, in words."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from .tables import aligned
from .terminal import Palette, plain

if TYPE_CHECKING:
    from .verification.comparison import OutputResult
    from .verification.per_node import NodeReport
    from .verify import Verification

MAX_ROWS = 12
"""Outputs that agree are listed up to this many rows, unless all are requested."""


def verdict(verification: Verification | None, palette: Palette) -> str:
    """Return the verdict in a few words, with a comma before it; empty if there is none."""
    if verification is None:
        return ""
    if verification.failure:
        return f", {palette.bad('FAILS')} when it is run"
    if not verification.agrees:
        return f", {palette.bad('DIFFERS')} from {verification.oracle}"
    if verification.nodes is not None and verification.nodes.first is not None:
        return f", {palette.bad('DIFFERS')} from {verification.oracle} inside"
    if verification.outputs and not any(o.compared for o in verification.outputs):
        return f", not compared with {verification.oracle}"
    return f", {palette.good('agrees')} with {verification.oracle}"


def comparison(
    verification: Verification, palette: Palette, *, verbose: bool
) -> list[str]:
    """Describe a comparison: a line for each output."""
    oracle, inputs = verification.oracle, plain(verification.inputs)
    lines = [f"  compared with {oracle} on {inputs}:"]
    if verification.failure:
        lines.append(
            f"    the package {palette.bad('FAILS')}: {plain(verification.failure)}"
        )
        if verbose:
            traceback = verification.traceback.splitlines()
            lines += [f"      {plain(line)}" for line in traceback]
    else:
        lines += _outputs(verification, palette, verbose)
    return lines + [f"  note: {plain(note)}" for note in verification.notes]


def _outputs(verification: Verification, palette: Palette, verbose: bool) -> list[str]:
    """Return a table: outputs that differ or have a remark, and some that agree."""
    outputs = verification.outputs
    shown = [o for o in outputs if verbose or not o.agrees or o.remark]
    if not verbose:
        agreeing = [output for output in outputs if output not in shown]
        shown += agreeing[: max(MAX_ROWS - len(shown), 0)]
    rows = [("output", "largest difference", "of the scale", "verdict")]
    rows += [_row(o, palette) for o in sorted(shown, key=outputs.index)]
    hidden = len(outputs) - len(shown)
    more = [f"    and {hidden} more that agree"] if hidden else []
    return [*(f"    {line}" for line in aligned(rows)), *more]


def _row(output: OutputResult, palette: Palette) -> tuple[str, str, str, str]:
    difference = output.difference
    text = plain(output.remark) or palette.good("agrees")
    if not output.agrees:
        text = f"{palette.bad('DIFFERS')}: {plain(difference.reason)}"
    numbers = (f"{difference.absolute:.1e}", _part(difference.relative))
    return (plain(output.name), *(numbers if output.compared else ("-", "-")), text)


def _part(relative: float) -> str:
    """Format a difference as part of the scale, which text and outputs of 0 do not have."""
    return f"{relative:.1e}" if isfinite(relative) else "-"


def _steps(ulp: float) -> str:
    """Format a number of units in the last place; more than a million say nothing more."""
    return f"{ulp:,.0f}" if ulp <= 1e6 else ">1,000,000"


def values(report: NodeReport, palette: Palette, *, all_rows: bool) -> list[str]:
    """Describe a comparison of every value: the first that differs, or a table of all."""
    count = sum(result.agrees for result in report.results)
    total = len(report.results)
    found = f"{count:,} of {total:,} agree" if total else "there is none to compare"
    left = f"; not compared: {', '.join(report.skipped)}" if report.skipped else ""
    lines = [f"  value by value against {report.oracle}: {found}{plain(left)}"]
    if all_rows:
        lines += [f"    {line}" for line in aligned(_value_rows(report, palette))]
    first = report.first
    if first is not None:
        lines += [
            f"  the first that differs is {plain(first.name)}, of {plain(first.node)}:",
            f"    model.py:{first.line}: {plain(first.source)}",
            f"    largest difference {first.difference.absolute:.1e}, "
            f"{_part(first.difference.relative)} of the scale, {_steps(first.ulp)} ULP: "
            f"{plain(first.difference.reason)}",
        ]
    return lines


def _value_rows(report: NodeReport, palette: Palette) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        ("line", "value", "difference", "of the scale", "ULP", "node")
    ]
    for result in report.results:
        mark = "" if result.agrees else f"  {palette.bad('DIFFERS')}"
        rows.append(
            (
                str(result.line),
                plain(result.name),
                f"{result.difference.absolute:.1e}",
                _part(result.difference.relative),
                _steps(result.ulp),
                f"{plain(result.node)}{mark}",
            )
        )
    return rows
