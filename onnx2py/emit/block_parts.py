"""What the objects of a block hold: their own constants, and what their constructor is given.

B1  Constants that are small and the same in all instances -> written into the class; vectors of
    one number as well, if several things share them.
B2  Constants of which each instance has its own -> a file each, by the path of the instance.
B3  What the setup makes of such constants, in the same way for all -> in the constructor.
B4  ... or in another way for some -> in the constructor, which is given the way.
B5  All others, which several instances or the model itself read -> loaded once by the model, and
    passed to the constructor.
B6  Literals and kernels that differ -> passed to the constructor.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..ir.blocks import Block, Outline
from ..ir.memory import is_uniform
from ..ir.program import (
    Program,
    Statement,
    bodies_of,
    references,
    walk,
)
from ..ir.types import DTYPES
from ..plan.outline.windows import ABSENT
from .arrays import is_inline, is_storable, narrowed
from .block_convolutions import Convolution, convolutions_of
from .block_given import Constant, Given, key_of
from .block_settings import Settings
from .block_setup import Absorber
from .weights import SCALES, may_be_shared


@dataclass(frozen=True)
class Filed:
    """A constant with one file for each instance."""

    names: tuple[str, ...]
    """The constants of the program."""
    arrays: tuple[np.ndarray | None, ...]
    """What is stored: the constant itself, or the same numbers in a smaller type.

    None for instances that have none.
    """
    factor: float | None = None
    """What the stored numbers are multiplied by, None if they are stored as they are."""


@dataclass
class Parts:
    """What the objects of one block hold."""

    block: Block
    statements: tuple[Statement, ...] = ()
    """The statements of the block over local names."""
    setup: list[Statement] = field(default_factory=list)
    """Statements over local names that prepare constants."""
    files: dict[str, Filed] = field(default_factory=dict)
    """By the local name."""
    optional: dict[str, Filed] = field(default_factory=dict)
    """Constants that may be files but that some instances do not have, by the local name."""
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    """Small constants that all instances have, by the local name."""
    given: dict[str, tuple[Given, ...]] = field(default_factory=dict)
    """What each instance's constructor is given, by the local name."""
    prepared: dict[str, tuple[str, str]] = field(default_factory=dict)
    """What is made of a constant in the way that the constructor is given, by the local names."""
    convolutions: dict[str, Convolution] = field(default_factory=dict)
    """Those that are objects, by the local name of what their kernels read."""
    taken: dict[str, int] = field(default_factory=dict)

    @property
    def constants(self) -> list[str]:
        """The local names of what the instances load or hold."""
        return [*self.files, *self.arrays]


