"""Constants that nodes of the file make of parameters alone: the module makes them again.

R5  a constant that was made of parameters -> the calls of its nodes: ``self.table[index]``

Folding would take away what is trained: the table of relative positions that attention reads, the
class token of each image, the norm of a convolution's weight. A parameter that is only moved is the
weight of a layer, as are gates that exporters put together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ...errors import Onnx2pyError
from ...ir.blocks import mapped_statement
from ...ir.graph import Graph, Node
from ...ir.program import Argument, Call, Program, Ref, Statement, references
from ...ir.types import tensor_type_of
from ...kernels.gru import gru
from ...kernels.lstm import lstm
from ...kernels.rnn import rnn
from ...lowering.context import NodeContext
from ...lowering.evaluate import evaluate_call
from ...lowering.lower import lower_node
from ...passes.constants import collect_constants
from ...plan.rewrite import function_of
from ...traits.operators import operator_traits
from .modules import is_uniform
from .origins import MOVES
from .parameters import is_float, readers_of
from .paths import scope_path, weight_path
from .sites import Facts
from .state import is_computed

MOST = 1000
"""The nodes that may make one constant: tables of positions are of some hundred."""
MOST_CALLS = 32
"""The calls that may stand for one constant."""
CLOSE = 1e-5
"""How far its numbers may be from the folded ones, relative to the largest."""
_GATES = (lstm, gru, rnn)
"""What has the weights of several gates put together."""
_WRONG = (
    Onnx2pyError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError
)  # fmt: skip


def recompute_weights(program: Program, graph: Graph) -> Program:
    """Let calls stand for weights that are computed of parameters (rule R5).

    Layers are found after this. A parameter that is only moved is the weight of a layer.
    """
    return recompute_constants(program, graph, moved=False)


def recompute_constants(
    program: Program, graph: Graph, *, moved: bool = True
) -> Program:
    """Let calls of parameters stand for what was made of them (rule R5).

    ``graph`` is the main graph as it was decoded; ``moved`` includes parameters that are only
    moved.
    """
    weights, made = dict(program.weights), dict[str, list[Statement]]()
    file = _File(Facts.of(program), collect_constants(graph), weights)
    for value, readers in readers_of(program).items():
        if value in file.graph.constants or not is_float(weights[value]):
            continue
        if not moved and not all(map(_reads_weights, readers)):
            continue
        again = file.again(value, weights[value], scope_path(readers[0].scopes))
        if again is not None and (moved or again.computes):
            del weights[value]
            weights.update(again.weights)
            scopes = readers[0].scopes
            made[value] = [
                s if s.scopes else replace(s, scopes=scopes) for s in again.statements
            ]
    if not made:
        return program
    return replace(
        program,
        statements=tuple(_with(made, program.statements)),
        weights=weights,
        types=file.facts.types,
        folded={n: each for n, each in program.folded.items() if n not in made},
    )


def _with(
    made: dict[str, list[Statement]], statements: tuple[Statement, ...]
) -> Iterator[Statement]:
    """Yield the statements, what makes a constant before its first reader."""
    for statement in statements:
        for name in dict.fromkeys(references(statement.operation)):
            yield from made.pop(name, ())
        yield statement


@dataclass
class _Again:
    """What makes a constant of parameters."""

    statements: list[Statement] = field(default_factory=list)
    weights: dict[str, np.ndarray] = field(default_factory=dict)
    computes: bool = False
    """Whether it is more than one parameter that is moved."""


@dataclass
class _File:
    """The nodes of a file, and what is known of the program."""

    facts: Facts
    graph: Graph
    weights: Mapping[str, np.ndarray]
    """The constants of the program, with those that were made again."""

    def __post_init__(self) -> None:
        nodes = self.graph.nodes
        self.places = {name: i for i, node in enumerate(nodes) for name in node.outputs}

    def again(self, value: str, array: np.ndarray, module: str) -> _Again | None:
        """Return the calls that make a constant of parameters, None if there are none.

        ``module`` reads it: fresh zeros of another module are there by chance, since exporters
        store equal parameters once.
        """
        nodes = self._chain(value)
        read = {name for node in nodes for name in node.inputs}
        parameters = {name for name in read if self._is_parameter(name)}
        if not parameters or any(self._is_of_others(p, module) for p in parameters):
            return None
        try:
            run = _Run(self, parameters, value)
            for node in nodes:
                run.add(node)
        except _WRONG:
            return None
        is_same = _are_close(run.arrays[value], array)
        return run.made() if is_same and len(run.statements) <= MOST_CALLS else None

    def _chain(self, value: str) -> list[Node]:
        """Return the nodes that make a value of constants, in order; none if others do."""
        found: set[int] = set()
        waiting = [value]
        while waiting:
            name = waiting.pop()
            if not name or name in self.graph.constants:
                continue
            place = self.places.get(name)
            if place is None or len(found) == MOST:
                return []
            node = self.graph.nodes[place]
            traits = operator_traits(node.domain, node.operator)
            if traits.random or node.subgraphs or node.calls_function:
                return []
            if place not in found:
                found.add(place)
                waiting.extend(node.inputs)
        return [self.graph.nodes[place] for place in sorted(found)]

    def _is_parameter(self, name: str) -> bool:
        """Whether the exported model has a parameter of that name, as the program has."""
        array = self.graph.constants.get(name)
        if array is None or not is_float(array) or is_computed(name):
            return False
        if not self.graph.buffers.get(name, True):
            return False
        if name in self.facts.defined:
            same = self.weights.get(name)
            return same is not None and np.array_equal(same, array)
        return bool(weight_path(name))

    def _is_of_others(self, name: str, module: str) -> bool:
        """Whether a parameter of equal numbers has the name of one of another module."""
        own = weight_path(name).rpartition(".")[0]
        if not (own and module and is_uniform(self.graph.constants[name])):
            return False
        return not f"{module}.".startswith(f"{own}.")


class _Run:
    """Nodes as calls, with the numbers that they compute."""

    def __init__(self, file: _File, parameters: set[str], value: str) -> None:
        self.file = file
        self.value = value
        self.trained = {*parameters}
        """Parameters, and what is computed of them."""
        self.arrays = dict(file.graph.constants)
        self.statements: list[Statement] = []
        self.computes = len(parameters) > 1
        self.own: dict[str, np.ndarray] = {}

    def add(self, node: Node) -> None:
        """Carry out a node; what is computed of parameters becomes a statement."""
        known = {n: self.arrays[n] for n in node.inputs if n}
        fixed = {n: array for n, array in known.items() if n not in self.trained}
        types = {n: tensor_type_of(array) for n, array in known.items()}
        context = NodeContext(node, types, fixed)
        statement = lower_node(context)
        call = statement.operation
        if not isinstance(call, Call):
            raise TypeError(node.operator)
        self.arrays.update(context.weights)
        self.arrays.update(evaluate_call(call, node.outputs, self.arrays))
        if not self.trained.isdisjoint(node.inputs):
            self.trained.update(node.outputs)
            self.computes |= node.operator not in MOVES
            self.statements.append(statement)

    def made(self) -> _Again:
        """Return the statements, with names that nothing else has."""
        facts, again = self.file.facts, _Again(computes=self.computes)
        names = {self.value: self.value}

        def name(old: str) -> str:
            if old and old not in names:
                names[old] = facts.new(old, tensor_type_of(self.arrays[old]))
            return names.get(old, "")

        def constant(old: str) -> str:
            if old in names:
                return names[old]
            same = self.file.weights.get(old)
            is_same = same is not None and np.array_equal(same, self.arrays[old])
            names[old] = old if is_same else name(old)
            again.weights[names[old]] = self.arrays[old]
            return names[old]

        def argument(value: Argument) -> Argument:
            return Ref(constant(value.name)) if isinstance(value, Ref) else value

        for statement in self.statements:
            changed = mapped_statement(statement, argument, lambda n: n)
            outputs = tuple(map(name, statement.outputs))
            again.statements.append(replace(changed, outputs=outputs))
        return again


def _reads_weights(reader: Statement) -> bool:
    """Whether a call reads a constant as the exported model computed it."""
    return function_of(reader) not in _GATES


def _are_close(found: np.ndarray, folded: np.ndarray) -> bool:
    if found.shape != folded.shape or found.dtype != folded.dtype:
        return False
    one, other = found.astype(np.float64), folded.astype(np.float64)
    largest = float(np.abs(other).max(initial=0.0))
    return bool(np.allclose(one, other, rtol=0.0, atol=CLOSE * largest, equal_nan=True))
