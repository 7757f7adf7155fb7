"""Comparison of a value with the expected one.

Floats may differ by a fraction of the output's *scale*, its largest finite element; numbers in
text by that fraction of themselves. Everything else (integers, other text, shapes, dtypes, keys,
NaN and infinity) must be equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np

from ..ir.types import EXTENSION_DTYPES
from .exchange import Unknown
from .texts import text_gaps

_EXTENSIONS = {dtype: name for name, dtype in EXTENSION_DTYPES.items()}


@dataclass(frozen=True)
class Difference:
    """The largest absolute difference, the same relative to the scale, and the reason."""

    absolute: float = 0.0
    relative: float = 0.0
    reason: str = ""


@dataclass(frozen=True)
class OutputResult:
    """The comparison of one output."""

    name: str
    type: str
    difference: Difference
    compared: bool = True
    """Whether its values were compared, and not its type and shape alone."""
    remark: str = ""
    """The verdict in words, if it is not just that the output agrees."""

    @property
    def agrees(self) -> bool:
        """Whether the value agrees with the expected one."""
        return not self.difference.reason


def compare(actual: Any, expected: Any, rtol: float) -> Difference:
    """Compare two values of any ONNX type."""
    if isinstance(expected, (list, tuple)):
        if not isinstance(actual, (list, tuple)) or len(actual) != len(expected):
            return _wrong(f"a sequence of {len(expected)}", describe(actual))
        return worst(compare(a, e, rtol) for a, e in zip(actual, expected))
    if isinstance(expected, Mapping):
        if not isinstance(actual, Mapping) or actual.keys() != expected.keys():
            return _wrong(f"a map with the keys {_keys(expected)}", describe(actual))
        return worst(compare(actual[k], e, rtol) for k, e in expected.items())
    if isinstance(expected, np.ndarray):
        return _compare_arrays(actual, expected, rtol)
    if expected is None or actual is None or isinstance(actual, (Unknown, list, dict)):
        return Difference() if actual is expected else _wrong("none", describe(actual))
    return _compare_values(np.asarray(actual), np.asarray(expected), rtol)


def compare_types(
    actual: Any, expected: Any, lengths: Sequence[int | None] = ()
) -> Difference:
    """Compare dtypes, ranks and the ``lengths`` that are known, but no values."""
    if not isinstance(expected, np.ndarray) or not isinstance(actual, np.ndarray):
        same = isinstance(actual, np.ndarray) == isinstance(expected, np.ndarray)
        return Difference() if same else _wrong(describe(expected), describe(actual))
    shapes = zip(actual.shape, expected.shape, lengths or expected.shape)
    same = actual.ndim == expected.ndim and all(a == e or e != n for a, e, n in shapes)
    if same and described_dtype(actual) == described_dtype(expected):
        return Difference()
    return _wrong(describe(expected), describe(actual))


def worst(differences: Iterable[Difference]) -> Difference:
    """Return the largest differences of several, and the first reason."""
    found = list(differences)
    return Difference(
        max((d.absolute for d in found), default=0.0),
        max((d.relative for d in found), default=0.0),
        next((d.reason for d in found if d.reason), ""),
    )


def tolerance(dtype: np.dtype[Any], rtol: float) -> float:
    """Return the tolerance for a dtype, which is at least its resolution."""
    if not is_floating(dtype):
        return 0.0
    step = float(ml_dtypes.finfo(dtype).eps)
    return max(rtol, 2 * step if dtype.itemsize > 1 else step)


def resolution(dtype: np.dtype[Any]) -> float:
    """Return how far numbers next to 0 may be off: as many steps of the dtype as others may."""
    if not is_floating(dtype):
        return 0.0
    step = float(ml_dtypes.finfo(dtype).smallest_subnormal)
    return 2 * step if dtype.itemsize > 1 else step


def scale_of(value: np.ndarray) -> float:
    """Return the largest finite number of an array, 0 if there is none."""
    wide = np.abs(_wide(value))
    return float(np.max(wide[np.isfinite(wide)], initial=0))


def is_floating(dtype: np.dtype[Any]) -> bool:
    """Return whether numbers of a dtype are compared with a tolerance."""
    return dtype.kind in "fc" or "float" in _EXTENSIONS.get(dtype, "")


def describe(value: Any) -> str:
    """Return the type of a value as text: ``float32[1, 10]``."""
    if isinstance(value, np.ndarray):
        return f"{described_dtype(value)}[{', '.join(map(str, value.shape))}]"
    if isinstance(value, (list, tuple)):
        return f"a sequence of {len(value)}"
    if isinstance(value, Mapping):
        return f"a map with the keys {_keys(value)}"
    return value.name if isinstance(value, Unknown) else type(value).__name__


def described_dtype(array: np.ndarray) -> str:
    """Return the element type of an array in ONNX's spelling."""
    name = "string" if array.dtype.kind in "OU" else array.dtype.name
    return _EXTENSIONS.get(array.dtype, name)


