"""The ONNX nodes of a block's statements, below the scope that its docstring names."""

from __future__ import annotations

import os.path
import textwrap
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from ..errors import counted
from ..ir.blocks import Application, Block, Notes
from ..ir.program import (
    Apply,
    Operation,
    Repeat,
    Section,
    Statement,
    bodies_of,
    walk,
)
from ..ir.types import TensorType, ValueType
from ..plan.outline.scopes import common
from ..plan.traverse import with_bodies
from .patterns import WORDS, pattern
from .text import WIDTH, one_line
from .words import doc_line

LINE = WIDTH - 4 - 2 * len('"""')
"""Characters of the docstring of a class on one line."""


def scopes_of(block: Block) -> list[str]:
    """Return the scope of each application: its nodes' names begin with it."""
    return [_scope(application) for application in block.applications]


def modules_of(block: Block) -> list[str]:
    """Return the module that each application is of, as far as the file tells."""
    if not any(scopes := scopes_of(block)):
        found = (
            common(notes.scopes for notes in a.notes if notes.scopes)
            for a in block.applications
        )
        return [path[-1].path if path else "" for path in found]
    return [scope.rstrip("/") for scope in scopes]


def docstring(block: Block, calls: int) -> str:
    """Say which modules a block stands for, and how much it computes, on one line if possible."""
    modules = modules_of(block)
    subjects = [_subject(modules)]
    if len({*modules}) > 1 and all(modules):
        first = one_line(modules[0])
        subjects.append(f"One of the {len(modules)} modules like ``{first}``")
    if ",...," in subjects[0]:
        del subjects[0]  # a list that is cut says less than one name
    ends = (f": {counted(calls, 'call')}.", ".")
    texts = [f"{subject}{end}" for subject in subjects for end in ends]
    text = next((text for text in texts if len(text) <= LINE), texts[-1])
    first, *rest = textwrap.wrap(text, LINE, break_on_hyphens=False)
    if not rest:
        return f'"""{doc_line(first)}"""'
    return "\n".join([f'"""{doc_line(first)}', *map(doc_line, rest), '"""'])


def _subject(modules: Sequence[str]) -> str:
    """Return the subject of a docstring: a module, or a part that is computed several times."""
    count = len(modules)
    if not all(modules):
        return "A part of the model" + (f", {count} times" if count > 1 else "")
    where = f"``{one_line(pattern(modules, WORDS))}``"
    if count == 1:
        return f"The module {where}"
    if len({*modules}) == 1:
        return f"A part of {where}, {count} times"
    return f"One of the {count} modules {where}"


def shown_types(block: Block, types: Mapping[str, ValueType]) -> dict[str, ValueType]:
    """Return the types of a block's values: ``*`` for a length that applications differ in.

    ``types`` are those of the program.
    """

    def shown(name: str, kind: ValueType) -> ValueType:
        if not isinstance(kind, TensorType) or kind.shape is None:
            return kind
        own = (types.get(a.values.get(name, "")) for a in block.applications)
        shapes = (k.shape or () for k in own if isinstance(k, TensorType))
        rows = [shape for shape in shapes if len(shape) == len(kind.shape or ())]
        lengths = (
            "*" if n is None and len(set(column)) > 1 else n
            for n, column in zip(kind.shape, zip(*rows))
        )
        return replace(kind, shape=tuple(lengths)) if rows else kind

    return {name: shown(name, kind) for name, kind in block.types.items()}


def common_type(kinds: Iterable[ValueType | None]) -> ValueType | None:
    """Return the type of several values: ``*`` for a length that differs, None for other types."""
    first, *others = kinds
    if all(kind == first for kind in others):
        return first
    tensors = [kind for kind in (first, *others) if isinstance(kind, TensorType)]
    shapes = [kind.shape for kind in tensors if kind.shape is not None]
    many, dtypes = 1 + len(others), {kind.dtype for kind in tensors}
    if len(shapes) < many or len({*map(len, shapes)}) > 1 or len(dtypes) > 1:
        return None
    lengths = (c[0] if len({*c}) == 1 else "*" for c in zip(*shapes))
    return replace(tensors[0], shape=tuple(lengths))


