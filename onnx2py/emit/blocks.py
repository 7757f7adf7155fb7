"""An outline as source: a class for each block, and what makes and calls its instances."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ..ir.blocks import Notes, Outline
from ..ir.program import Apply, Program, Repeat, Section, Statement, bodies_of
from .block_class import ClassWriter, Written
from .block_given import Constant, leaves
from .block_lengths import with_own_lengths
from .block_objects import Objects
from .block_parts import Planner
from .block_source import BlockWriter, Calling
from .block_tree import PROGRAM, block_tree
from .methods import Methods
from .names import unique_name
from .naming_blocks import Interfaces
from .section_plan import divide, with_sections
from .spelling import Spelling
from .statements import StatementWriter
from .uses import Uses
from .values import name_values

CLASSES = frozenset(
    {"any", "annotated", "callable", "file", "load", "model", "namedtuple", "ndarray"}
    | {"optional", "outputs", "tensorspec"}
)
"""Names of classes that model.py has already, in lower case."""


@dataclass
class BlockSource:
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

    def __post_init__(self) -> None:
        tree = block_tree(self.outline)
        planner = Planner(self.program, self.outline)
        parts = planner.plan()
        self.main = replace(
            self.program,
            statements=self.outline.statements,
            setup=tuple(planner.setup),
        )
        """What the class ``Model`` computes itself."""
        if self.program.outline is not None:  # a flat program stays one function
            self.main = with_sections(self.main, divide(self.main))
        self.tree = tree
        self.objects = Objects(parts, tree, self.uses, class_names(self.outline))
        self.calling = Calling(tree.site_of, self.objects.classes)
        self.interfaces = Interfaces(self.program, self.outline, self.calling.names)
        known = self.interfaces.of
        self.calling.mains = {name: each.main for name, each in known.items()}
        writer = ClassWriter(
            self.program, self.outline, self.objects, self.calling, self.interfaces
        )
        self.lengths = writer.lengths
        for name in self.outline.blocks:
            self.written[name] = writer.written(name)
            self.calling.names[name] = self.written[name].names
            block = self.outline.blocks[name]
            self.calling.signatures[name] = (block.inputs, block.outputs)
        self.files: Mapping[str, np.ndarray] = writer.files
        self.stored: Mapping[str, str] = writer.constants

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
        """The choices of kernels, and the classes, each below those whose instances it holds."""
        values = self.objects.values
        choices = values.choices.text(values.text, self.uses)
        classes = [written.text for written in self.written.values()]
        return [choices, *classes] if choices else classes

    def constants(self) -> list[str]:
        """Return the constants that the model passes to constructors."""
        found = (
            value.name
            for parts in self.objects.parts.values()
            for column in parts.given.values()
            for value in leaves(column)
            if isinstance(value, Constant)
        )
        return list(dict.fromkeys(found))

    def prepared(self) -> frozenset[str]:
        """Return the values that the model prepares for its objects."""
        made = {name for s in self.main.setup for name in s.outputs}
        return frozenset(made & {*self.constants()})

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

    def constructions(self, spelling: Spelling) -> list[str]:
        """Return the lines of the model's constructor that make its objects."""
        self.objects.values.constants = {
            n: spelling.expression(n) for n in self.constants()
        }
        sites = self.tree.attributes(PROGRAM)
        return self.objects.model_lines(dict.fromkeys([*self.taken, *sites], 0))

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
    return BlockSource(program, outline, uses, plain)


def class_names(outline: Outline) -> dict[str, str]:
    """Name the class of each block."""
    taken: dict[str, int] = {}
    names = {}
    for block in outline.blocks:
        parts = "".join(c if c.isascii() and c.isalnum() else " " for c in block)
        name = "".join(word[:1].upper() + word[1:] for word in parts.split())
        if not name[:1].isalpha() or name.lower() in CLASSES:
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
