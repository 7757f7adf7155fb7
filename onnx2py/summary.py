"""What a compilation made, in words: the lines that the command ends with."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from .errors import (
    InvalidModelError,
    LimitError,
    ModelErrors,
    Onnx2pyError,
    UnsupportedError,
    of_model,
)

if TYPE_CHECKING:
    from .inspection import Inspection, ValueInfo
    from .pipeline import Report
    from .shim import ShimReport
    from .verification.per_node import NodeReport
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
        *(f"  {s.kind}: {plain(s.path)}, {_bytes(s.size)}" for s in report.shipments),
    ]
    if report.verification is not None:
        lines += verdict(report.verification, verbose=verbose)
    return "\n".join(lines)


def shim_summary(report: ShimReport, *, verbose: bool) -> str:
    """Describe a folder of several models, and how each package compares with its model."""
    lines = [f"{plain(report.path)}: made"]
    for model in report.models:
        made = model.report
        files = " or ".join(map(plain, model.files)) or "bytes"
        lines.append(
            f"  {files} ({model.sha256[:12]}): models/{model.package}, "
            f"{made.nodes:,} nodes, {_bytes(made.weight_bytes)} of weights"
        )
        if made.verification is not None:
            found = verdict(made.verification, verbose=verbose)
            lines += [f"  {line}" for line in found]
    lines += [
        f"  requires {', '.join(report.requires)}",
        *(f"  {s.kind}: {plain(s.path)}, {_bytes(s.size)}" for s in report.shipments),
        f"  programs import it with PYTHONPATH={plain(report.path.parent)}",
    ]
    return "\n".join(lines)


def verdict(found: Verification, *, verbose: bool) -> list[str]:
    """Describe a comparison: a line for each output."""
    lines = [f"  compared with {found.oracle} on {plain(found.inputs)}:"]
    rows = [("output", "largest difference", "of the scale", "verdict")]
    notable = [o for o in found.outputs if not o.agrees or o.remark]
    shown = list(found.outputs) if verbose else notable
    if not verbose:
        agreeing = [output for output in found.outputs if output not in notable]
        shown += agreeing[: max(MAX_ROWS - len(shown), 0)]
    hidden = len(found.outputs) - len(shown)
    for output in sorted(shown, key=found.outputs.index):
        difference = output.difference
        reason = plain(difference.reason)
        text = plain(output.remark) or "agrees"
        if not output.agrees:
            text = f"DIFFERS: {reason}"
        numbers = (f"{difference.absolute:.1e}", f"{difference.relative:.1e}")
        if not output.compared:
            numbers = ("-", "-")
        rows.append((plain(output.name), *numbers, text))
    if found.failure:
        lines.append(f"    the package FAILS: {plain(found.failure)}")
        if verbose:
            lines += [f"      {plain(line)}" for line in found.traceback.splitlines()]
    else:
        lines += [f"    {line}" for line in _table(rows)]
        lines += [f"    and {hidden} more that agree"] if hidden else []
    return lines + [f"  note: {plain(note)}" for note in found.notes]


def node_report(found: NodeReport, *, everything: bool) -> list[str]:
    """Describe a comparison of every value: the first that differs, or a table of all."""
    count = sum(result.agrees for result in found.results)
    lines = [
        f"  value by value against {found.oracle}: {count:,} of {len(found.results):,} agree"
    ]
    if everything:
        rows = [("line", "value", "difference", "of the scale", "ULP", "node")]
        for result in found.results:
            rows.append(
                (
                    str(result.line),
                    plain(result.name),
                    f"{result.difference.absolute:.1e}",
                    f"{result.difference.relative:.1e}",
                    f"{result.ulp:.3g}",
                    plain(result.node) + ("" if result.agrees else "  DIFFERS"),
                )
            )
        lines += [f"    {line}" for line in _table(rows)]
    first = found.first
    if first is not None:
        lines += [
            f"  the first that differs is {plain(first.name)}, of {plain(first.node)}:",
            f"    model.py:{first.line}: {plain(first.source)}",
            f"    largest difference {first.difference.absolute:.1e}, "
            f"{first.difference.relative:.1e} of the scale, {first.ulp:,.0f} ULP: "
            f"{plain(first.difference.reason)}",
        ]
    return lines


def inspection_text(found: Inspection) -> str:
    """Describe a model: its signature, weights and operators, and what cannot be compiled."""
    opsets = ", ".join(f"{plain(k)} {v}" for k, v in found.opsets.items())
    lines = [
        f"{plain(found.source)}: {opsets}"
        + (f", made by {plain(found.producer)}" if found.producer else ""),
        *_values("inputs", found.inputs),
        *_values("outputs", found.outputs),
        f"  {found.nodes:,} nodes, {found.parameters:,} parameters, "
        f"{_bytes(found.weight_bytes)} of weights"
        + (f" ({', '.join(found.dtypes)})" if found.dtypes else ""),
    ]
    if found.external_files:
        lines.append(f"  external data: {', '.join(map(plain, found.external_files))}")
    rows = [("operator", "version", "count", "supported")]
    rows += [
        (
            plain(u.operator),
            str(u.version),
            str(u.count),
            "yes" if u.supported else "NO",
        )
        for u in found.operators
    ]
    lines += [f"  {line}".rstrip() for line in _table(rows)]
    for use in found.operators:
        name = f"{plain(use.operator)}-{use.version}"
        lines += [f"  {name}: {plain(problem)}" for problem in use.problems]
    if found.package_bytes is not None:
        lines.append(
            f"can be compiled: {found.called_nodes:,} nodes in {found.calls:,} calls, "
            f"about {_bytes(found.package_bytes)}, "
            f"requires {', '.join(found.requires or ())}"
        )
    else:
        lines.append("cannot be compiled")
    return "\n".join(lines)


def inspection_json(found: Inspection) -> str:
    """Return the same as JSON."""
    return json.dumps(found.as_dict(), indent=2)


def _values(title: str, values: Sequence[ValueInfo]) -> Iterable[str]:
    for value in values:
        mark = " (optional)" if value.optional else ""
        yield f"  {title.removesuffix('s')} {plain(value.name)}: {plain(value.type)}{mark}"


def error_text(error: Onnx2pyError) -> str:
    """Return an error's message; text of the model in it cannot move the cursor or add lines."""
    if isinstance(error, ModelErrors):
        return "\n".join(
            of_model(plain(name), error_text(e)) for name, e in error.errors
        )
    if isinstance(error, (InvalidModelError, UnsupportedError)):
        heading = str(error).partition("\n")[0]
        return "\n".join([heading, *(f"  {plain(p)}" for p in error.problems)])
    if isinstance(error, LimitError) and error.listed:
        lines = (f"  {plain(line)}" for line in error.listed)
        return "\n".join([plain(error.heading), *lines, plain(error.hint)])
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
