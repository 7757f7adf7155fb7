"""Which attribute of its caller each instance is (rule G9): what its module is called there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field, replace

from ...ir.blocks import Block, Instance, Notes, Outline, mapped
from ...ir.program import Apply, Operation, Repeat, Statement, bodies_of
from .names import Names, plural, snake
from .scopes import Path, common

SHORTEST = 2
"""Letters of a word that says something: ``h`` does not."""
MAIN = ""
"""In place of the name of a block: the statements of the program themselves."""


@dataclass
class _Use:
    """One application of a block, or the program: where it is, and which blocks it applies."""

    path: Path = ()
    calls: list[list[tuple[str, int]]] = field(default_factory=list)
    """For each call of a block, or loop: the block and the number of the application."""


def with_modules(outline: Outline) -> Outline:
    """Return an outline whose calls say which module they call: its path in their own module.

    Each instance knows its path in the model (rule G10).
    """
    uses = _Uses(outline)
    named = {name: _modules(uses, name) for name in (MAIN, *outline.blocks)}
    blocks = {
        name: replace(
            block, statements=tuple(_with(block.statements, iter(named[name])))
        )
        for name, block in outline.blocks.items()
    }
    return Outline(tuple(_with(outline.statements, iter(named[MAIN]))), blocks)


def _modules(uses: _Uses, name: str) -> list[tuple[str, ...]]:
    """Return the modules that each call of a block, or loop, in a class calls."""
    around = f"{uses.module((name, 0))}." if name != MAIN else ""
    calls = uses.of[name][0].calls
    return [tuple(uses.module(c).removeprefix(around) for c in each) for each in calls]


def with_attributes(outline: Outline, modules: Set[str]) -> Outline:
    """Return an outline whose calls say which attribute they call.

    ``modules`` are the blocks whose applications are whole modules of the network.
    """
    uses = _Uses(outline)
    named = {name: _attributes(uses, name, modules) for name in (MAIN, *outline.blocks)}
    paths = _paths(uses, named)
    blocks = {
        name: replace(
            block,
            statements=tuple(_with(block.statements, iter(named[name]))),
            instances=tuple(_with_paths(block, paths.get(name, {}))),
        )
        for name, block in outline.blocks.items()
    }
    return Outline(tuple(_with(outline.statements, iter(named[MAIN]))), blocks)


class _Uses:
    """All applications of blocks, in their order."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self.of: dict[str, list[_Use]] = {name: [] for name in outline.blocks}
        self.of[MAIN] = [self._use(outline.statements, None)]

    def _use(
        self, statements: Sequence[Statement], notes: Iterator[Notes] | None
    ) -> _Use:
        use = _Use()
        paths = [*self._paths(statements, notes, use)]
        use.path = common(path for path in paths if path)
        return use

    def _paths(
        self,
        statements: Sequence[Statement],
        notes: Iterator[Notes] | None,
        use: _Use,
    ) -> Iterator[Path]:
        for statement in statements:
            operation = statement.operation
            if isinstance(operation, (Apply, Repeat)):
                times = len(operation.rounds) if isinstance(operation, Repeat) else 1
                inner = [self._apply(operation.block) for _ in range(times)]
                use.calls.append([(operation.block, number) for number in inner])
                yield from (self.of[operation.block][n].path for n in inner)
                continue
            yield statement.scopes if notes is None else next(notes).scopes
            for body in bodies_of(operation):
                yield from self._paths(body.statements, notes, use)

    def _apply(self, name: str) -> int:
        block, uses = self.outline.blocks[name], self.of[name]
        number = len(uses)
        uses.append(_Use())
        notes = iter(block.applications[number].notes)
        uses[number] = self._use(block.statements, notes)
        return number

    def instance(self, call: tuple[str, int]) -> int:
        """Return which instance an application is of."""
        name, number = call
        return self.outline.blocks[name].applications[number].instance

    def module(self, call: tuple[str, int]) -> str:
        """Return the path that the instance of an application was given."""
        return self.outline.blocks[call[0]].instances[self.instance(call)].path


