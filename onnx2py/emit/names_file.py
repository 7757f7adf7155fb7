"""The file ``names.json``: what ONNX calls everything in ``model.py``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..ir.graph import onnx_name
from ..ir.program import Statement, bodies_of, references
from .blocks import BlockSource
from .methods import Methods
from .spelling import Spelling


@dataclass(frozen=True)
class NamedLine:
    """A statement of ``model.py``, for one of the objects that run it."""

    values: dict[str, str]
    """The ONNX names of its results by their names in Python: ``layers.3.method.name``."""
    nodes: tuple[str, ...]
    literals: tuple[str, ...]
    """The constants that are written down in it."""


def names_text(blocks: BlockSource, spelling: Spelling, methods: Methods) -> str:
    """Return the contents of ``names.json``: three mappings from names in Python.

    ``values`` has the ONNX name of each value; ``nodes`` the nodes that a line computes, by its
    first value; ``folded`` those that need no computation: what was folded into its literals,
    and what does nothing or the same as another node.
    """
    values: dict[str, str] = {}
    nodes: dict[str, list[str]] = {}
    folded: dict[str, list[str]] = {}
    program = blocks.program
    for line in _lines(blocks, spelling, methods):
        first = next(iter(line.values), "")
        values.update((k, v) for k, v in line.values.items() if k not in values)
        if not first or first in nodes:
            continue
        others = line.nodes[1:]
        kept = [label for label in others if label not in program.dropped]
        nodes[first] = [*line.nodes[:1], *kept]
        gone = [label for label in others if label in program.dropped]
        gone += (n for name in line.literals for n in program.folded.get(name, ()))
        if gone:
            folded[first] = list(dict.fromkeys(gone))
    listed = {"values": values, "nodes": nodes, "folded": folded}
    return f"{json.dumps(listed, indent=0)}\n"


def _lines(
    blocks: BlockSource, spelling: Spelling, methods: Methods
) -> Iterator[NamedLine]:
    """Yield the lines of the model, then those of its objects; a body is ``method.name``."""

    def inside(statements: Iterable[Statement], scope: str) -> Iterator[NamedLine]:
        for statement in statements:
            if statement.nodes:
                made = (v for v in statement.outputs if v and v not in spelling.fixed)
                values = {f"{scope}{spelling.names[v]}": onnx_name(v) for v in made}
                read = filter(spelling.is_literal, references(statement.operation))
                yield NamedLine(values, statement.nodes, (*statement.literals, *read))
            for body in bodies_of(statement.operation):
                yield from inside(body.statements, methods.scope(body, scope))

    yield from inside(blocks.main.statements, "")
    for path, results, notes in blocks.lines():
        values = {f"{path}.{name}": onnx_name(v) for name, v in results.items()}
        yield NamedLine(values, notes.nodes, notes.literals)