def _wrong(expected: str, got: str) -> Difference:
    return Difference(np.inf, np.inf, f"expected {expected}, got {got}")


def _keys(value: Mapping[Any, Any]) -> str:
    shown = [repr(key) for key in list(value)[:5]]
    return ", ".join([*shown, "..."] if len(value) > 5 else shown) or "(none)"


def _compare_arrays(actual: Any, expected: np.ndarray, rtol: float) -> Difference:
    if not isinstance(actual, np.ndarray) or describe(actual) != describe(expected):
        return _wrong(describe(expected), describe(actual))
    return _compare_values(actual, expected, rtol)


def _compare_values(
    actual: np.ndarray, expected: np.ndarray, rtol: float
) -> Difference:
    """Compare arrays of one shape."""
    texts = "OU"
    if actual.dtype.kind in texts or expected.dtype.kind in texts:
        limit = max(rtol, 2 * float(np.finfo(np.float32).eps))
        return _exact(text_gaps(actual, expected).wrong(limit), 0.0, np.inf)
    if not is_floating(expected.dtype) and not is_floating(actual.dtype):
        wrong = np.asarray(actual != expected)
        largest = float(np.max(np.abs(_wide(actual) - _wide(expected)), initial=0))
        return _exact(wrong, largest, _part(largest, scale_of(expected)))
    return _compare_numbers(actual, expected, rtol)


def _exact(wrong: np.ndarray, largest: float, part: float) -> Difference:
    count = int(np.count_nonzero(wrong))
    if not count:
        return Difference()
    verb = "differs" if count == 1 else "differ"
    return Difference(
        largest, part, f"{count} of {wrong.size} elements {verb}, expected none"
    )


def _part(absolute: float, scale: float) -> float:
    """Return a difference as part of a scale; infinity of one that is 0."""
    if not absolute:
        return 0.0
    return absolute / scale if scale else np.inf


def _wide(array: np.ndarray) -> np.ndarray:
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def _compare_numbers(given: np.ndarray, wanted: np.ndarray, rtol: float) -> Difference:
    limit = tolerance(wanted.dtype, rtol)
    actual, expected = _wide(given), _wide(wanted)
    finite = np.isfinite(expected)
    same = (actual == expected) | (np.isnan(actual) & np.isnan(expected))
    odd = int(np.count_nonzero(~same & ~(finite & np.isfinite(actual))))
    if odd:
        reason = f"NaN or infinity expected or found in {odd} of {same.size} elements"
        return Difference(np.inf, np.inf, reason)
    absolute = float(np.max(np.abs(actual[finite] - expected[finite]), initial=0))
    scale = scale_of(wanted)
    agrees = absolute <= limit * scale + resolution(wanted.dtype)
    reason = "" if agrees else f"expected at most {limit:.1e} of the scale"
    return Difference(absolute, _part(absolute, scale), reason)
