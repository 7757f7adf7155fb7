"""An outline as source: a class for each block, and what makes and calls its instances."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ..ir.blocks import Notes, Outline
from ..ir.program import (
    Apply,
    Program,
    Repeat,
    Section,
    Statement,
    bodies_of,
    walk,
)
from .block_lengths import with_own_lengths
from .block_source import BlockWriter, Calling
from .block_tree import PROGRAM, BlockTree, block_tree
from .class_writer import ClassWriter, Written
from .methods import Methods
from .names import unique_name
from .naming_blocks import Interfaces
from .section_plan import divide, with_sections
from .spelling import Spelling
from .statements import StatementWriter
from .uses import Uses
from .values import name_values
from .weights import PlacedWeights

CLASSES = frozenset(
    {"any", "annotated", "callable", "file", "load", "model", "namedtuple", "ndarray"}
    | {"optional", "outputs", "tensorspec"}
)
"""Names of classes that model.py has already, in lower case."""


@dataclass
class BlockSource(ABC):
    """Writes the classes of an outline, and what the class ``Model`` has to do with them."""

    program: Program
    outline: Outline
    uses: Uses
    plain: bool = False
    """Whether each statement is one node, which a comment names."""
    written: dict[str, Written] = field(default_factory=dict)
    """The class of each block."""
    elements: dict[str, str] = field(default_factory=dict)
    """The expressions for values that are elements of lists in the model."""
    taken: dict[str, int] = field(default_factory=dict)
    """The names of values in the class ``Model``."""
    files: Mapping[str, np.ndarray] = field(default_factory=dict)
    """The files of weights that objects of blocks load."""
    stored: Mapping[str, str] = field(default_factory=dict)
    """The constant that an attribute of such an object holds, by the path of the attribute."""

    def __post_init__(self) -> None:
        self.tree = self.find_tree()
        reserved = CLASSES | self.uses.dialect.classes
        self.classes = class_names(self.outline, reserved)
        setup = self.prepare()
        self.main = replace(
            self.program, statements=self.outline.statements, setup=setup
        )
        """What the class ``Model`` computes itself."""
        if self.program.outline is not None:  # a flat program stays one function
            self.main = with_sections(self.main, divide(self.main))
        self.calling = Calling(self.tree.site_of, self.classes)
        self.interfaces = Interfaces(self.program, self.outline, self.calling.names)
        known = self.interfaces.of
        self.calling.mains = {name: each.main for name, each in known.items()}
        self.lengths = lengths_of(self.program)
        writer = self.class_writer()
        for name, block in self.outline.blocks.items():
            self.written[name] = writer.written(name)
            self.calling.names[name] = self.written[name].names
            self.calling.signatures[name] = (block.inputs, block.outputs)

    def find_tree(self) -> BlockTree:
        """Return where the instances of blocks are."""
        return block_tree(self.outline)

    def prepare(self) -> tuple[Statement, ...]:
        """Decide what objects hold, and return the setup that is left to the class ``Model``."""
        return self.program.setup

    @abstractmethod
    def class_writer(self) -> ClassWriter:
        """Return the writer of the classes."""

    @property
    def calls(self) -> int:
        """The calls in the classes."""
        return sum(written.calls for written in self.written.values())

    @property
    def attributes(self) -> list[str]:
        """The attributes of the model that hold objects."""
        return self.tree.attributes(PROGRAM)

    @property
    def texts(self) -> list[str]:
        """The classes, each below those whose instances it holds."""
        return [written.text for written in self.written.values()]

    def constants(self) -> list[str]:
        """Return the constants that the model passes to constructors."""
        return []

    def prepared(self) -> frozenset[str]:
        """Return the values that the model prepares for its objects."""
        return frozenset()

    def placed(self) -> PlacedWeights:
        """Return the constants that the library keeps in places of its own."""
        return PlacedWeights()

    def constructions(self, spelling: Spelling) -> list[str]:
        """Return the lines of the model's constructor that make its objects."""
        return []

    # ------------------------------------------------------------------ the class Model

    def model_names(self, used: Iterable[str]) -> dict[str, str]:
        """Name the values of the model, and those variables that loops assign again."""
        names = name_values(
            self.main, used, (), self.interfaces, chained=not self.plain
        )
        sites = self.tree.attributes(PROGRAM)
        taken = dict.fromkeys([*names.values(), *sites], 0)
        held = (*used, *(n for s in self.main.setup for n in s.outputs if n))
        for value in held:
            if names.get(value) in sites:
                names[value] = unique_name(names[value], taken)
        self.taken = dict.fromkeys(names.values(), 0)
        lasting = frozenset((*self.main.inputs, *used))
        self.loops = self.calling.loop_variables(names, self.taken, lasting)
        self.loops.name(self.main.statements, self.main.outputs)
        self.elements = self.loops.parts
        return names

    def model_writer(self, spelling: Spelling, methods: Methods) -> StatementWriter:
        """Return the writer of the class ``Model``."""
        return BlockWriter(
            self.main, spelling, self.uses, methods, self.plain,
            calling=self.calling, loops=self.loops, lengths=self.lengths,
        )  # fmt: skip

    def weight_paths(self, spelling: Spelling) -> Iterator[tuple[str, str]]:
        """Yield where each constant is held, and its name in the program."""
        for constant, attribute in spelling.attributes.items():
            yield attribute, constant
        yield from self.stored.items()

    def lines(self) -> Iterator[tuple[str, dict[str, str], Notes]]:
        """Yield what each call in a block makes, for each object: its path, values and notes."""
        for use in self.tree.uses:
            written = self.written[use.block]
            application = self.outline.blocks[use.block].applications[use.number]
            notes = iter(application.notes)
            for results in _results(written.statements, written):
                values = {
                    name: application.values[value]
                    for name, value in results.items()
                    if value not in application.absent
                }
                yield use.path, values, next(notes)


