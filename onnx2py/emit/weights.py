"""Storage of the constants of a program: as a literal, an array in the source, or a file."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..ir.graph import onnx_name
from ..ir.program import Program, Statement
from ..ir.types import DTYPES, dtype_name, tensor_type_of
from .arrays import (
    digest_of,
    is_inline,
    is_scalar,
    narrowed,
    scalar_text,
    stored_array,
)
from .literals import array_literal, dtype_literal
from .text import comment
from .usage import read_by_numpy_alone, readers_of

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

    expressions: dict[str, str] = field(default_factory=dict)
    """The expression for a value: ``self.name`` or a literal."""
    lines: list[dict[str, str]] = field(default_factory=list)
    """For the template: what ``__init__`` assigns, and the comment above."""
    files: dict[str, np.ndarray] = field(default_factory=dict)
    parameters: int = 0
    dtypes: set[str] = field(default_factory=set)
    """The element types in which constants are written down."""


def place_weights(
    program: Program,
    statements: tuple[Statement, ...],
    used: Mapping[str, np.ndarray],
    names: Mapping[str, str],
) -> PlacedWeights:
    """Store the constants that are read; equal constants share one attribute."""
    readers = readers_of(statements)
    shown = read_by_numpy_alone(statements)
    placed = PlacedWeights()
    stored: dict[tuple[str, bytes], str] = {}
    for value, array in used.items():
        placed.parameters += array.size
        if value in shown and is_scalar(array):
            text = f"{dtype_literal(array.dtype)}({scalar_text(array)})"
            placed.expressions[value] = text
            continue
        key = (str(tensor_type_of(array)), digest_of(array))
        if key in stored and _may_be_shared(array):
            placed.expressions[value] = stored[key]
            continue
        name = names[value]
        placed.expressions[value] = stored[key] = f"self.{name}"
        placed.lines.append(
            {
                "name": name,
                "comment": _comment(program, value, readers.get(value, "")),
                "expression": _expression(name, array, program.narrow, placed),
            }
        )
    return placed


def _may_be_shared(array: np.ndarray) -> bool:
    """Return whether equal constants may share an attribute: small parameters keep their names."""
    is_parameter = array.dtype.kind not in "biuO" and array.size > 1
    return not is_parameter or array.nbytes >= SHARED_BYTES


def _expression(
    name: str,
    array: np.ndarray,
    narrow: tuple[str, ...],
    placed: PlacedWeights,
) -> str:
    """Return the expression for a weight; store the weight in a file unless it is small."""
    if is_inline(array):
        placed.dtypes.add(dtype_name(array.dtype))
        return array_literal(array)
    for dtype in narrow if array.dtype == np.float32 else ():
        for factor in SCALES:
            half = narrowed(array, DTYPES[dtype], factor)
            if half is not None:
                whole = f"{_expression(name, half, (), placed)}.astype(np.float32)"
                return whole if factor == 1 else f"{1 / factor} * {whole}"
    placed.dtypes.add(dtype_name(array.dtype))
    placed.files[f"weights/{name}.npy"] = stored_array(array)
    return f'load("{name}", "{tensor_type_of(array)}")'


def _comment(program: Program, value: str, reader: str) -> str:
    folded = program.folded.get(value, ())
    name = comment(onnx_name(value))
    text = f"{name}: {reader}" if reader else name
    if folded:
        text += f" (folded: {', '.join(map(comment, folded))})"
    lines = textwrap.wrap(
        text, 80, initial_indent="# ", subsequent_indent="#   ", break_on_hyphens=False
    )
    return textwrap.indent("\n".join(lines), " " * 8)