def _attributes(uses: _Uses, name: str, modules: Set[str]) -> list[tuple[str, ...]]:
    """Return the attributes that each call of a block, or loop, in a class calls."""
    names = Names()
    taken: dict[object, tuple[str, ...]] = {}
    found: list[tuple[str, ...]] = []
    own = uses.of[name]
    for place, calls in enumerate(own[0].calls):
        block = calls[0][0]
        key = (
            block,
            *(tuple(map(uses.instance, use.calls[place])) for use in own),
        )
        if key not in taken:
            base = names.new(*_wishes(uses, own[0], calls, block in modules))
            instances = [uses.instance(call) for call in calls]
            order = [*dict.fromkeys(instances)]
            is_list = len(calls) > 1 and len({*zip(*key[1:])}) > 1
            taken[key] = tuple(
                f"{base}.{order.index(i)}" if is_list else base for i in instances
            )
        found.append(taken[key])
    return found


def _wishes(
    uses: _Uses, use: _Use, calls: Sequence[tuple[str, int]], is_module: bool
) -> Iterator[str]:
    """Yield what a call of a block, or a list of its instances, may be called."""
    block = calls[0][0]
    distinct = {uses.instance(call) for call in calls}
    if is_module:
        paths = [_words(uses.of[block][n].path, use.path) for _, n in calls]
        words = paths[0] if len(distinct) == 1 else _shared(paths)
        for start in reversed(range(len(words))):
            short = not words[-1].isdigit() and len(words[-1]) < SHORTEST
            if words[start].isdigit() or short:
                continue
            name = snake("_".join(words[start:]))
            if name:
                yield plural(name) if len(distinct) > 1 else name
    name = snake(block)
    yield plural(name) if len(distinct) > 1 else name


def _words(path: Path, outer: Path) -> list[str]:
    """Return the words that the path of a module adds to that of another."""
    inmost = path[-1].path if path else ""
    around = f"{outer[-1].path}." if outer else ""
    return (
        [w for w in inmost.removeprefix(around).split(".") if w]
        if inmost != around[:-1]
        else []
    )


def _shared(paths: Sequence[Sequence[str]]) -> list[str]:
    """Return the words that all paths begin with."""
    shared = []
    for column in zip(*paths):
        if len({*column}) > 1:
            break
        shared.append(column[0])
    while shared and shared[-1].isdigit():
        shared.pop()
    return shared


def _paths(
    uses: _Uses, named: dict[str, list[tuple[str, ...]]]
) -> dict[str, dict[int, str]]:
    """Return the path of each instance of each block: where it is applied first."""
    found: dict[str, dict[int, str]] = {}

    def visit(name: str, use: _Use, prefix: str) -> None:
        for calls, attributes in zip(use.calls, named[name]):
            for call, attribute in zip(calls, attributes):
                block, number = call
                path = f"{prefix}{attribute}"
                found.setdefault(block, {}).setdefault(uses.instance(call), path)
                visit(block, uses.of[block][number], f"{path}.")

    visit(MAIN, uses.of[MAIN][0], "")
    return found


def _with_paths(block: Block, paths: dict[int, str]) -> Iterator[Instance]:
    for number, instance in enumerate(block.instances):
        yield replace(instance, path=paths.get(number, ""))


def _with(
    statements: Sequence[Statement], attributes: Iterator[tuple[str, ...]]
) -> Iterator[Statement]:
    """Yield statements whose calls of blocks say which attribute they call."""
    for statement in statements:
        operation: Operation = statement.operation
        if isinstance(operation, Apply):
            (attribute,) = next(attributes)
            operation = replace(operation, attribute=attribute)
        elif isinstance(operation, Repeat):
            operation = replace(operation, attributes=next(attributes))
        elif bodies_of(operation):
            operation = mapped(
                operation,
                lambda a: a,
                lambda n: n,
                lambda inside: _with(inside, attributes),
            )
        yield replace(statement, operation=operation)
