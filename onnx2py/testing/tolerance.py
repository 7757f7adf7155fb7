"""How near to the expected outputs is right, and how outputs differ, in words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import ml_dtypes
import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Tolerance:
    """How far outputs may be from the expected ones. Dtypes and shapes must be equal."""

    rtol: float = 1e-4
    """Of each output: relative to its largest element."""
    atol: float = 1e-6
    """Of each element, on top of that (float16 has 1e-3)."""
    ulp: bool = False
    """Compare elements by themselves, with ``rtol``: for elementwise operators."""
    exact: bool = False
    off_by: int = 0
    """How far an integer may be off: 1 where rounding a quotient may go either way."""
    random: bool = False
    """The numbers are drawn: compare the shape, the dtype and the distribution."""


def is_extension(dtype: np.dtype[Any]) -> bool:
    """Whether a dtype is one of ``ml_dtypes``: bfloat16, float8, int4 ..."""
    return dtype.isbuiltin == 2


def difference(tolerance: Tolerance, ours: Any, theirs: Any) -> str | None:
    """Say how a result differs from the expected one, or None if they agree."""
    if isinstance(theirs, (list, tuple)):
        if not isinstance(ours, (list, tuple)) or len(ours) != len(theirs):
            return f"expected {len(theirs)} items, got {ours!r}"[:200]
        found = (difference(tolerance, o, t) for o, t in zip(ours, theirs))
        return next(filter(None, found), None)
    if isinstance(theirs, dict):
        if not isinstance(ours, dict) or ours.keys() != theirs.keys():
            return f"expected a map of {sorted(theirs)}, got {ours!r}"[:200]
        found = (difference(tolerance, ours[k], t) for k, t in theirs.items())
        return next(filter(None, found), None)
    if theirs is None or ours is None:
        return None if theirs is ours else f"expected {theirs!r}, got {ours!r}"
    return _array_difference(tolerance, ours, np.asarray(theirs))


def _array_difference(tolerance: Tolerance, ours: Any, theirs: Array) -> str | None:
    if isinstance(ours, (list, tuple, dict)):
        return f"expected a tensor of {theirs.dtype}, got {ours!r}"[:200]
    ours = np.asarray(ours)
    texts = {ours.dtype.kind, theirs.dtype.kind} <= {*"UO"}
    if ours.dtype != theirs.dtype and not texts:
        return f"expected {theirs.dtype}, got {ours.dtype}"
    if ours.shape != theirs.shape:
        return f"expected shape {theirs.shape}, got {ours.shape}"
    if tolerance.random:
        return _distribution_difference(ours, theirs)
    if is_extension(theirs.dtype):
        # One step of the type: bfloat16 has 8 bits, float8 has 2 or 3.
        step = 0 if tolerance.exact else _step(theirs.dtype)
        tolerance = replace(tolerance, rtol=max(tolerance.rtol, step), exact=not step)
        ours, theirs = ours.astype(np.float32), theirs.astype(np.float32)
    if theirs.dtype.kind not in "fc" or tolerance.exact:
        if tolerance.off_by and theirs.dtype.kind in "iu":
            off = np.abs(ours.astype(np.int64) - theirs.astype(np.int64))
            same = off <= tolerance.off_by
        else:
            same = np.asarray(ours == theirs)
            if theirs.dtype.kind in "fc":
                same = same | ((ours != ours) & (theirs != theirs))
        return None if same.all() else _first(ours, theirs, ~same)
    return _float_difference(tolerance, ours, theirs)


def _step(dtype: np.dtype[Any]) -> float:
    if "float" not in dtype.name:
        return 0.0
    return float(ml_dtypes.finfo(dtype).eps)


def _distribution_difference(ours: Array, theirs: Array) -> str | None:
    """Compare two draws with the test of Kolmogorov and Smirnov.

    Above 3 it is met by chance once in 30 million times; elements that are drawn from
    several distributions, or from few numbers, stay below that even more often.
    """
    a, b = (np.sort(x.astype(np.float64), axis=None) for x in (ours, theirs))
    if not a.size:
        return None
    near = 1e-5 * np.abs(b).max()  # what rounding makes of equal numbers
    gaps = (
        np.searchsorted(x, x, "right") - np.searchsorted(y, x + near, "right")
        for x, y in ((a, b), (b, a))
    )
    statistic = max(gap.max() for gap in gaps) / (2 * a.size) ** 0.5
    if statistic < 3:
        return None
    return f"drawn from another distribution: {statistic:.3g}, means {a.mean():.4g} {b.mean():.4g}"


def _float_difference(tolerance: Tolerance, ours: Array, theirs: Array) -> str | None:
    odd = ~(np.isfinite(ours) & np.isfinite(theirs))
    wrong = odd & ~((ours == theirs) | (np.isnan(ours) & np.isnan(theirs)))
    if wrong.any():
        return _first(ours, theirs, wrong)
    kind = np.complex128 if theirs.dtype.kind == "c" else np.float64
    a, b = (np.where(odd, 0, x).astype(kind) for x in (ours, theirs))
    rtol = max(tolerance.rtol, 4e-3) if theirs.dtype == np.float16 else tolerance.rtol
    scale = np.abs(b) if tolerance.ulp else np.abs(b).max(initial=0)
    atol = max(tolerance.atol, 1e-3) if theirs.dtype == np.float16 else tolerance.atol
    wrong = np.abs(a - b) > rtol * scale + atol
    return _first(ours, theirs, wrong) if wrong.any() else None


def _first(
    ours: Array,
    theirs: Array,
    wrong: Array,
) -> str:
    where = tuple(int(axis[0]) for axis in np.nonzero(np.atleast_1d(wrong)))
    where = where if ours.ndim else ()
    return (
        f"{int(wrong.sum())} of {wrong.size} elements differ, first {list(where)}: "
        f"expected {theirs[where]!r}, got {ours[where]!r}"
    )
