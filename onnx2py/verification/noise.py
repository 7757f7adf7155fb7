"""A model that rounds otherwise: computed values differ by one unit in the last place.

Each float that a node computes goes through a function that multiplies it with 1, give or take
one step. So does each that is given, where a node adds up many: its sum rounds on the way, as if
its terms were off. An operator that rounds once, or not at all, reads what it is given. Whole
numbers that are held as floats stay as they are, as rounding leaves them; so does what lengths
are computed from.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

import numpy as np
import onnx  # noqa: TID251  (an oracle is not part of the compiler)
from onnx import helper, numpy_helper  # noqa: TID251

from ..ir.graph import Graph
from ..ir.types import TensorType
from ..traits.operator import ONCE, Operator
from ..traits.operators import operator_traits
from .oracle import OracleError
from .recurrence import RECURRENT, round_otherwise

DOMAIN = "onnx2py.rounding"
SEED = "onnx2py.rounding.seed"
SIZE = "onnx2py.rounding.size"
"""How many units in the last place values of float32 and float64 are off by, at most."""

WAVES = 1234.5
"""What values are multiplied with before their sine is the noise."""

EXACT = ";exact"
COMPUTED = ";computed"
"""Follows the name of a value that a part of a model computes from given values."""

STEPS = {
    "float32": 2.0**-23,
    "float64": 2.0**-52,
    "float16": 2.0**-10,
    "bfloat16": 2.0**-7,
}
"""One unit in the last place of 1."""

ELEMENTS = {
    "float": 1, "float32": 1, "float16": 10, "double": 11, "float64": 11, "bfloat16": 16,
}  # fmt: skip
"""ONNX's numbers of element types."""

OLDEST = 7
"""The first opset whose arithmetic broadcasts."""

LENGTHS = {
    "Resize": (1, 2, 3), "Upsample": (1,), "Range": (0, 1, 2), "Dropout": (1, 2),
    "RandomNormalLike": (0,), "RandomUniformLike": (0,), "CastLike": (1,),
}  # fmt: skip
"""Inputs from which lengths are computed, or whose numbers have no meaning."""

OF_ONE = 2.0**-25
"""By how much results of operators that add or subtract about 1 are off, at most: a quarter of a
unit of 1 in float32."""


def _traits(node: onnx.NodeProto) -> Operator:
    return operator_traits(
        "" if node.domain == "ai.onnx" else node.domain, node.op_type
    )


class Noise:
    """Adds noise to a model."""

    def __init__(self, proto: onnx.ModelProto, graph: Graph) -> None:
        self.proto, self.graph = proto, graph
        versions = [
            o.version for o in proto.opset_import if o.domain in ("", "ai.onnx")
        ]
        self.opset = max(versions, default=1)
        self.used: set[tuple[str, bool]] = set()
        """The element types of which there is noise."""
        self.phases = np.random.default_rng(0)
        self.fixed = set(_fixed(proto.graph))
        self.blurred = self._blurred(proto.graph)

    def add(self) -> dict[str, str]:
        """Change the model; return the new names of its inputs."""
        if self.opset < OLDEST:
            raise OracleError(f"opset {self.opset} has no way to round otherwise")
        graph = self.proto.graph
        renamed = {}
        first: list[onnx.NodeProto] = []
        inputs = {value.name for value in graph.input}
        stored = {tensor.name for tensor in graph.initializer}
        for value in (*graph.input, *graph.initializer):
            both = value.name in inputs and value.name in stored
            noise = None if both else self._noise(value.name)
            if noise is not None:
                first.append(noise)
                if value.name in inputs:
                    renamed[value.name] = value.name + EXACT
                value.name += EXACT
        self._into(graph, first)
        self._spare({node.output[0] for node in first})
        for name in (SEED, SIZE):
            scalar = helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ())
            graph.input.append(scalar)
        self.proto.functions.extend(
            _function(*each, self.opset) for each in sorted(self.used)
        )
        self.proto.opset_import.append(helper.make_opsetid(DOMAIN, 1))
        self.proto.ir_version = max(self.proto.ir_version, 8)
        return renamed

    def _into(
        self, graph: onnx.GraphProto, first: Sequence[onnx.NodeProto] = ()
    ) -> None:
        nodes = list(first)
        for node in graph.node:
            for body in _bodies(node):
                self._into(body)
            if node.op_type in RECURRENT:
                round_otherwise(node)
            nodes.append(node)
            traits = _traits(node)
            if traits.is_exact:
                continue
            for i, name in enumerate(node.output):
                noise = self._noise(name, traits.near_one) if name else None
                if noise is not None:
                    node.output[i] = name + EXACT
                    nodes.append(noise)
        copies = [onnx.NodeProto.FromString(n.SerializeToString()) for n in nodes]
        del graph.node[:]
        graph.node.extend(copies)

    def _spare(self, given: Container[str]) -> None:
        """Let nodes that round once read given values as they are."""
        for node in self.proto.graph.node:
            traits = _traits(node)
            if traits.is_exact or traits.rounds == ONCE:
                for place, name in enumerate(node.input):
                    if name in given:
                        node.input[place] = name + EXACT

    def _noise(self, name: str, near_one: bool = False) -> onnx.NodeProto | None:
        """Return a node that rounds a value otherwise, which is called ``;exact`` from now on."""
        kind = self.graph.types.get(name.removesuffix(COMPUTED))
        if not isinstance(kind, TensorType) or kind.dtype not in STEPS:
            return None
        if name in self.fixed or name not in self.blurred:
            return None
        phase = f"{name};phase"
        number = np.array(self.phases.uniform(1, 100), np.float32)
        self.proto.graph.initializer.append(numpy_helper.from_array(number, phase))
        near_one = near_one and kind.dtype != "float64"
        self.used.add((kind.dtype, near_one))
        return helper.make_node(
            _function_name(kind.dtype, near_one),
            [name + EXACT, phase, SEED, SIZE],
            [name],
            domain=DOMAIN,
        )

    def _blurred(self, graph: onnx.GraphProto) -> set[str]:
        """Return the values that data go into, and those that are computed with with data."""
        data = {value.name for value in graph.input}
        found = set(data)
        for node in graph.node:
            reads = {*node.input, *captured(node)}
            if node.op_type not in ("Shape", "Size") and not data.isdisjoint(reads):
                data.update(node.output)
                found |= reads
            for body in _bodies(node):
                found |= set(_made(body))
        return found | data


