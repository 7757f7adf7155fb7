"""The file ``names.json``: what ONNX calls everything in ``model.py``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ..ir.graph import Graph, onnx_name
from ..ir.program import Program, Statement, bodies_of, references
from .blocks import BlockSource
from .methods import Methods
from .names_lost import Lost
from .names_views import views_inside
from .spelling import Spelling


@dataclass(frozen=True)
class NamedLine:
    """A statement of ``model.py``, for one of the objects that run it."""

    values: dict[str, str]
    """The ONNX names of its results by their names in Python: ``layers.3.method.name``."""
    nodes: tuple[str, ...]
    literals: tuple[str, ...]
    """The constants that are written down in it."""


@dataclass
class NamesFile:
    """Collects what ``names.json`` says, by names in Python; see ``docs/package.md``."""

    program: Program
    values: dict[str, str] = field(default_factory=dict)
    """The ONNX name of each value."""
    nodes: dict[str, list[str]] = field(default_factory=dict)
    """The nodes that a line computes, by its first value."""
    folded: dict[str, list[str]] = field(default_factory=dict)
    """Nodes that need no computation: folded, merged, or the same as another."""
    inner: dict[str, list[str]] = field(default_factory=dict)
    """Values and weights without a name in Python, by the line that they are in."""
    views: dict[str, list[str]] = field(default_factory=dict)
    """Values of views in the expression of another, by the name of that in its class."""
    weights: dict[str, list[str]] = field(default_factory=dict)
    """The weights that an attribute holds, and the nodes that were folded into it."""
    unused: list[str] = field(default_factory=list)
    """What no line needs."""
    _placed: set[str] = field(default_factory=set)
    """Nodes that are in ``folded``: several lines may read a length."""
    _shared: set[tuple[str, str]] = field(default_factory=set)
    """What ``inner`` has of bodies that are one method."""

    def add_line(self, line: NamedLine) -> None:
        """Note the values and nodes of a line."""
        first = next(iter(line.values), "")
        for path, name in line.values.items():
            if self.values.setdefault(path, name) != name:
                self._share(path, [name])
        if not first:
            return
        if first in self.nodes:
            self._share(first, line.nodes)
            return
        dropped, others = self.program.dropped, line.nodes[1:]
        kept = [label for label in others if label not in dropped]
        self.nodes[first] = [*line.nodes[:1], *kept]
        gone = [label for label in others if label in dropped]
        gone += (n for c in line.literals for n in self.program.folded.get(c, ()))
        new = [label for label in dict.fromkeys(gone) if label not in self._placed]
        self._placed.update(new)
        if new:
            self.folded[first] = new

    def _share(self, path: str, names: Iterable[str]) -> None:
        """Note other names of a line: those of another body that is the same method."""
        known = {self.values.get(path, ""), *self.nodes.get(path, ())}
        for name in names:
            if name not in known and (path, name) not in self._shared:
                self._shared.add((path, name))
                self.inner.setdefault(path, []).append(name)

    def add_weight(self, path: str, constant: str) -> None:
        """Note that an attribute holds a constant."""
        made_of = (onnx_name(constant), *self.program.folded.get(constant, ()))
        held = self.weights.setdefault(path, [])
        held += (name for name in dict.fromkeys(made_of) if name not in held)

    def add_lost(self, graph: Graph) -> None:
        """Note what became of the nodes and values of a graph that are in no line."""
        labels: dict[str, str] = {}
        values = {name: path for path, name in self.values.items()}
        for path, held in (*self.weights.items(), *self.inner.items()):
            for name in held:
                (labels if ": " in name else values).setdefault(name, path)
        for listed in (self.folded, self.nodes):
            labels.update((n, path) for path, names in listed.items() for n in names)
        lost = Lost(graph, labels, values)
        for found, into in ((lost.folded(), self.folded), (lost.inner(), self.inner)):
            for name, path in dict.fromkeys(found):
                (into.setdefault(path, []) if path else self.unused).append(name)

    def text(self, objects: Mapping[str, list[str]]) -> str:
        """Return the text of the file; ``objects`` has the paths of each class."""
        parts = ("values", "nodes", "folded", "inner", "views", "weights", "unused")
        listed = {part: getattr(self, part) for part in parts}
        return f"{json.dumps({**listed, 'objects': objects}, indent=0)}\n"


def names_text(
    blocks: BlockSource,
    spelling: Spelling,
    methods: Methods,
    graph: Graph | None = None,
) -> str:
    """Return the text of ``names.json``; ``graph`` is that of the file."""
    names = NamesFile(blocks.program)
    names.views.update(views_inside(blocks, spelling, methods))
    for line in _lines(blocks, spelling, methods):
        names.add_line(line)
    for path, constant in blocks.weight_paths(spelling):
        names.add_weight(path, constant)
    if graph is not None:
        names.add_lost(graph)
    objects: dict[str, list[str]] = {}
    for use in blocks.tree.uses:
        objects.setdefault(blocks.classes[use.block], []).append(use.path)
    return names.text(objects)


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
