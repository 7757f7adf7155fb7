"""Constants that are no parameters: arrays of NumPy, stored in a file or written down."""

from __future__ import annotations

import numpy as np

from ...emit.arrays import is_inline
from ...emit.weights import Placement
from ...ir.types import DTYPES, dtype_name
from ..network.safetensors import KINDS, TensorFile
from .literals import dtype_literal, numpy_literal

PARAMS_FILE = "weights.safetensors"
CONSTANTS_FILE = "constants.safetensors"
INLINE, STORED = "inline", "stored"
"""Kinds of lines."""
_TAKEN = frozenset({"INPUTS", "OUTPUTS", "WEIGHTS", "CONSTANTS"})


def constant_name(name: str) -> str:
    """Return the name of a constant in ``model.py``, in capital letters."""
    upper = name.upper()
    return f"{upper}_" if upper in _TAKEN else upper


def jax_weight(placement: Placement) -> None:
    """Declare a constant of ``model.py``: ``POSITIONS = np.array([0, 1])``.

    It is NumPy's, so that an import does not start JAX.
    """
    name, array, placed = placement.name, placement.array, placement.placed
    if array.size == 1 or is_inline(array):
        kind, text = INLINE, numpy_literal(array, placement.uses)
    else:
        key = name.lower()
        kind, text = STORED, f'CONSTANTS["{key}"]'
        carrier = _carrier(array.dtype)
        if carrier is not None:  # the format of the file lacks the type
            text += f".astype({dtype_literal(array.dtype, placement.uses)})"
            array = array.astype(carrier)
        file = placed.files.setdefault(CONSTANTS_FILE, TensorFile())
        file.tensors[key] = np.asarray(array)
    told = {"comment": placement.comment, "line": f"{name} = {text}", "kind": kind}
    placed.lines.append({"name": name, **told})


def _carrier(dtype: np.dtype) -> np.dtype | None:
    """Return a type that has all numbers of one that files lack, None if they have it."""
    name = dtype_name(dtype)
    if name in KINDS:
        return None
    if "int" in name:
        return DTYPES["uint8" if name.startswith("u") else "int8"]
    return DTYPES["float32"]
