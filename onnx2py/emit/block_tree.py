"""Where each instance of a block is: which attribute of which object holds it.

A block's statements call others; each such statement, in the block or in the program, is a
*site*, which has an attribute of its own. So each use of an instance has one path,
``layers.3.attention``, even if two uses share the instance.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ..ir.blocks import Application, Outline
from ..ir.program import Apply, Repeat, Statement, walk
from .names import snake_case, unique_name

PROGRAM = ""
"""The owner of the sites that are in no block."""
LONGEST = 30
"""Characters of an attribute: paths are names of files."""


@dataclass(frozen=True)
class Site:
    """A statement that calls an instance of a block, or several in a loop."""

    block: str
    attribute: str
    is_loop: bool
    instances: tuple[tuple[int, ...], ...]
    """The number of the instance of each round, for each instance of the owner."""
    expression: str = ""
    """What is called, or walked in a loop, if that is not the attribute."""

    @property
    def text(self) -> str:
        """The source of what is called, or walked in a loop."""
        return self.expression or f"self.{self.attribute}"


@dataclass(frozen=True)
class Use:
    """One application of a block, and the path of the instance that makes it."""

    path: str
    block: str
    number: int
    """Which of the block's applications it is."""


@dataclass
class BlockTree:
    """The sites of an outline by owner, and the uses of its blocks."""

    sites: dict[str, list[Site]] = field(default_factory=dict)
    site_of: dict[int, Site] = field(default_factory=dict)
    """The site of each statement, by the statement's identity."""
    uses: list[Use] = field(default_factory=list)

    def attributes(self, owner: str) -> list[str]:
        """Return the attributes of an owner that hold instances."""
        return [site.attribute for site in self.sites.get(owner, ())]


def block_tree(outline: Outline) -> BlockTree:
    """Find the sites and uses of an outline."""
    tree = BlockTree()
    called = _calls(outline)
    owners: dict[str, tuple[Statement, ...]] = {PROGRAM: outline.statements}
    owners.update((name, block.statements) for name, block in outline.blocks.items())
    for owner, statements in owners.items():
        taken: dict[str, int] = {}
        calling = [s for s in walk(statements) if _is_call(s)]
        columns = [
            called.get((owner, n), []) for n in range(_instances(outline, owner))
        ]
        start = 0
        for statement in calling:
            operation = statement.operation
            assert isinstance(operation, (Apply, Repeat))
            rounds = len(operation.rounds) if isinstance(operation, Repeat) else 1
            site = Site(
                operation.block,
                unique_name(_attribute(operation), taken),
                isinstance(operation, Repeat),
                tuple(tuple(c[start : start + rounds]) for c in columns),
            )
            start += rounds
            tree.sites.setdefault(owner, []).append(site)
            tree.site_of[id(statement)] = site
    tree.uses = list(_uses(outline, tree))
    return tree


def _is_call(statement: Statement) -> bool:
    return isinstance(statement.operation, (Apply, Repeat))


def _instances(outline: Outline, owner: str) -> int:
    return 1 if owner == PROGRAM else len(outline.blocks[owner].instances)


def _attribute(operation: Apply | Repeat) -> str:
    """Return the name of a site: as the search says, else after its block."""
    name = snake_case(operation.block)
    if isinstance(operation, Apply):
        return (snake_case(operation.attribute) or name)[:LONGEST].strip("_")
    given = [re.sub(r"[\W_]*\d+$", "", text) for text in operation.attributes if text]
    if given and len(set(given)) == 1:
        name = snake_case(given[0]) or name
    name = name[:LONGEST].strip("_")
    return name if name.endswith("s") else f"{name}s"


def _calls(outline: Outline) -> dict[tuple[str, int], list[int]]:
    """Return the instances that each instance of an owner calls, in order."""
    waiting = _waiting(outline)
    made: dict[tuple[str, int], list[int]] = {}

    def visit(owner: str, instance: int, statements: Iterable[Statement]) -> None:
        called: list[int] = []
        for statement in walk(statements):
            for name in _blocks_called(statement):
                application = next(waiting[name])
                called.append(application.instance)
                visit(name, application.instance, outline.blocks[name].statements)
        made[owner, instance] = called

    visit(PROGRAM, 0, outline.statements)
    return made


def _uses(outline: Outline, tree: BlockTree) -> Iterator[Use]:
    """Yield the uses of blocks in the order of applications."""
    numbers = {
        name: iter(range(len(b.applications))) for name, b in outline.blocks.items()
    }

    def visit(path: str, statements: Iterable[Statement]) -> Iterator[Use]:
        for statement in walk(statements):
            if not _is_call(statement):
                continue
            site = tree.site_of[id(statement)]
            for i, name in enumerate(_blocks_called(statement)):
                inner = f"{path}{site.attribute}" + (f".{i}" if site.is_loop else "")
                yield Use(inner, name, next(numbers[name]))
                yield from visit(f"{inner}.", outline.blocks[name].statements)

    yield from visit("", outline.statements)


def _blocks_called(statement: Statement) -> list[str]:
    operation = statement.operation
    if isinstance(operation, Apply):
        return [operation.block]
    if isinstance(operation, Repeat):
        return [operation.block] * len(operation.rounds)
    return []


def _waiting(outline: Outline) -> Mapping[str, Iterator[Application]]:
    return {name: iter(block.applications) for name, block in outline.blocks.items()}
