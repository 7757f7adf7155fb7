"""Storage of the constants of a program: as a literal, an array in the source, or a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..ir.graph import onnx_name
from ..ir.program import Program, Statement
from ..ir.types import tensor_type_of
from .arrays import digest_of, is_scalar
from .literals import scalar_literal
from .remarks import weight_remark
from .usage import read_as_numbers
from .uses import Uses

SCALES = (1, 2, 4, 8, 16)
"""Factors by which weights are multiplied before they are stored in half precision.

Recurrent layers halve their weights and attention divides them by 8: small numbers would
then have too few digits in float16.
"""

SHARED_BYTES = 1 << 16
"""Equal parameters of this size or more are stored once."""


@dataclass
class PlacedWeights:
    """The expression for each constant, with the files and dtypes that it needs."""

    attributes: dict[str, str] = field(default_factory=dict)
    """The attribute that holds a constant; equal ones share it."""
    literals: dict[str, str] = field(default_factory=dict)
    """The constants that stand where they are read."""
    modules: dict[str, str] = field(default_factory=dict)
    """The expressions for what holds several constants, by the names that calls have for it."""
    taken: set[str] = field(default_factory=set)
    """The attributes of the model that have no name of a value."""
    lines: list[Mapping[str, str]] = field(default_factory=list)
    """For the template: what ``__init__`` assigns, and the comment above."""
    files: dict[str, Any] = field(default_factory=dict)
    """Arrays, and what writes itself."""
    owner: str = "self."
    """What stands before attributes."""
    parameters: int = 0
    dtypes: set[str] = field(default_factory=set)
    """The element types in which constants are written down."""

    def free(self, name: str) -> str:
        """Return a name for an attribute that no other has, and take it."""
        if self.taken:
            while name in self.taken:
                name = f"{name}_"
            self.taken.add(name)
        return name

    def expression(self, value: str) -> str:
        """Return the expression for a constant."""
        if value in self.literals:
            return self.literals[value]
        return f"{self.owner}{self.attributes[value]}"


@dataclass(frozen=True)
class Placement:
    """A constant that is to be declared in ``placed``, as the attribute ``name``."""

    name: str
    array: np.ndarray
    comment: str
    narrow: tuple[str, ...]
    """The types in which the file stores float32 numbers, see :class:`..ir.program.Program`."""
    placed: PlacedWeights
    uses: Uses


def place_weights(
    program: Program,
    statements: tuple[Statement, ...],
    used: Mapping[str, np.ndarray],
    names: Mapping[str, str],
    uses: Uses,
    placed: PlacedWeights,
) -> PlacedWeights:
    """Store the constants that are read, beside those that are ``placed``.

    Equal constants share one attribute.
    """
    shown = read_as_numbers(statements, uses)
    stored: dict[tuple[str, bytes], str] = {}
    for value, array in used.items():
        placed.parameters += array.size
        if value in placed.attributes:
            continue
        if value in shown and is_scalar(array):
            placed.literals[value] = scalar_literal(array, uses)
            continue
        key = (str(tensor_type_of(array)), digest_of(array))
        if key in stored and may_be_shared(array):
            placed.attributes[value] = stored[key]
            continue
        name = placed.free(uses.dialect.constant_name(names[value]))
        placed.attributes[value] = stored[key] = name
        above = "\n".join(weight_remark([onnx_name(value)], name))
        uses.dialect.weight(Placement(name, array, above, program.narrow, placed, uses))
    return placed


def may_be_shared(array: np.ndarray) -> bool:
    """Return whether equal constants may share an attribute: small parameters keep their names."""
    is_parameter = array.dtype.kind not in "biuO" and array.size > 1
    return not is_parameter or array.nbytes >= SHARED_BYTES
