"""A sketch that knows what every value is, for several lengths of the inputs at once.

So a pattern can choose what fits: a shape with the right number of elements, an index that is
there. What onnxruntime makes of the graph is compared all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...fuzz.draw import Draw
from ..sketch import Sketch

Array = np.ndarray[Any, Any]
MOST_ELEMENTS = 400
LARGEST = 1 << 20
"""Of integers: nothing is to overflow an int32."""


@dataclass(frozen=True)
class Value:
    """The name of a value, and what it is for each choice of lengths."""

    name: str
    arrays: tuple[Array, ...]

    @property
    def dtype(self) -> str:
        """The type of the elements."""
        return str(self.arrays[0].dtype)

    @property
    def rank(self) -> int:
        """The number of axes."""
        return self.arrays[0].ndim

    @property
    def sizes(self) -> set[int]:
        """How many elements there are."""
        return {array.size for array in self.arrays}


class Tracked(Sketch):
    """A sketch whose values are known."""

    def __init__(self, draw: Draw, opset: int, lengths: Sequence[dict[str, int]]):
        super().__init__(draw, "float32", opset)
        self.lengths = lengths
        self.misses = self.variable_weights = 0.0
        self.values: list[Value] = []

    def open_input(self, shape: Sequence[str | int], *, named: float) -> None:
        """Add an input; some of its axes have a name in the file, some a number, some none."""
        arrays = []
        for lengths in self.lengths:
            numbers = [lengths[n] if isinstance(n, str) else n for n in shape]
            arrays.append(self.draw.array("float32", numbers, -2, 2))
        name = self.input(arrays[0])
        for feeds, array in zip(self.others, arrays[1:]):
            feeds[name] = array
        self.shapes[name] = [
            n if isinstance(n, int) or self.draw.chance(named) else None for n in shape
        ]
        self.values.append(Value(name, tuple(arrays)))

    def fixed(self, array: Any, dtype: str = "int64") -> Value:
        """Add a constant."""
        made = np.array(array, dtype)
        return Value(self.constant(made), (made,) * len(self.lengths))

    def make(
        self,
        operator: str,
        inputs: Sequence[Value],
        rule: Callable[..., Any],
        **attributes: Any,
    ) -> Value | None:
        """Add a node whose result ``rule`` computes; None where it does not fit."""
        try:
            arrays = tuple(
                np.asarray(rule(*each)) for each in zip(*(v.arrays for v in inputs))
            )
        except (ValueError, IndexError, TypeError, ZeroDivisionError):
            return None
        if any(not _is_small(array) for array in arrays):
            return None
        names = [value.name for value in inputs]
        made = Value(self(operator, *names, **attributes), arrays)
        self.values.append(made)
        return made

    def pick(self, fits: Callable[[Value], bool]) -> Value | None:
        """Return one of the values that fit, later ones more often."""
        fitting = [value for value in self.values if fits(value)]
        if not fitting:
            return None
        recent = fitting[-4:] if self.draw.chance(0.6) else fitting
        return self.draw.one_of(recent)


def _is_small(array: Array) -> bool:
    if array.size > MOST_ELEMENTS or array.ndim > 5:
        return False
    return array.dtype.kind not in "if" or bool((np.abs(array) < LARGEST).all())
