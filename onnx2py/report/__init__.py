"""An HTML page about a package: facts, a picture of the graph, a table of calls."""

from __future__ import annotations

from typing import Any

from ..emit.environment import environment
from ..emit.package import Package
from ..emit.provenance import Provenance
from ..emit.text import one_line
from ..errors import counted
from ..ir.program import Program
from ..tables import in_bytes
from .cost import Cost, total
from .drawing import HEIGHT, WIDTH, draw
from .groups import Box, boxes
from .rows import Row, RowWriter

TITLE_LENGTH = 32


def report_page(program: Program, package: Package, origin: Provenance) -> str:
    """Return the page as self-contained HTML, with its style and picture."""
    writer = RowWriter(program)
    rows = writer.rows()
    found = boxes(rows, program.inputs)
    makers = {
        value: i for i, box in enumerate(found) for r in box.rows for value in r.makes
    }
    drawing = draw(found, [makers.get(value, -1) for value in program.outputs])
    page = environment().overlay(autoescape=True).get_template("report.html.j2")
    return page.render(
        graph=one_line(program.name) or "(no name)",
        source=one_line(origin.source),
        facts=[(name, one_line(value)) for name, value in _facts(package, origin, rows)],
        inputs=[tuple(map(one_line, item)) for item in writer.inputs()],
        outputs=[tuple(map(one_line, item)) for item in writer.outputs()],
        drawing=drawing,
        lines=[(line.path, one_line(line.title)) for line in drawing.lines],
        boxes=[_box(box) for box in found],
        rows=[_row(row) for row in rows],
        at_load=len(program.setup),
        size=(WIDTH, HEIGHT),
    )  # fmt: skip


def _facts(
    package: Package, origin: Provenance, rows: list[Row]
) -> list[tuple[str, str]]:
    unknown = sum(row.cost is None for row in rows)
    sums = " + ".join(map(str, total(row.cost for row in rows))) or "0"
    note = (
        f", and those of {counted(unknown, 'call')} that are not known"
        if unknown
        else ""
    )
    opsets = sorted(origin.opsets.items())
    return [
        ("made by", f"onnx2py {origin.version}, -O{origin.level}"),
        ("SHA-256 of the model", origin.sha256),
        ("opsets", ", ".join(f"{domain or 'ai.onnx'} {v}" for domain, v in opsets)),
        ("producer", origin.producer or "not named"),
        ("ONNX nodes", f"{sum(len(row.nodes) for row in rows):,}"),
        ("calls", f"{package.calls:,}"),
        ("parameters", f"{package.parameters:,}"),
        ("weights", in_bytes(package.weight_bytes)),
        *(
            [("inputs that became weights", f"{len(origin.fixed):,}")]
            if origin.fixed
            else []
        ),
        ("multiply-adds", sums + note),
        ("needs", ", ".join(package.requires)),
    ]


def _box(box: Box) -> dict[str, Any]:
    title = one_line(box.title)
    if len(title) > TITLE_LENGTH:
        title = f"...{title[-TITLE_LENGTH:]}"
    operators = ", ".join(f"{one_line(o)[:20]} {n}" for o, n in box.operators)
    return {
        "title": title,
        "whole": f"{one_line(box.title)}: {operators}",
        "operators": operators if len(operators) < 36 else f"{operators[:33]}...",
        "facts": _small_print(box),
        "first": box.first,
    }


def _small_print(box: Box) -> str:
    count, weights = len(box.rows), box.parameters
    parts = [f"{count} call{'s' if count > 1 else ''}"]
    if weights:
        parts.append(f"{_short(weights)} parameter{'s' if weights > 1 else ''}")
    costs = [f"{'n·' if c.symbols else ''}{_short(c.number)}" for c in box.costs]
    parts += [f"{' + '.join(costs[:2])} madds"] if costs else []
    return " · ".join(parts)


def _short(number: int) -> str:
    """Format a number in a few characters: ``1.2M``."""
    value = float(number)
    for unit in ("", "k", "M", "G"):
        if value < 1000:
            return f"{value:.3g}{unit}"
        value /= 1000
    return f"{value:.3g}T"


def _row(row: Row) -> dict[str, Any]:
    return {
        "number": row.number,
        "depth": row.depth,
        "name": row.name,
        "nodes": [one_line(node) for node in row.nodes],
        "function": row.function,
        "kind": one_line(row.kind),
        "parameters": f"{row.parameters:,}" if row.parameters else "",
        "cost": _spelled(row.cost),
    }


def _spelled(cost: Cost | None) -> str:
    if cost is None:
        return "?"
    return one_line(cost) if cost.number else ""
