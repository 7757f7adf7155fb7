"""Inputs to compare on: given files, data sets beside the model, or random numbers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import VerifyError
from ..ir.graph import Graph
from ..ir.types import (
    DTYPES,
    MapType,
    OptionalType,
    SequenceType,
    TensorType,
    ValueType,
)

WORDS = ("red", "green apples", "The blue sky", "seven", "42", "")
"""The strings that random inputs are made of."""

MAX_ELEMENTS = 1 << 22
"""Larger random inputs are not tried, if the model leaves a choice."""

WAVE = 4096
"""From here on, lengths are those of recordings, which are floats along the last axis."""

MOST_TOTALS = 60
"""How many ways are tried of how one length may be the sum of two others."""

SPATIAL = 64
"""The shortest axis of an image: less than this, and convolutions leave nothing of it."""

_TOP = {"int2": 2, "uint2": 4, "int4": 8, "uint4": 16}


@dataclass(frozen=True)
class Signature:
    """A model's inputs and outputs by their ONNX names, in order, with their types."""

    inputs: Mapping[str, ValueType | None]
    optional: frozenset[str]
    outputs: Mapping[str, ValueType | None]

    @classmethod
    def of(cls, graph: Graph) -> Signature:
        """Read the signature off a decoded graph."""
        names = graph.output_names or graph.outputs
        kinds = [graph.types.get(value) for value in graph.outputs]
        return cls(
            {name: graph.types.get(name) for name in graph.inputs},
            frozenset(graph.defaults),
            dict(zip(names, kinds)),
        )


@dataclass(frozen=True)
class Drawn:
    """A tensor that the seed determines; ``high`` bounds integers."""

    dtype: str
    shape: tuple[int, ...]
    high: int


@dataclass(frozen=True)
class Case:
    """One set of inputs, with the outputs that came with it, by ONNX name."""

    label: str
    feeds: Mapping[str, Any]
    recorded: Mapping[str, Any] = field(default_factory=dict)
    drawn: Mapping[str, Drawn] = field(default_factory=dict)
    """How the tensors among the feeds can be made again from ``seed``, if all can be."""
    seed: int = 0


# ---------------------------------------------------------------------- random inputs


@dataclass(frozen=True)
class Sizes:
    """Lengths for axes whose length the model leaves open, and a bound for integers.

    ``distinct`` gives each symbol another length, which finds mixed-up axes; ``middle`` takes
    axes between the first and the last for batches, as in the state of a recurrent network.
    ``total`` names a symbol, and others that it is the sum of: a decoder's mask is as long as
    the keys of the past and the new ones.
    """

    batch: int
    other: int
    distinct: bool = False
    middle: bool = False
    high: int = 10
    total: tuple[str, ...] = ()


def attempts(symbols: Sequence[str] = (), *, waves: bool = True) -> Iterator[Sizes]:
    """Yield sizes to try, the likely ones first: some models need an axis to be long.

    ``symbols`` are those of lengths other than a batch's. Without ``waves``, no axis is as
    long as a recording is.
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


def random_cases(signature: Signature, seed: int) -> Iterator[Case]:
    """Yield random inputs of the declared types, for one attempt after the other.

    Raises
    ------
    VerifyError
        If an input is of a type that no random value can be made for.
    """
    seen: set[tuple[Any, ...]] = set()
    required = {
        k: v for k, v in signature.inputs.items() if k not in signature.optional
    }
    first = _Shapes(Sizes(2, 3), required)
    others = [symbol for symbol in first.lengths if symbol not in first.batches]
    waves = any(map(_is_wave, required.values()))
    for sizes in attempts(others, waves=waves):
        shapes = _Shapes(sizes, required)
        maker = _Maker(np.random.default_rng(seed), shapes, sizes.high)
        plan = tuple(
            shapes.plan(kind) for kind in required.values() if kind is not None
        ) + (sizes.high if any("int" in str(k) for k in required.values()) else 0,)
        large = shapes.elements(required.values()) > MAX_ELEMENTS
        if plan in seen or (large and shapes.open):
            continue
        seen.add(plan)
        feeds = {name: maker.make(name, kind) for name, kind in required.items()}
        plain = all(isinstance(kind, TensorType) for kind in required.values())
        lengths = ", ".join(f"{k} = {v}" for k, v in shapes.lengths.items())
        label = f"random inputs, seed {seed}" + (f" ({lengths})" if lengths else "")
        yield Case(label, feeds, drawn=maker.drawn if plain else {}, seed=seed)


def _is_wave(kind: ValueType | None) -> bool:
    """Whether this may be a recording: floats whose last axis is open."""
    if not isinstance(kind, TensorType) or "float" not in kind.dtype:
        return not isinstance(kind, TensorType)
    return not kind.shape or not isinstance(kind.shape[-1], int)


class _Shapes:
    """Gives every open axis a length; equal symbols get equal ones."""

    def __init__(self, sizes: Sizes, inputs: Mapping[str, ValueType | None]) -> None:
        self.sizes = sizes
        tensors = [kind for kind in inputs.values() if isinstance(kind, TensorType)]
        shapes = [kind.shape for kind in tensors if kind.shape]
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
        for total, *parts in ([sizes.total] if sizes.total else []):
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
        """Return what distinguishes this attempt from others."""
        return self.of(kind) if isinstance(kind, TensorType) else str(kind)

    def elements(self, kinds: Any) -> int:
        """Count the elements of all inputs."""
        return sum(
            int(np.prod(self.of(kind), dtype=object))
            for kind in kinds
            if isinstance(kind, TensorType)
        )


class _Maker:
    def __init__(self, random: np.random.Generator, shapes: _Shapes, high: int) -> None:
        self.random, self.shapes, self.high = random, shapes, high
        self.drawn: dict[str, Drawn] = {}

    def make(self, name: str, kind: ValueType | None) -> Any:
        """Return a random value of a type."""
        if isinstance(kind, TensorType):
            high = min(self.high, _TOP.get(kind.dtype, self.high))
            drawn = Drawn(kind.dtype, self.shapes.of(kind), high)
            self.drawn[name] = drawn
            return draw(self.random, drawn.dtype, drawn.shape, drawn.high).astype(
                DTYPES[kind.dtype]
            )
        if isinstance(kind, OptionalType):
            return self.make(name, kind.element)
        if isinstance(kind, SequenceType):
            return [self.make(name, kind.element) for _ in range(2)]
        if isinstance(kind, MapType):
            keys = WORDS if kind.key == "string" else range(len(WORDS))
            return {key: self._element(name, kind.value) for key in keys}
        raise VerifyError(
            f"input {name!r}: expected a type to make random values of, got {kind}; "
            "pass values with --data"
        )

    def _element(self, name: str, kind: ValueType | None) -> Any:
        if isinstance(kind, TensorType) and not kind.shape:
            return self.make(name, TensorType(kind.dtype, ())).item()
        return self.make(name, kind)


def draw(
    random: np.random.Generator, dtype: str, shape: tuple[int, ...], high: int
) -> np.ndarray:
    """Return random values, to be cast to ``dtype``.

    ``__main__.py`` of a package has this function too, to make the same inputs again. It
    needs nothing but uniform numbers, which NumPy makes alike in all versions.
    """
    uniform = np.asarray(random.random(shape))
    if dtype == "string":
        return np.asarray(np.array(WORDS, object)[(uniform * len(WORDS)).astype(int)])
    if dtype == "bool":
        return np.asarray(uniform < 0.5)
    if "int" in dtype:
        return np.asarray(np.floor(uniform * high).astype(np.int64))
    return np.asarray(uniform * 2 - 1)
