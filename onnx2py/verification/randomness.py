"""Random numbers in a model: which values depend on them, and inputs that scale them to 0.

Libraries draw different numbers, so values that depend on draws cannot be compared. But speech
models scale their noise by an input: if it is 0, all values can be compared.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..ir.graph import Graph, Node, onnx_name
from ..ir.types import TensorType
from ..passes.constants import collect_constants
from ..shaping import Shaping, shaped
from ..traits.operators import operator_traits
from .oracle import OnnxRuntime, OracleError, model_proto

LINEAR = frozenset(
    {"Mul", "Div", "Neg", "Cast", "Identity", "Reshape", "Transpose", "Squeeze", "Unsqueeze",
     "Slice", "Gather", "Expand", "Flatten", "Tile"}
)  # fmt: skip
"""Operators whose result is 0 where their first input is; Mul, where either is."""

MOST_ELEMENTS = 64
"""Larger inputs are data, not scales."""
MOST_NODES = 32
"""Maximum number of nodes between an input and the value it scales."""


class Randomness:
    """The values that depend on random draws, except draws that ``silent`` values scale to 0."""

    def __init__(self, graph: Graph, silent: Collection[str] = ()) -> None:
        self.graph = collect_constants(graph)
        self.silent = frozenset(silent)
        self.values: set[str] = set()
        self.draws: list[str] = []
        """The nodes that draw, as ``name: Operator``."""
        self._walk(self.graph)
        names = graph.output_names or graph.outputs
        self.outputs = frozenset(
            name for name, value in zip(names, graph.outputs) if value in self.values
        )
        """The outputs that depend on draws, by their ONNX names."""

    @property
    def names(self) -> frozenset[str]:
        """The ONNX names of the values that depend on draws."""
        return frozenset(onnx_name(value) for value in self.values)

    def _walk(self, graph: Graph) -> None:
        for node in graph.nodes:
            if self._is_draw(node) or self._depends(node):
                self.values.update(filter(None, node.outputs))

    def _is_draw(self, node: Node) -> bool:
        if not draws(node, self.graph.constants) or not self.silent.isdisjoint(
            node.inputs[1:]
        ):
            return False
        if node.label not in self.draws:
            self.draws.append(node.label)
        return True

    def _depends(self, node: Node) -> bool:
        """Whether the outputs of a node depend on draws."""
        reads = [name for name in node.inputs if name in self.values]
        if operator_traits(node.domain, node.operator).reads_shape:
            return any(not self._shape_is_known(name) for name in reads)
        if node.operator == "Mul" and not self.silent.isdisjoint(node.inputs):
            return False
        if node.calls_function or (node.operator == "If" and not node.domain):
            return self._bodies_depend(node)
        bodies = node.subgraphs.values()
        for graph in bodies if reads else ():
            self.values.update(graph.inputs)
        depends = [self._round_depends(graph) for graph in bodies]
        return bool(reads) or any(depends)

    def _bodies_depend(self, node: Node) -> bool:
        """Follow a function, or the branches of an If; return whether all outputs depend."""
        for graph in node.subgraphs.values():
            if node.calls_function:
                pairs = zip(node.inputs, graph.inputs)
                self.values.update(inner for n, inner in pairs if n in self.values)
            self._walk(graph)
            made = zip(graph.outputs, node.outputs)
            self.values.update(n for inner, n in made if inner in self.values and n)
        return not node.calls_function and node.inputs[0] in self.values

    def _round_depends(self, graph: Graph) -> bool:
        """Whether the outputs of a loop's body depend, over all iterations."""
        self._walk(graph)
        if self.values.isdisjoint(graph.outputs):
            return False
        self.values.update(graph.inputs)
        self._walk(graph)
        return True

    def _shape_is_known(self, name: str) -> bool:
        """Whether the shapes of the inputs determine that of a value, whatever is drawn."""
        kind = self.graph.types.get(name)
        symbols = input_symbols(self.graph)
        return (
            isinstance(kind, TensorType)
            and kind.shape is not None
            and all(isinstance(dim, int) or dim in symbols for dim in kind.shape)
        )


def draws(node: Node, constants: Mapping[str, np.ndarray]) -> bool:
    """Whether a node draws random numbers."""
    if node.domain or not operator_traits("", node.operator).random:
        return False
    if node.operator != "Dropout":
        return True
    if node.version < 7:
        return not node.attributes.get("is_test", 0)
    _, ratio, mode = (*node.inputs, "", "")[:3]
    off = [name for name in (ratio, mode) if name in constants]
    return bool(mode) and all(np.any(constants[name]) for name in off)