def _function_name(dtype: str, near_one: bool) -> str:
    return f"round_{dtype}_near_one" if near_one else f"round_{dtype}"


def _function(dtype: str, near_one: bool, opset: int) -> onnx.FunctionProto:
    """Return a function that multiplies with 1, give or take units in the last place."""
    work = "double" if dtype == "float64" else "float"
    element, result = (ELEMENTS[each] for each in (work, dtype))
    if opset == OLDEST and work == "double":
        raise OracleError("opset 7 has no way to round float64 otherwise")
    half = dtype not in ("float32", "float64")
    least, most = -1e30, 1e30  # sin(infinity) is NaN
    bounded = f"bounded = Clip <min = {least}, max = {most}> (v)"
    if opset > OLDEST:
        bounded = f"""least = Constant <value = {work} {{{least}}}> ()
            most = Constant <value = {work} {{{most}}}> ()
            below_most = Min (v, most) bounded = Max (below_most, least)"""
    return onnx.parser.parse_function(
        f"""<opset_import: ["" : {opset}], domain: "{DOMAIN}">
        {_function_name(dtype, near_one)} (x, phase, seed, size) => (y) {{
            v = {"Identity" if dtype in ("float32", "float64") else f"Cast <to = {element}>"} (x)
            k = Constant <value = {work} {{{WAVES}}}> ()
            unit = Constant <value = {work} {{{STEPS[dtype]!r}}}> ()
            moved = Mul (phase, seed)
            offset = Cast <to = {element}> (moved)
            units = Cast <to = {element}> (size)
            step = {"Identity (unit)" if half else "Mul (unit, units)"}
            {bounded}
            scaled = Mul (bounded, k)
            angle = Add (scaled, offset)
            wave = Sin (angle)
            below = Floor (bounded)
            part = Sub (bounded, below)
            is_broken = Ceil (part)
            share = Mul (wave, step)
            factor = Mul (share, is_broken)
            relative = Mul (bounded, factor)
            of_one = Constant <value = {work} {{{OF_ONE if near_one else 0.0!r}}}> ()
            absolute = Mul (wave, of_one)
            noise = Add (relative, absolute)
            noisy = Add (v, noise)
            y = {"Identity" if dtype in ("float32", "float64") else f"Cast <to = {result}>"} (noisy)
        }}"""
    )


def _bodies(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    for attribute in node.attribute:
        if attribute.type == onnx.AttributeProto.GRAPH:
            yield attribute.g


def _made(graph: onnx.GraphProto) -> Iterator[str]:
    for node in graph.node:
        yield from node.output
        for body in _bodies(node):
            yield from _made(body)


def captured(node: onnx.NodeProto) -> Iterator[str]:
    """Yield the names that the bodies of a node read, and those they define."""
    for body in _bodies(node):
        for inner in body.node:
            yield from inner.input
            yield from captured(inner)


def _fixed(graph: onnx.GraphProto) -> Iterator[str]:
    """Yield the values from which lengths are computed."""
    for node in graph.node:
        for place in LENGTHS.get(node.op_type, ()):
            yield from node.input[place : place + 1]
        for body in _bodies(node):
            yield from _fixed(body)
