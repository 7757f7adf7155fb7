"""How far rounding alone moves what a model computes: onnxruntime against itself.

The model is run again with every float on the way (inputs, weights, results of nodes) off by
about one unit in the last place. What its outputs move by then is what no implementation can be
blamed for. Where values move in leaps, because they are quantized or compared on the way, one
unit may move nothing by chance, and the next everything: then more units are tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isqrt
from pathlib import Path
from typing import Any

import numpy as np
import onnx  # noqa: TID251  (an oracle is not part of the compiler)

from ..ir.graph import Graph
from .comparison import describe, is_floating
from .noise import SEED, SIZE, Noise
from .oracle import OnnxRuntime, model_proto
from .texts import TextGaps, text_gaps

RUNS = (1, 1, 1, 4, 16)
"""By how many units in the last place values are off in each run with other roundings. What four
times as many move counts half: twice as much as in proportion, since a leap is no larger then."""

ENOUGH = 3
"""How many runs there are at least; the others are for what these do not explain."""

MARGIN = 16.0
"""Tolerance relative to the changes in those runs: a sum rounds in each of its steps, but the
runs round only its result. The values of 30 models differ by at most 10 times the changes,
those of a package with a mistake by 1000 times or more."""


@dataclass(frozen=True)
class Distance:
    """The distance between two values.

    ``count`` is the number of differing elements that must be equal: integers, text, NaN.
    ``absolute`` is the largest difference of numbers, integers and numbers in text included.
    """

    absolute: float = 0.0
    count: int = 0

    def within(self, moved: Distance) -> bool:
        """Whether rounding, which changes values by ``moved``, explains the distance."""
        return (
            self.absolute <= MARGIN * moved.absolute
            and self.count <= MARGIN * moved.count
        )

    def __floordiv__(self, number: int) -> Distance:
        """Return a part of the distance."""
        return Distance(self.absolute / number, -(-self.count // number))

    def __or__(self, other: Distance) -> Distance:
        return Distance(
            max(self.absolute, other.absolute), max(self.count, other.count)
        )


FAR = Distance(np.inf, 1 << 62)
"""Values of other types or shapes."""


def distance(actual: Any, expected: Any) -> Distance:
    """Return the distance between two values of any ONNX type."""
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        same = actual.keys() == expected.keys()
        pairs = [(actual[k], e) for k, e in expected.items()] if same else []
        return _sum(distance(a, e) for a, e in pairs) if same else FAR
    if isinstance(expected, (list, tuple)) and isinstance(actual, (list, tuple)):
        if len(actual) != len(expected):
            return FAR
        return _sum(distance(a, e) for a, e in zip(actual, expected))
    if expected is None or actual is None:
        return Distance() if expected is actual else FAR
    a, e = np.asarray(actual), np.asarray(expected)
    if describe(a) != describe(e):
        return FAR
    if e.dtype.kind in "OU":
        return _text_distance(text_gaps(a, e))
    wide = np.complex128 if e.dtype.kind == "c" else np.float64
    exact = not is_floating(e.dtype)
    count = int(np.count_nonzero(a != e)) if exact else 0
    a, e = a.astype(wide), e.astype(wide)
    finite = np.isfinite(a) & np.isfinite(e)
    odd = ~finite & (a != e) & ~(np.isnan(a) & np.isnan(e))
    gap = float(np.max(np.abs(a[finite] - e[finite]), initial=0))
    return Distance(gap, count + int(np.count_nonzero(odd)))


def _text_distance(gaps: TextGaps) -> Distance:
    """Return how far text is: integers and words count, other numbers are this far apart."""
    count = int(np.count_nonzero(gaps.differs & (~gaps.numbers | gaps.whole)))
    return Distance(float(np.max(gaps.gap, initial=0)), count)


def _sum(distances: Iterable[Distance]) -> Distance:
    found = list(distances)
    gaps = [each.absolute for each in found]
    return Distance(max(gaps, default=0.0), sum(each.count for each in found))


class Rounding:
    """A model that rounds otherwise in each run.

    ``views`` adds to values by their names what else of them is to be looked at.
    """

    def __init__(
        self,
        model: Any,
        graph: Graph,
        beside: Path | None,
        names: Sequence[str],
        views: Callable[[Mapping[str, Any]], dict[str, Any]] = dict,
    ) -> None:
        proto = model_proto(model)
        self.views = views
        self.names = [name for name in dict.fromkeys(names) if name]
        self.renamed = Noise(proto, graph).add()
        known = {value.name for value in proto.graph.output}
        proto.graph.output.extend(
            onnx.ValueInfoProto(name=name) for name in self.names if name not in known
        )
        self.oracle = OnnxRuntime(proto, self.names, beside)

    def moved(
        self,
        feeds: Mapping[str, Any],
        base: Mapping[str, Any],
        gaps: Mapping[str, Distance] | None = None,
    ) -> dict[str, Distance]:
        """Return how far values move from ``base``, what they are without noise.

        ``gaps`` are to be explained: until they are, other roundings are tried.

        Raises
        ------
        OracleError
            If onnxruntime does not run the changed model.
        """
        given = {self.renamed.get(name, name): value for name, value in feeds.items()}
        found = dict.fromkeys(base, Distance())
        for run, units in enumerate(RUNS):
            known = all(gap.within(found[name]) for name, gap in (gaps or {}).items())
            if run >= ENOUGH and known:
                break
            scalars = {SEED: 1 + 0.7 * run, SIZE: units}
            given.update((k, np.array(v, np.float32)) for k, v in scalars.items())
            values = self.views(dict(zip(self.names, self.oracle.run(given))))
            for name, value in base.items():
                found[name] |= distance(values[name], value) // isqrt(units)
        return found