def block_source(program: Program, uses: Uses, *, plain: bool) -> BlockSource:
    """Return the writer of a program's classes: none without an outline."""
    outline = program.outline or Outline(program.statements, {})
    if outline.blocks:
        outline = with_own_lengths(program, outline)
    return uses.dialect.blocks(program, outline, uses, plain)


def lengths_of(program: Program) -> set[str]:
    """Return the values of a program that are Python numbers."""
    statements = walk(program.statements)
    return {name for s in statements if not s.nodes for name in s.outputs}


def class_names(outline: Outline, reserved: Container[str]) -> dict[str, str]:
    """Name the class of each block; ``reserved`` are names in lower case."""
    taken: dict[str, int] = {}
    names = {}
    for block in outline.blocks:
        parts = "".join(c if c.isascii() and c.isalnum() else " " for c in block)
        name = "".join(word[:1].upper() + word[1:] for word in parts.split())
        if not name[:1].isalpha() or name.lower() in reserved:
            name = f"{name}Block" if name[:1].isalpha() else f"Block{name}"
        names[block] = unique_name(name, taken)
    return names


def _results(
    statements: Iterable[Statement], written: Written, scope: str = ""
) -> Iterator[dict[str, str]]:
    """Yield what each of a block's statements makes: names in Python and in the block.

    Calls of other blocks are not among them, those in bodies come after their own.
    """
    for statement in statements:
        if isinstance(statement.operation, (Apply, Repeat)):
            continue
        if isinstance(statement.operation, Section):
            body = statement.operation.body
            inner = written.methods.scope(body, scope)
            yield from _results(body.statements, written, inner)
            continue
        made = (value for value in statement.outputs if value and statement.nodes)
        yield {f"{scope}{written.names[value]}": value for value in made}
        for body in bodies_of(statement.operation):
            inner = written.methods.scope(body, scope)
            yield from _results(body.statements, written, inner)