def input_symbols(graph: Graph) -> set[str]:
    """Return the symbols of the inputs' shapes."""
    kinds = [graph.types.get(name) for name in graph.inputs]
    shapes = [kind.shape or () for kind in kinds if isinstance(kind, TensorType)]
    return {dim for shape in shapes for dim in shape if isinstance(dim, str)}


# ---------------------------------------------------------------------- silence


@dataclass(frozen=True)
class Silence:
    """Inputs for which scales of random numbers are 0."""

    feeds: Mapping[str, Any]
    zeros: tuple[str, ...]
    """What was set to 0: ``scales[2]``."""
    randomness: Randomness
    """What depends on draws all the same."""


def silence(
    graph: Graph, model: Any, beside: Path | None, feeds: Mapping[str, Any]
) -> Silence | None:
    """Set inputs that scale random numbers to 0; return None if there are none.

    A scale is a factor of the random numbers themselves, or the ratio of a Dropout.
    """
    found = Randomness(graph)
    changed, zeros = dict(feeds), list[str]()
    silent: list[str] = []

    def size(scaled: tuple[Any, str]) -> int:
        arrays = [feeds.get(name, ()) for name in _sources(found.graph, scaled[1])]
        return sum(int(np.size(array)) for array in arrays)

    # The smallest first: a large factor is data or a mask, and not only the noise's.
    for draw, scale in sorted(_scales(found.graph, found.values), key=size):
        left = Randomness(graph, silent)
        if not left.outputs or not left.values.issuperset(draw):
            continue  # another scale silences the same numbers
        zeroed = _zeroed(found.graph, model, beside, changed, scale)
        if zeroed is None:
            continue
        label, name, array = zeroed
        changed[name] = array
        zeros += [label] if label else []
        silent.append(scale)
    if not silent:
        return None
    return Silence(changed, tuple(zeros), Randomness(graph, silent))


def _scales(
    graph: Graph, random: Collection[str]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the factors of random draws, each with the values that it scales."""
    drawn: set[str] = set()
    for node in graph.nodes:
        if draws(node, graph.constants):
            drawn.update(node.outputs)
            if node.operator == "Dropout":
                switches = filter(None, node.inputs[1:])
                yield from (
                    (node.outputs[:1], s) for s in switches if s not in graph.constants
                )
        elif node.operator in LINEAR and not node.domain:
            scaled = node.inputs[:2] if node.operator == "Mul" else node.inputs[:1]
            if not drawn.isdisjoint(scaled):
                drawn.update(node.outputs)
                others = [n for n in scaled if n not in random]
                if (
                    node.operator == "Mul"
                    and others[0:1]
                    and others[0] not in graph.constants
                ):
                    yield node.outputs[:1], others[0]


def _zeroed(
    graph: Graph,
    model: Any,
    beside: Path | None,
    feeds: Mapping[str, Any],
    scale: str,
) -> tuple[str, str, np.ndarray] | None:
    """Return an input, or one element of it, that makes a scale 0 if it is 0 itself."""
    given = {
        name: feeds.get(name, graph.defaults.get(name))
        for name in _sources(graph, scale)
    }
    try:
        proto = shaped(model_proto(model), Shaping(outputs=[onnx_name(scale)]))
        oracle = OnnxRuntime(proto, [onnx_name(scale)], beside)
        for label, name, array in _trials(given):
            (value,) = oracle.run({**given, name: array})
            if isinstance(value, np.ndarray) and not np.any(value):
                return label, name, array
    except OracleError:
        return None
    return None


def _trials(given: Mapping[str, Any]) -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield each input unchanged, with one element set to 0, and with all elements 0."""
    for name, array in given.items():
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "fb":
            continue
        if array.size > MOST_ELEMENTS:
            continue
        yield "", name, array
        if array.size > 1:
            for place in np.ndindex(array.shape):
                changed = array.copy()
                changed[place] = 0
                yield f"{name}[{', '.join(map(str, place))}]", name, changed
        yield name, name, np.zeros_like(array)


def _sources(graph: Graph, value: str) -> list[str]:
    """Return the inputs from which a value is computed, if by a few nodes only."""
    makers = {output: node for node in graph.nodes for output in node.outputs}
    waiting, seen = [value], {value}
    while waiting:
        name = waiting.pop()
        if name in makers:
            if makers[name].subgraphs:
                return []
            fresh = {n for n in makers[name].inputs if n and n not in seen}
            seen |= fresh
            waiting += fresh
    if len({id(makers[name]) for name in seen if name in makers}) > MOST_NODES:
        return []
    return [name for name in graph.inputs if name in seen]
