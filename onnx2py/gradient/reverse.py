"""Reverse accumulation: from the result back to the variables, node by node."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ..decode.definitions import body_of, output_types
from ..ir.graph import Graph, Node
from ..ir.types import TensorType
from ..traits.operators import operator_traits
from .registry import Step, derivative_of, formula_of
from .tape import FLOATS, NoDerivative, Tape, Value


def reads_of(node: Node) -> Iterator[str]:
    """Yield what a node reads, through its subgraphs too."""
    yield from (name for name in node.inputs if name)
    for graph in node.subgraphs.values():
        yield from graph.captures()


class Reverse:
    """One walk: the gradient of ``result`` with respect to ``variables``."""

    def __init__(self, tape: Tape, variables: Iterable[str]) -> None:
        self.tape = tape
        self.active = {name for name in variables if self.is_float(name)}
        self.seeds: dict[str, list[Value]] = {}
        self.problems: dict[str, None] = {}

    def is_float(self, name: str) -> bool:
        """Whether a gradient can flow through a value."""
        kind = self.tape.types.get(name)
        return kind is None or isinstance(kind, TensorType) and kind.dtype in FLOATS

    def mark(self, nodes: Iterable[Node]) -> None:
        """Note which values depend on the variables."""
        for node in nodes:
            self.complete(node)
            if operator_traits(node.domain, node.operator).flat:
                continue
            if any(name in self.active for name in reads_of(node)):
                self.active.update(n for n in node.outputs if n and self.is_float(n))

    def complete(self, node: Node) -> None:
        """Give types to the results of a node, as far as they are not inferred yet.

        ONNX itself infers nothing for some old operators, nor behind a ``Gradient``. What
        computes with floating-point numbers keeps the element type, but for casts.
        """
        types = self.tape.types
        if all(name in types for name in node.outputs if name):
            return
        for name, kind in output_types(node, types, self.tape.constants).items():
            types.setdefault(name, kind)
        first = types.get(next(iter(node.inputs), ""))
        if node.domain or node.operator in ("Cast", "CastLike"):
            return
        if isinstance(first, TensorType) and first.dtype in FLOATS:
            for name in filter(None, node.outputs):
                types.setdefault(name, TensorType(first.dtype))

    def run(self, nodes: Sequence[Node], result: str) -> None:
        """Walk back over ``nodes``, which are in order and lead to ``result``."""
        self.mark(nodes)
        value = Value(self.tape, result)
        if value.dtype not in FLOATS:
            raise NoDerivative(f"y: expected floats, got {value.dtype}")
        self.seeds[result] = [value.filled(1)]
        for node in reversed(nodes):
            self.pull(node)

    def gradient(self, variable: str) -> Value:
        """Return the gradient of a variable; zeros if nothing depends on it."""
        return self.total(variable) or Value(self.tape, variable).filled(0)

    def total(self, name: str) -> Value | None:
        """Add up what came back to a value."""
        found = self.seeds.get(name)
        if not found:
            return None
        value = found[0] if len(found) == 1 else self.tape.op("Sum", *found)
        self.seeds[name] = [value]
        return value

    def pull(self, node: Node) -> None:
        """Take the gradients of a node's outputs back to its inputs."""
        if not any(name in self.active for name in node.outputs):
            return
        seeds = tuple(self.total(name) if name else None for name in node.outputs)
        if not any(seeds):
            return
        wanted = frozenset(name for name in node.inputs if name in self.active)
        step = Step(self.tape, node, seeds, wanted)
        try:
            self.by_rule(step)
        except NoDerivative as problem:
            text = f"{node.label}: {problem.what}"
            self.problems[f"{text}; {problem.hint}" if problem.hint else text] = None

    def by_rule(self, step: Step) -> None:
        """Take them back by the operator's rule, or through what it stands for."""
        node = step.node
        found, formula = derivative_of(node), formula_of(node)
        if found is not None:
            rule, broadcasts = found
            if broadcasts and node.version < 7 and step.attribute("broadcast"):
                raise NoDerivative(
                    "broadcasting of before opset 7 has no derivative",
                    "export the model at a newer opset",
                )
            for name, gradient in zip(node.inputs, rule(step)):
                if gradient is not None and name in step.wanted:
                    if broadcasts:
                        gradient = gradient.sum_to(Value(self.tape, name))
                    self.seeds.setdefault(name, []).append(gradient)
            return
        start = len(self.tape.nodes)
        if formula is not None:
            outputs = [value.name for value in formula(step)]
        else:
            outputs = self.written_out(node)
        written = self.tape.nodes[start:]
        self.mark(written)
        for index, seed in enumerate(step.seeds):
            if seed is not None:
                if index >= len(outputs):
                    raise NoDerivative(f"its output {index} has no derivative")
                self.seeds.setdefault(outputs[index], []).append(seed)
        for inner in reversed(written):
            self.pull(inner)

    def written_out(self, node: Node) -> list[str]:
        """Write the function that a node calls, or that defines its operator."""
        from ..passes.constants import (
            collect_constants,  # whose package imports this one
        )

        if node.calls_function:
            body: Graph | None = node.subgraphs["body"]
        elif node.subgraphs:
            raise NoDerivative("control flow has no derivative")
        else:
            body = body_of(node, self.tape.types)
        if body is None:
            raise NoDerivative("the operator has no derivative")
        body = collect_constants(body)
        given = [name for name in node.inputs if name or node.calls_function]
        names = dict(zip(body.inputs, given))
        for name, array in body.constants.items():
            names[name] = self.tape.constant(array, name).name
        for inner in body.nodes:
            self.tape.append(renamed(inner, names, self.tape, body))
        return [names.get(name, name) for name in body.outputs]


def renamed(node: Node, names: dict[str, str], tape: Tape, types: Graph) -> Node:
    """Return a copy of a node whose outputs have new names, which go into ``names``."""
    inputs = tuple(names.get(name, name) for name in node.inputs)
    graphs = {
        k: _copied(g, dict(names), tape, types) for k, g in node.subgraphs.items()
    }
    for name in filter(None, node.outputs):
        names[name] = tape.fresh(name)
        if name in types.types:
            tape.types.setdefault(names[name], types.types[name])
    outputs = tuple(names.get(name, name) for name in node.outputs)
    attributes = {**node.attributes, **graphs}
    return replace(node, inputs=inputs, outputs=outputs, attributes=attributes)


def _copied(graph: Graph, names: dict[str, str], tape: Tape, types: Graph) -> Graph:
    for name in (*graph.inputs, *graph.constants):
        names[name] = tape.fresh(name)
        if name in types.types:
            tape.types.setdefault(names[name], types.types[name])
    nodes = tuple(renamed(node, names, tape, types) for node in graph.nodes)
    return replace(
        graph,
        inputs=tuple(names[name] for name in graph.inputs),
        constants={names[name]: array for name, array in graph.constants.items()},
        nodes=nodes,
        outputs=tuple(names.get(name, name) for name in graph.outputs),
    )
