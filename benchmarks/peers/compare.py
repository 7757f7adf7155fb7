"""Whether outputs are right, as ONNX's own runner decides it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .cases import Case
from .engines import carrier

BFLOAT16 = 2**-6
"""The relative tolerance of the runner for this type."""


def agree(found: Sequence[Any], expected: Sequence[Any], case: Case) -> bool:
    """Return whether all outputs, or elements of a sequence, are right."""
    return len(found) == len(expected) and all(
        _agrees(*pair, case) for pair in zip(found, expected)
    )


def _agrees(found: Any, expected: Any, case: Case) -> bool:
    if expected is None or found is None:
        return expected is None and (found is None or np.size(found) == 0)
    if isinstance(expected, (list, tuple)):
        return isinstance(found, (list, tuple)) and agree(found, expected, case)
    if isinstance(found, (list, tuple)):
        return False
    found, expected = np.asarray(found), np.asarray(expected)
    if found.shape != expected.shape:
        return False
    if expected.dtype.kind in "OUS":
        return bool(np.array_equal(found.astype(object), expected.astype(object)))
    if found.dtype not in (expected.dtype, carrier(expected.dtype)):
        return False
    if expected.dtype.kind == "b" or (case.of_scale and expected.dtype.kind in "iu"):
        return bool(np.array_equal(found, expected))
    wide = np.complex128 if expected.dtype.kind == "c" else np.float64
    relative, absolute = case.relative, case.absolute
    if expected.dtype.name == "bfloat16":
        relative = max(relative, BFLOAT16)
    found, expected = found.astype(wide), expected.astype(wide)
    if case.of_scale:
        finite = np.abs(expected[np.isfinite(expected)])
        absolute *= float(finite.max(initial=0))
    return bool(np.allclose(found, expected, relative, absolute, equal_nan=True))
