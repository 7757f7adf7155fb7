"""Blocks for NumPy: their objects load weights, and are given what the model holds."""

from __future__ import annotations

from ..emit.block_class import NumpyClassWriter
from ..emit.block_given import Constant, leaves
from ..emit.block_objects import Objects
from ..emit.block_parts import Planner
from ..emit.block_tree import PROGRAM
from ..emit.blocks import BlockSource
from ..emit.class_writer import ClassWriter
from ..emit.spelling import Spelling
from ..ir.program import Statement


class NumpyBlocks(BlockSource):
    """Writes classes, and what makes their objects."""

    objects: Objects

    def prepare(self) -> tuple[Statement, ...]:
        """Plan what objects hold, and return the setup that is left to the model."""
        planner = Planner(self.program, self.outline)
        parts = planner.plan()
        self.objects = Objects(parts, self.tree, self.uses, self.classes)
        return tuple(planner.setup)

    def class_writer(self) -> ClassWriter:
        """Return the writer of the classes, which notes the files that their objects load."""
        writer = NumpyClassWriter(
            self.program, self.outline, self.uses, self.calling, self.interfaces,
            self.lengths, self.objects,
        )  # fmt: skip
        self.files, self.stored = writer.files, writer.constants
        return writer

    @property
    def texts(self) -> list[str]:
        """The choices of kernels, and the classes, each below those whose instances it holds."""
        values = self.objects.values
        choices = values.choices.text(values.text, self.uses)
        return [choices, *super().texts] if choices else super().texts

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

    def constructions(self, spelling: Spelling) -> list[str]:
        """Return the lines of the model's constructor that make its objects."""
        self.objects.values.constants = {
            n: spelling.expression(n) for n in self.constants()
        }
        sites = self.tree.attributes(PROGRAM)
        return self.objects.model_lines(dict.fromkeys([*self.taken, *sites], 0))
