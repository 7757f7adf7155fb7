"""The class of a block, whatever its instances hold: its call over names of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from ..ir.blocks import Block, Outline
from ..ir.program import Program, Statement
from ..ir.types import ValueType
from .annotations import annotation
from .block_labels import labeled, shown_types
from .block_source import Calling
from .methods import Methods
from .naming_blocks import Interfaces
from .section_plan import Part, divide, with_sections
from .uses import Uses

INSIDE = " " * 8
"""Indentation of what is in a method."""


@dataclass
class Written:
    """The class of a block, and what the names in it stand for."""

    text: str
    names: dict[str, str]
    methods: Methods
    statements: tuple[Statement, ...]
    calls: int


@dataclass
class ClassWriter(ABC):
    """Writes the classes of blocks, each after those that it calls."""

    program: Program
    outline: Outline
    uses: Uses
    calling: Calling
    interfaces: Interfaces
    lengths: Collection[str]
    """The values that are Python numbers."""
    divisions: dict[str, list[Part]] = field(default_factory=dict, kw_only=True)
    """The methods that the call of each block is divided into."""

    @abstractmethod
    def written(self, block: str) -> Written:
        """Write the class of a block."""

    def local_program(
        self,
        block: Block,
        statements: Iterable[Statement],
        weights: Mapping[str, np.ndarray],
        types: Mapping[str, ValueType],
        setup: Iterable[Statement] = (),
    ) -> Program:
        """Return a block as a program of its own, with the constants of the first instance.

        ``types`` are those of constants that differ from what the block says.
        """
        local = Program(
            name=block.name,
            inputs=block.inputs,
            outputs=block.outputs,
            statements=labeled(block, statements, self.program.dropped),
            weights=dict(weights),
            defaults={},
            types={**shown_types(block, self.program.types), **types},
            setup=tuple(setup),
            dropped=self.program.dropped,
        )
        if block.name not in self.divisions:  # later, other things are objects
            self.divisions[block.name] = divide(local)
        return with_sections(local, self.divisions[block.name])

    def signature(self, method: str, local: Program, names: Mapping[str, str]) -> str:
        """Return the first line of the method that is the call."""
        given = (f"{names[n]}: {self.annotation(local, n)}" for n in local.inputs)
        kinds = [self.annotation(local, name) for name in local.outputs]
        returned = kinds[0] if len(kinds) == 1 else f"tuple[{', '.join(kinds)}]"
        return f"def {method}({', '.join(['self', *given])}) -> {returned}:"

    def annotation(self, local: Program, name: str) -> str:
        """Return the annotation of an input or output of a block: lengths are numbers."""
        applications = self.outline.blocks[local.name].applications
        if any(a.values.get(name) in self.lengths for a in applications):
            return "int"
        return annotation(local.types.get(name), self.uses)
