"""What a generator draws from: shapes, axes and arrays, repeatable by their seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from ..tolerance import is_extension

T = TypeVar("T")

FLOATS = ("float32", "float32", "float32", "float64", "float16")
"""What onnxruntime computes most; float32 is the one that matters."""
INTEGERS = ("int64", "int32", "int8", "uint8")
NUMBERS = (*FLOATS, *INTEGERS)
ALL_INTEGERS = (*INTEGERS, "int16", "uint16", "uint32", "uint64")

MOST_ELEMENTS = 2000
"""No tensor has more: many small cases find more than few large ones."""


class Draw:
    """Random choices of one case."""

    def __init__(self, *seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def integer(self, low: int, high: int) -> int:
        """Return an integer from ``low`` to ``high``, both included."""
        return int(self.rng.integers(low, high + 1))

    def number(self, low: float, high: float) -> float:
        """Return a number that is a float32, as attributes are."""
        return float(np.float32(self.rng.uniform(low, high)))

    def chance(self, probability: float = 0.5) -> bool:
        """Return True with that probability."""
        return bool(self.rng.random() < probability)

    def one_of(self, items: Sequence[T]) -> T:
        """Return one of the items; say one twice to have it more often."""
        return items[self.integer(0, len(items) - 1)]

    def some_of(self, items: Sequence[T], least: int = 0) -> list[T]:
        """Return some of the items, in any order."""
        count = self.integer(min(least, len(items)), len(items))
        return [items[i] for i in self.rng.permutation(len(items))[:count]]

    # ------------------------------------------------------------------ shapes

    def shape(
        self, least: int = 0, most: int = 5, *, longest: int = 6, zero: float = 0.03
    ) -> tuple[int, ...]:
        """Return a shape of ``least`` to ``most`` axes; ``zero``: the chance of an empty axis."""
        dims = [self.length(longest, zero) for _ in range(self.integer(least, most))]
        while np.prod(dims) > MOST_ELEMENTS:
            dims[int(np.argmax(dims))] //= 2
        return tuple(dims)

    def length(self, longest: int = 6, zero: float = 0.03) -> int:
        """Return the length of an axis: sometimes 0, often 1."""
        if self.chance(zero):
            return 0
        return 1 if self.chance(0.15) else self.integer(1, longest)

    def image(
        self, spatial: int, *, longest: int = 9, channels: int = 4
    ) -> tuple[int, ...]:
        """Return a shape ``(N, C, spatial axes)``."""
        dims = [self.integer(1, 3), self.integer(1, channels)]
        dims += [self.integer(1, longest) for _ in range(spatial)]
        while np.prod(dims) > MOST_ELEMENTS:
            dims[int(np.argmax(dims))] //= 2
        return tuple(dims)

    def broadcastable(self, shape: Sequence[int]) -> tuple[int, ...]:
        """Return a shape that can be broadcast to ``shape``."""
        kept = list(shape)[self.integer(0, len(shape)) if self.chance(0.4) else 0 :]
        return tuple(1 if self.chance(0.25) else d for d in kept)

    def broadcast_shapes(self, count: int, most: int = 5) -> list[tuple[int, ...]]:
        """Return shapes that can be broadcast to each other, in any order."""
        whole = self.shape(0, most)
        found = [whole, *(self.broadcastable(whole) for _ in range(count - 1))]
        return [found[i] for i in self.rng.permutation(count)]

    def axis(self, rank: int, negative: bool = True) -> int:
        """Return an axis; counted from the end, half of the time, if ``negative``."""
        axis = self.integer(0, rank - 1)
        return axis - rank if negative and self.chance() else axis

    def axes(self, rank: int, least: int = 0, negative: bool = True) -> list[int]:
        """Return different axes, in any order."""
        chosen = self.some_of(range(rank), least)
        return [a - rank if negative and self.chance(0.4) else a for a in chosen]

    # ------------------------------------------------------------------ arrays

    def array(
        self,
        dtype: str,
        shape: Sequence[int],
        low: float | None = None,
        high: float | None = None,
    ) -> np.ndarray[Any, Any]:
        """Return an array; without bounds, floats are normal and integers small (or any).

        Bounds that the type does not reach are those of the type.
        """
        kind = np.dtype(dtype)
        if kind.kind == "b":
            return np.asarray(self.rng.random(tuple(shape)) < 0.5)
        if is_extension(kind):
            base = "float32" if "float" in kind.name else "int8"
            return self.array(base, shape, low, high).astype(kind)
        if kind.kind == "c":
            parts = [self.array("float32", shape, low, high) for _ in range(2)]
            return np.asarray(parts[0] + 1j * parts[1]).astype(kind)
        if kind.kind == "f":
            return self._floats(kind, shape, low, high)
        info = np.iinfo(kind)
        if low is None:
            wide = self.chance(0.1)
            low = info.min if wide else max(info.min, -9)
            high = info.max if wide else 9
        assert high is not None
        low, high = max(int(low), info.min), min(int(high), info.max)
        return self.rng.integers(low, high, tuple(shape), kind, endpoint=True)

    def _floats(
        self,
        kind: np.dtype[Any],
        shape: Sequence[int],
        low: float | None,
        high: float | None,
    ) -> np.ndarray[Any, Any]:
        if low is None:
            scale = self.one_of((1.0, 1.0, 1.0, 10.0, 0.01))
            return np.asarray(self.rng.normal(0, scale, tuple(shape)), kind)
        assert high is not None
        return np.asarray(self.rng.uniform(low, high, tuple(shape)), kind)

    def special(self, dtype: str, shape: Sequence[int]) -> np.ndarray[Any, Any]:
        """Return floats, some of them infinite, NaN, signed zeros, huge or tiny."""
        array = self.array(dtype, shape)
        if is_extension(array.dtype) and "float" in array.dtype.name:
            return self.special("float32", shape).astype(array.dtype)
        if array.dtype.kind != "f" or not array.size:
            return array
        info = np.finfo(array.dtype)
        odd = [np.inf, -np.inf, np.nan, 0.0, -0.0, info.max, info.tiny, 1.0, -1.0, 0.5]
        chosen = self.rng.random(array.shape) < 0.3
        array[chosen] = self.rng.choice(np.array(odd, array.dtype), int(chosen.sum()))
        return array

    def ties(self, dtype: str, shape: Sequence[int]) -> np.ndarray[Any, Any]:
        """Return an array of few different values: for what must decide between equals."""
        kind = np.dtype(dtype)
        low = 0 if kind.kind in "ub" else -2
        return self.rng.integers(low, 3, tuple(shape)).astype(kind)

    def strings(self, shape: Sequence[int], words: Sequence[str]) -> Any:
        """Return an object array of strings."""
        array = np.empty(tuple(shape), object)
        for index in np.ndindex(*shape):
            array[index] = self.one_of(words)
        return array