def labeled(
    block: Block, statements: Iterable[Statement], dropped: Collection[str]
) -> tuple[Statement, ...]:
    """Return the statements of a block, with the nodes of all applications as patterns.

    Those that nothing computes, which are ``dropped``, are left out.
    """
    scopes = scopes_of(block)
    columns = ([_without(n, dropped) for n in a.notes] for a in block.applications)
    return tuple(_labeled(statements, zip(*columns), scopes))


def _without(notes: Notes, dropped: Collection[str]) -> Notes:
    others = (label for label in notes.nodes[1:] if label not in dropped)
    return replace(notes, nodes=(*notes.nodes[:1], *others))


def _labeled(
    statements: Iterable[Statement],
    rows: Iterator[tuple[Notes, ...]],
    scopes: Sequence[str],
) -> Iterator[Statement]:
    for statement in statements:
        if isinstance(statement.operation, (Apply, Repeat)):
            yield statement
            continue
        nodes = [
            [label[len(scope) :] for label in notes.nodes]
            for notes, scope in zip(next(rows), scopes)
        ]
        operation = _operation(statement.operation, rows, scopes)
        yield replace(statement, operation=operation, nodes=_joined(nodes), literals=())


def _operation(
    operation: Operation, rows: Iterator[tuple[Notes, ...]], scopes: Sequence[str]
) -> Operation:
    if not bodies_of(operation):
        return operation
    return with_bodies(
        operation,
        lambda body: replace(
            body, statements=tuple(_labeled(body.statements, rows, scopes))
        ),
    )


def _joined(nodes: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return the labels of a statement for those that it has in each application."""
    nodes = [labels for labels in nodes if labels]  # the others leave the call out
    if not nodes:
        return ()
    if len({len(labels) for labels in nodes}) == 1:
        return tuple(pattern(column) for column in zip(*nodes))
    first = pattern([labels[0] for labels in nodes])
    others = [" + ".join(labels[1:]) for labels in nodes]
    return (first, pattern(others))


def _scope(application: Application) -> str:
    """Return the scope that all of an application's own nodes share, with a slash behind it."""
    names = [
        label.rpartition(": ")[0]
        for notes in application.notes
        for label in notes.nodes[:1]
    ]
    common = os.path.commonprefix(names)
    return common[: common.rfind("/") + 1]


def below_scope(statements: Sequence[Statement]) -> tuple[Statement, ...]:
    """Return statements whose modules are those below the module that all belong to."""
    around = common(s.scopes for s in walk(statements) if s.scopes)
    prefix = f"{around[-1].path}." if around else ""

    def inner(statement: Statement) -> Statement:
        if isinstance(statement.operation, Section):
            operation = with_bodies(
                statement.operation,
                lambda b: replace(b, statements=tuple(map(inner, b.statements))),
            )
            statement = replace(statement, operation=operation)
        scopes = tuple(
            replace(scope, path=scope.path[len(prefix) :])
            for scope in statement.scopes[len(around) :]
            if scope.path.startswith(prefix)
        )
        return replace(statement, scopes=scopes)

    return tuple(map(inner, statements)) if prefix else tuple(statements)


def without_scope(name: str, scope: str) -> str:
    """Return the part of the name of a value or weight below a scope.

    >>> without_scope("/m/layer.0/dense/Add", "/m/layer.0")
    'dense/Add'
    >>> without_scope("m.layer.0.dense.bias", "/m/layer.0")
    'dense.bias'
    """
    dotted = scope.strip("/").replace("/", ".")
    ends = ("/", ".", "") if scope.endswith("_") else ("/", ".")
    for start in (scope, dotted):
        for end in ends if start else ():
            if name.startswith(start + end) and len(name) > len(start + end):
                return name[len(start + end) :]
    return name
