"""The calls of an example's ``model.py``: their source, what they read and what they compute."""

from __future__ import annotations

import ast
import itertools
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parents[2] / "generated_examples"
INTEGERS = ("int64", "bool")
MANY = 6
"""As many calls with integers in a row become one row."""


@dataclass(frozen=True)
class Row:
    """A line of the picture; what reads lengths from a shape has no operator."""

    source: str
    operators: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    integer: bool = False
    """Whether it computes with shapes and positions."""
    nodes: tuple[str, ...] = ()
    """The names of the ONNX nodes, those that were folded into it included."""


def rows_of(example: str) -> list[Row]:
    """Return the inputs, the calls and the outputs of a model, in order."""
    source = (EXAMPLES / example / "model.py").read_text(encoding="utf-8")
    names = json.loads((EXAMPLES / example / "tools/names.json").read_text("utf-8"))
    method = _method(source)
    inputs = tuple(argument.arg for argument in method.args.args[1:])
    rows = [Row(f"def __call__(self, {', '.join(inputs)}):", "inputs", (), inputs)]
    known = set(inputs)
    for statement in method.body:
        row = _row(statement, source.splitlines(), known, names)
        if row is not None:
            rows.append(row)
            known.update(row.writes)
    return _condensed(rows)


def _method(source: str) -> ast.FunctionDef:
    (model,) = (
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef) and node.name == "Model"
    )
    return next(
        node
        for node in model.body
        if isinstance(node, ast.FunctionDef) and node.name == "__call__"
    )


def _row(
    statement: ast.stmt, lines: list[str], known: set[str], listed: dict[str, Any]
) -> Row | None:
    names = [n for n in ast.walk(statement) if isinstance(n, ast.Name)]
    reads = tuple(dict.fromkeys(n.id for n in _in_order(names) if n.id in known))
    source = " ".join(
        line.strip() for line in lines[statement.lineno - 1 : statement.end_lineno]
    )
    if isinstance(statement, ast.Return):
        return Row(_tight(source), "outputs", reads)
    if re.search(r"\.shape(\[\d+\])?$", source):
        return Row(_tight(source), "")
    writes = tuple(n.id for n in _in_order(names) if isinstance(n.ctx, ast.Store))
    first = next((name for name in writes if name in listed["nodes"]), "")
    if not first or not isinstance(statement, (ast.Assign, ast.AnnAssign)):
        return None
    made = (*listed["views"].get(f"Model.{first}", ()), first)  # views stand inside
    nodes = [label for name in made for label in listed["nodes"].get(name, ())]
    labels = (*nodes, *(n for name in made for n in listed["folded"].get(name, ())))
    return Row(
        _tight(source),
        " + ".join(label.rpartition(": ")[2] for label in nodes),
        reads,
        writes,
        _is_integer(statement, lines),
        tuple(label.rpartition(": ")[0] for label in labels),
    )


def _in_order(names: list[ast.Name]) -> list[ast.Name]:
    return sorted(names, key=lambda name: (name.lineno, name.col_offset))


def _tight(source: str) -> str:
    """Undo the spaces that joining the lines of a call left behind."""
    return re.sub(r",? \)", ")", source).replace("( ", "(")


def _is_integer(statement: ast.stmt, lines: list[str]) -> bool:
    """Whether the comment behind a statement, or above it, says that it computes integers."""
    last = lines[(statement.end_lineno or statement.lineno) - 1]
    above = lines[statement.lineno - 2].strip().lstrip("# ").rpartition(" -> ")[2]
    return (last.partition("  # ")[2] or above).startswith(INTEGERS)


def _condensed(rows: list[Row]) -> list[Row]:
    """Make one row of many calls with integers that follow each other."""
    short: list[Row] = []
    for integer, group in itertools.groupby(rows, key=lambda row: row.integer):
        run = list(group)
        short += [_joined(run)] if integer and len(run) >= MANY else run
    return short


def _joined(run: list[Row]) -> Row:
    last = run[-1].writes
    inner = {name for row in run for name in row.writes}
    reads = dict.fromkeys(n for row in run for n in row.reads if n not in inner)
    source = f"{', '.join(last)} = ...  # {len(run)} calls"
    nodes = tuple(dict.fromkeys(name for row in run for name in row.nodes))
    return Row(source, f"{len(nodes)} nodes", tuple(reads), last, True, nodes)
