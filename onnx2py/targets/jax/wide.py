"""Whether a program needs 64 bits: JAX computes with 32 unless they are enabled."""

from __future__ import annotations

import numpy as np

from ...emit.usage import used_weights
from ...emit.uses import Uses
from ...ir.program import Program
from ...ir.types import TensorType

_NEEDED = ("float64", "complex128", "uint64")
"""Types whose numbers would be others in 32 bits."""
_INT32 = np.iinfo(np.int32)


def note_wide_types(program: Program, uses: Uses) -> None:
    """Let ``forward`` check that 64 bits are enabled, if a program needs them.

    Integers of 64 bits alone do not: they are tokens, positions and lengths.
    """
    statements = [*program.walk()]
    names = {*program.inputs, *(n for s in statements for n in s.outputs)}
    types = (program.types.get(name) for name in names)
    kinds = {kind.dtype for kind in types if isinstance(kind, TensorType)}
    constants = used_weights(program, statements).values()
    if not kinds.isdisjoint(_NEEDED) or any(map(_is_wide, constants)):
        uses.name("_checks", "check_x64")


def _is_wide(array: np.ndarray) -> bool:
    """Whether a constant has numbers that 32 bits do not hold."""
    if array.dtype.name in _NEEDED:
        return True
    if array.dtype != np.int64 or not array.size:
        return False
    return bool(array.min() < _INT32.min or array.max() > _INT32.max)
