"""Bounds of numbers: the least and the largest that a value can have, whatever the inputs.

Each is computed from the bounds of what a value is made of, as far as functions have a rule here;
of others, it is that of the element type. NaN is left out: a comparison with one is not decided.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ...ir.program import Argument, Call, Program, Ref, Statement
from ...ir.types import DTYPES, TensorType
from .bounds_rules import RULES, Step
from .ranges import Range, of_array, of_type

DEPTH = 40
"""How far back values are followed."""


@dataclass
class Bounds:
    """Finds the bounds of the values of a program."""

    program: Program
    makers: dict[str, Statement] = field(init=False)
    found: dict[tuple[str, bool], Range] = field(init=False, default_factory=dict)
    depth: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        walked = self.program.walk()
        self.makers = {s.outputs[0]: s for s in walked if len(s.outputs) == 1}

    def of(self, value: Argument, first: bool = False) -> Range:
        """Return the bounds of all elements, or of the first ones along the last axis."""
        if isinstance(value, (bool, int, float)):
            return Range(value, value)
        assert isinstance(value, Ref)
        if (value.name, first) not in self.found:
            self.depth += 1
            made = self._made(value.name, first) if self.depth < DEPTH else None
            self.depth -= 1
            kind = self.type(value)
            self.found[value.name, first] = made or of_type(kind)
        return self.found[value.name, first]

    def type(self, value: Argument) -> TensorType | None:
        """Return the type of a tensor, where known."""
        kind = self.program.types.get(value.name) if isinstance(value, Ref) else None
        return kind if isinstance(kind, TensorType) else None

    def rank(self, value: Argument) -> int:
        """Return the number of axes, 0 if it is not known."""
        kind = self.type(value)
        return (kind.rank or 0) if kind else 0

    def _made(self, name: str, first: bool) -> Range | None:
        array = self.program.weights.get(name)
        if array is not None and name not in self.program.defaults:
            return of_array(array[..., :1] if first and array.ndim else array)
        maker = self.makers.get(name)
        call = maker.operation if maker else None
        kind = self.type(Ref(name))
        if not isinstance(call, Call) or kind is None or kind.dtype not in DTYPES:
            return None
        rule = RULES.get(call.function)
        return rule(Step(self, call, Ref(name), kind.dtype, first)) if rule else None


def leaves_keys(bounds: Bounds, masks: tuple[Argument, ...]) -> bool:
    """Whether masks leave each query a key."""
    for mask in masks:
        kind = bounds.type(mask)
        least = 0 if kind is not None and kind.dtype == "bool" else -np.inf
        if all(bounds.of(mask, first).low <= least for first in (False, True)):
            return False
    return True
