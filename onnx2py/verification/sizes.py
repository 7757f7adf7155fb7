"""Lengths for the dynamic dimensions of a model."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..ir.types import MapType, OptionalType, SequenceType, TensorType, ValueType

WAVE = 4096
"""Lengths from here on are those of audio, which is floats along the last axis."""

MOST_TOTALS = 60
"""Maximum number of guesses which length is the sum of two others."""

SPATIAL = 64
"""Minimum length of an image's axis: convolutions would leave nothing of a shorter one."""


@dataclass(frozen=True)
class Sizes:
    """Lengths for dynamic dimensions, and an upper bound of integers.

    ``distinct`` gives each symbol a different length, which finds mixed-up axes; ``middle``
    treats axes between the first and the last as batches, as in the state of a recurrent
    network. ``total`` names a symbol and the symbols that it is the sum of: a decoder's mask is
    as long as the past and the new keys together.
    """

    batch: int
    other: int
    distinct: bool = False
    middle: bool = False
    high: int = 10
    total: tuple[str, ...] = ()
    given: tuple[tuple[str, int], ...] = ()
    """Symbols whose lengths are chosen already."""


def attempts(symbols: Sequence[str] = (), *, waves: bool = True) -> Iterator[Sizes]:
    """Yield sizes to try, the likely ones first: some models need a long axis.

    ``symbols`` are those of lengths other than a batch's. Without ``waves``, no axis has the
    length of audio.
    """
    for high in (10, 2):
        yield Sizes(2, 3, distinct=True, high=high)
    for total in itertools.islice(itertools.permutations(symbols, 3), MOST_TOTALS):
        if total[1] < total[2]:
            yield Sizes(2, 3, distinct=True, high=2, total=total)
    for batch, other in ((2, 3), (1, 8), (1, 32), (1, 64), (1, 100), (1, 256), (1, 512),
                         (1, 1024), (1, 4096), (1, 16000), (1, 1)):  # fmt: skip
        if other >= WAVE and not waves:
            continue
        for middle in (False, True):
            for high in (10, 2):
                yield Sizes(batch, other, middle=middle, high=high)


def is_wave(kind: ValueType | None) -> bool:
    """Return whether an input may be audio: floats with a dynamic last axis."""
    if not isinstance(kind, TensorType) or "float" not in kind.dtype:
        return not isinstance(kind, TensorType)
    return not kind.shape or not isinstance(kind.shape[-1], int)


def tensors_in(kind: ValueType | None) -> Iterator[TensorType]:
    """Yield the tensor that a type is, or that a sequence, an optional or a map of it holds."""
    if isinstance(kind, TensorType):
        yield kind
    elif isinstance(kind, (SequenceType, OptionalType)):
        yield from tensors_in(kind.element)
    elif isinstance(kind, MapType):
        yield from tensors_in(kind.value)


class Shapes:
    """Assigns lengths to dynamic dimensions; equal symbols have equal lengths."""

    def __init__(self, sizes: Sizes, inputs: Mapping[str, ValueType | None]) -> None:
        self.sizes = sizes
        tensors = [tensor for kind in inputs.values() for tensor in tensors_in(kind)]
        shapes = [tensor.shape for tensor in tensors if tensor.shape]
        self.open = any(not isinstance(dim, int) for s in shapes for dim in s)
        spatial = {d for s in shapes if len(s) > 3 for d in s[2:] if isinstance(d, str)}
        self.batches = {s[0] for s in shapes if isinstance(s[0], str)}
        symbols = [d for s in shapes for d in s if isinstance(d, str)]
        self.lengths: dict[str, int] = {}
        for symbol in dict.fromkeys(symbols):
            others = len(self.lengths.keys() - self.batches)
            more = others if sizes.distinct else 0
            batch = symbol in self.batches
            least = SPATIAL if symbol in spatial else 1
            length = sizes.batch if batch else max(sizes.other, least) + more
            self.lengths[symbol] = length
        self.lengths.update({k: v for k, v in sizes.given if k in self.lengths})
        for total, *parts in [sizes.total] if sizes.total else []:
            self.lengths[total] = sum(self.lengths[part] for part in parts)
        for symbol in self.lengths:
            self.lengths[symbol] = self.spelt_out(symbol)

    def spelt_out(self, symbol: str) -> int:
        """Return the length of ``past + 1``, if it is named so, as a sum."""
        parts = [part.strip() for part in symbol.split("+")]
        known = [int(p) if p.isdecimal() else self.lengths.get(p) for p in parts]
        numbers = [n for n in known if n is not None]
        complete = len(parts) > 1 and len(numbers) == len(parts)
        return sum(numbers) if complete else self.lengths[symbol]

    def of(self, kind: TensorType) -> tuple[int, ...]:
        """Return the lengths of all axes."""
        if kind.shape is None:
            return (self.sizes.other,)
        last = len(kind.shape) - 1
        return tuple(
            dim if isinstance(dim, int) else self._open(dim, axis, last)
            for axis, dim in enumerate(kind.shape)
        )

    def _open(self, dim: str | None, axis: int, last: int) -> int:
        if dim is not None:
            return self.lengths[dim]
        batch = axis == 0 or (self.sizes.middle and axis < last)
        return self.sizes.batch if batch else self.sizes.other

    def plan(self, kind: ValueType) -> Any:
        """Return the properties that distinguish this attempt from others."""
        return self.of(kind) if isinstance(kind, TensorType) else str(kind)

    def elements(self, kinds: Any) -> int:
        """Count the elements of all inputs."""
        return sum(
            int(np.prod(self.of(kind), dtype=object))
            for kind in kinds
            if isinstance(kind, TensorType)
        )
