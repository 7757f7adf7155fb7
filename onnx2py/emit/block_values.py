"""How the values that constructors are given are spelled."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..ir.program import Kernel
from .block_choices import Choices
from .block_given import Choice, Constant, Given, Shared
from .literals import array_literal, kernel_literal, literal, scalar_literal
from .uses import Uses


@dataclass
class Values:
    """Spells values as the model passes them to constructors."""

    uses: Uses
    choices: Choices
    constants: dict[str, str] = field(default_factory=dict)
    """The expression for each constant that the model passes on."""
    shared: dict[tuple[str, int], str] = field(default_factory=dict)
    """The attribute of the model that holds an instance that several objects call."""

    def text(self, value: Given) -> str:
        """Spell what the model passes to a constructor."""
        if isinstance(value, Constant):
            return self.constants[value.name]
        if isinstance(value, Shared):
            return f"self.{self.shared[value.block, value.number]}"
        if isinstance(value, Choice):
            return self.choices.name(value)
        if isinstance(value, Kernel):
            return kernel_literal(value, self.text, self.uses)
        if isinstance(value, np.generic):
            return scalar_literal(np.asarray(value), self.uses)
        if isinstance(value, np.ndarray):
            return array_literal(value, self.uses)
        if isinstance(value, tuple):
            items = ", ".join(map(self.text, value))
            return f"({items},)" if len(value) == 1 else f"({items})"
        if isinstance(value, slice):
            bounds = (value.start, value.stop, value.step)
            return f"slice({', '.join(map(self.text, bounds))})"
        if isinstance(value, type(Ellipsis)):
            return "..."
        return literal(value, self.uses)


def source_of(tables: Sequence[tuple[str, list[str] | None]]) -> str:
    """Return the source of a comprehension: one table of literals, or several."""
    if all(rows is not None for _, rows in tables):
        columns = [rows for _, rows in tables if rows is not None]
        if len(columns) == 1:
            return f"({', '.join(columns[0])})"
        rows = [f"({', '.join(row)})" for row in zip(*columns)]
        return f"({', '.join(_runs(rows))})"
    each = [name if rows is None else f"({', '.join(rows)})" for name, rows in tables]
    return each[0] if len(each) == 1 else f"zip({', '.join(each)})"


def _runs(rows: Sequence[str]) -> Iterator[str]:
    """Yield rows; equal ones that follow each other are a list that is repeated."""
    for row, equal in itertools.groupby(rows):
        count = len([*equal])
        yield f"*[{row}] * {count}" if count > 1 else row
