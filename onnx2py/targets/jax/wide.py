"""Whether a program needs 64 bits: JAX computes with 32 unless they are enabled."""

from __future__ import annotations

import numpy as np

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
    kinds = (k.dtype for k in program.types.values() if isinstance(k, TensorType))
    if any(kind in _NEEDED for kind in kinds) or any(
        map(_is_wide, program.weights.values())
    ):
        uses.name("_checks", "check_x64")


def _is_wide(array: np.ndarray) -> bool:
    """Whether a constant has numbers that 32 bits do not hold."""
    if array.dtype.name in _NEEDED:
        return True
    if array.dtype != np.int64 or not array.size:
        return False
    return bool(array.min() < _INT32.min or array.max() > _INT32.max)