class Planner:
    """Says what the objects of each block of a program hold."""

    def __init__(self, program: Program, outline: Outline) -> None:
        self.program, self.outline = program, outline
        self.setup = list(program.setup)
        """What the model itself prepares."""
        self.moved: set[int] = set()
        """The statements of the setup that constructors make, by identity."""
        self.made_by = {n: s for s in program.setup for n in s.outputs if n}
        self._canonical: dict[str, str] = {}
        self._first: dict[Any, str] = {}
        self.parts = {name: Parts(block) for name, block in outline.blocks.items()}
        self.columns: dict[str, dict[str, tuple[str, ...]]] = {}
        """The constants for each local name, by block."""
        for name, block in outline.blocks.items():
            self.columns[name] = {
                w: tuple(i.weights[w] for i in block.instances) for w in block.weights
            }
            self.parts[name].taken = dict.fromkeys(_names_in(block), 0)

    def plan(self) -> dict[str, Parts]:
        """Return the parts of all blocks."""
        uses = self.uses()  # what moves into blocks is read as often as before
        for name in self.outline.blocks:
            Absorber(self, name, uses).absorb()
        self.setup = [s for s in self.program.setup if id(s) not in self.moved]
        for name, parts in self.parts.items():
            settings = Settings(parts.block, parts.taken)
            parts.given.update(settings.columns)
            parts.statements = tuple(settings.statements(parts.block.statements))
            for local, names in self.columns[name].items():
                if local not in self.made_in(name) and local not in parts.prepared:
                    self.place(parts, local, names, uses)
            parts.convolutions = convolutions_of(parts)
        return self.parts

    def made_in(self, block: str) -> set[str]:
        """Return the names that the setup of a block defines."""
        return {name for s in self.parts[block].setup for name in s.outputs}

    def canonical(self, name: str) -> str:
        """Return the first constant of the program with these numbers, if they are shared."""
        if name not in self._canonical:
            array = self.program.weights.get(name)
            first = name
            if array is not None and may_be_shared(array):
                first = self._first.setdefault(key_of(array), name)
            self._canonical[name] = first
        return self._canonical[name]

    def uses(self) -> Counter[str]:
        """Count the places that read each constant."""
        found: Counter[str] = Counter()
        for statement in walk((*self.setup, *self.outline.statements)):
            found.update(map(self.canonical, references(statement.operation)))
            for body in bodies_of(statement.operation):
                found.update(map(self.canonical, body.outputs))
        found.update(map(self.canonical, self.program.outputs))
        for name, columns in self.columns.items():
            inside = {*self.made_in(name), *self.parts[name].prepared}
            for local, names in columns.items():
                if local not in inside:
                    found.update(map(self.canonical, names))
        return found

    def place(
        self, parts: Parts, local: str, names: tuple[str, ...], uses: Counter[str]
    ) -> None:
        """Decide where one constant of a block is."""
        if ABSENT in names:
            self.place_optional(parts, local, names, uses)
            return
        arrays = [self.program.weights.get(n) for n in names]
        known = [a for a in arrays if a is not None]
        whole = len(known) == len(arrays)
        if whole and all(map(is_inline, known)):
            if len({key_of(a) for a in known}) == 1:
                parts.arrays[local] = known[0]
                return
            if all(a.size == 1 or not is_storable(a) for a in known):
                parts.given[local] = tuple(known)
                return
        shared = any(uses[self.canonical(name)] > 1 for name in names)
        uniform = whole and shared and all(map(is_uniform, known))
        if uniform and len({key_of(a) for a in known}) == 1:
            parts.arrays[local] = known[0]
            return
        if whole and not shared and all(map(is_storable, known)):
            filed = self.filed(names, known)
            if filed is not None:
                parts.files[local] = filed
                return
        parts.given[local] = tuple(Constant(self.canonical(n)) for n in names)

    def place_optional(
        self, parts: Parts, local: str, names: tuple[str, ...], uses: Counter[str]
    ) -> None:
        """Decide where a constant is that some instances of a block do not have."""
        present = [name for name in names if name != ABSENT]
        arrays = [self.program.weights.get(name) for name in present]
        alone = all(uses[self.canonical(name)] == 1 for name in present)
        known = [a for a in arrays if a is not None and is_storable(a)]
        filed = self.filed(tuple(present), known) if known else None
        if alone and len(known) == len(arrays) and filed and filed.factor is None:
            kept = tuple(self.program.weights.get(name) for name in names)
            parts.optional[local] = Filed(names, kept)
        parts.given[local] = tuple(
            Constant(self.canonical(name)) if name != ABSENT else None for name in names
        )

    def filed(
        self, names: tuple[str, ...], arrays: Sequence[np.ndarray]
    ) -> Filed | None:
        """Return how constants are stored: all in one small type, or all as they are."""
        if len({array.dtype for array in arrays}) > 1:
            return None
        narrow = self.program.narrow if arrays[0].dtype == np.float32 else ()
        smaller = False
        for dtype in narrow:
            for factor in SCALES:
                halves = [narrowed(a, DTYPES[dtype], factor) for a in arrays]
                kept = [half for half in halves if half is not None]
                if len(kept) == len(arrays):
                    return Filed(names, tuple(kept), 1 / factor)
                smaller = smaller or bool(kept)
        return None if smaller else Filed(names, tuple(arrays))


def _names_in(block: Block) -> Iterator[str]:
    yield from (*block.inputs, *block.weights, *block.settings)
    for statement in walk(block.statements):
        yield from (name for name in statement.outputs if name)
        for body in bodies_of(statement.operation):
            yield from body.inputs
