"""Inputs for comparison: given files, data sets next to the model, or random numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
from .sizes import Shapes, Sizes, attempts, is_wave

WORDS = ("red", "green apples", "The blue sky", "seven", "42", "")
"""The strings of random inputs."""

MAX_ELEMENTS = 1 << 22
"""Larger random inputs are not tried if the model allows smaller ones."""

_TOP = {"int2": 2, "uint2": 4, "int4": 8, "uint4": 16}


@dataclass(frozen=True)
class Signature:
    """A model's inputs and outputs by their ONNX names, in order, with their types."""

    inputs: Mapping[str, ValueType | None]
    optional: frozenset[str]
    outputs: Mapping[str, ValueType | None]
    fixed: Mapping[str, np.ndarray] = field(default_factory=dict)
    """The defaults of inputs of the file that are weights of the package."""
    listed: tuple[str, ...] = ()
    """The inputs in the order of the file, with those that are weights."""

    @classmethod
    def of(cls, graph: Graph) -> Signature:
        """Return the signature of a decoded graph."""
        names = graph.output_names or graph.outputs
        kinds = [graph.types.get(value) for value in graph.outputs]
        return cls(
            {name: graph.types.get(name) for name in graph.inputs},
            frozenset(graph.defaults),
            dict(zip(names, kinds)),
            {n: graph.constants[n] for n in graph.listed if n in graph.constants},
            graph.listed,
        )


@dataclass(frozen=True)
class Drawn:
    """A tensor that the seed determines; ``high`` bounds integers."""

    dtype: str
    shape: tuple[int, ...]
    high: int


@dataclass(frozen=True)
class Case:
    """A set of inputs, with the outputs stored with them, by ONNX name."""

    label: str
    feeds: Mapping[str, Any]
    recorded: Mapping[str, Any] = field(default_factory=dict)
    drawn: Mapping[str, Drawn] = field(default_factory=dict)
    """How the tensors among the feeds can be made again from ``seed``, if all can be."""
    seed: int = 0
    sizes: Sizes | None = None
    """How the lengths of random inputs were chosen."""
    lengths: Mapping[str, int] = field(default_factory=dict)
    """The lengths that the symbols of random inputs got."""


# ---------------------------------------------------------------------- random inputs


def random_cases(signature: Signature, seed: int) -> Iterator[Case]:
    """Yield random inputs of the declared types, one set per attempt.

    Raises
    ------
    VerifyError
        If an input has a type for which no random value can be generated.
    """
    seen: set[tuple[Any, ...]] = set()
    required = {
        k: v for k, v in signature.inputs.items() if k not in signature.optional
    }
    first = Shapes(Sizes(2, 3), required)
    others = [symbol for symbol in first.lengths if symbol not in first.batches]
    waves = any(map(is_wave, required.values()))
    for sizes in attempts(others, waves=waves):
        shapes = Shapes(sizes, required)
        plan = tuple(
            shapes.plan(kind) for kind in required.values() if kind is not None
        ) + (sizes.high if any("int" in str(k) for k in required.values()) else 0,)
        large = shapes.elements(required.values()) > MAX_ELEMENTS
        if plan in seen or (large and shapes.open):
            continue
        seen.add(plan)
        yield random_case(signature, seed, sizes)


def random_case(signature: Signature, seed: int, sizes: Sizes) -> Case:
    """Return random inputs of the declared types.

    Raises
    ------
    VerifyError
        If an input has a type for which no random value can be generated.
    """
    required = {
        k: v for k, v in signature.inputs.items() if k not in signature.optional
    }
    shapes = Shapes(sizes, required)
    maker = _Maker(np.random.default_rng(seed), shapes, sizes.high)
    feeds = {name: maker.make(name, kind) for name, kind in required.items()}
    plain = all(isinstance(kind, TensorType) for kind in required.values())
    lengths = ", ".join(f"{k} = {v}" for k, v in shapes.lengths.items())
    return Case(
        f"random inputs, seed {seed}" + (f" ({lengths})" if lengths else ""),
        feeds,
        drawn=maker.drawn if plain else {},
        seed=seed,
        sizes=sizes,
        lengths=shapes.lengths,
    )


class _Maker:
    def __init__(self, random: np.random.Generator, shapes: Shapes, high: int) -> None:
        self.random, self.shapes, self.high = random, shapes, high
        self.drawn: dict[str, Drawn] = {}

    def make(self, name: str, kind: ValueType | None) -> Any:
        """Generate a random value of a type."""
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

    ``tools/records.py`` of a package has this function too, to regenerate the same inputs. It uses
    only uniform numbers, which are the same in all versions of NumPy.
    """
    uniform = np.asarray(random.random(shape))
    if dtype == "string":
        return np.asarray(np.array(WORDS, object)[(uniform * len(WORDS)).astype(int)])
    if dtype == "bool":
        return np.asarray(uniform < 0.5)
    if "int" in dtype:
        return np.asarray(np.floor(uniform * high).astype(np.int64))
    return np.asarray(uniform * 2 - 1)
