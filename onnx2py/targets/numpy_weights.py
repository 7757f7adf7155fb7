"""Constants of NumPy's packages: a literal, or a file of its own."""

from __future__ import annotations

import numpy as np

from ..emit.arrays import is_inline, narrowed, stored_array
from ..emit.literals import array_literal
from ..emit.uses import Uses
from ..emit.weights import SCALES, PlacedWeights, Placement
from ..ir.types import DTYPES, dtype_name, tensor_type_of


def numpy_weight(placement: Placement) -> None:
    """Load a constant from its file, or write it down."""
    name, placed, uses = placement.name, placement.placed, placement.uses
    expression = _expression(name, placement.array, placement.narrow, placed, uses)
    placed.lines.append(
        {"name": name, "comment": placement.comment, "expression": expression}
    )


def _expression(
    name: str,
    array: np.ndarray,
    narrow: tuple[str, ...],
    placed: PlacedWeights,
    uses: Uses,
) -> str:
    """Return the expression for a weight; store the weight in a file unless it is small."""
    if is_inline(array):
        placed.dtypes.add(dtype_name(array.dtype))
        return array_literal(array, uses)
    for dtype in narrow if array.dtype == np.float32 else ():
        for factor in SCALES:
            half = narrowed(array, DTYPES[dtype], factor)
            if half is not None:
                stored = _expression(name, half, (), placed, uses)
                whole = f"{stored}.astype(np.float32)"
                return whole if factor == 1 else f"{1 / factor} * {whole}"
    placed.dtypes.add(dtype_name(array.dtype))
    placed.files[f"weights/{name}.npy"] = stored_array(array)
    return f'load("{name}", "{tensor_type_of(array)}")'
