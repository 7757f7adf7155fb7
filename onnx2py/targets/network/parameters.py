"""Parameters of the file that only constants made of them are left of.

R1  a constant with the shape and the numbers of a parameter -> the parameter
R2  ... with its numbers in another shape -> ``parameter.reshape(1, -1, 1, 1)``
R3  ... with its first rows -> ``parameter[:12]``, in the shape of the constant
R4  ... turned -> ``parameter.T``

Folding makes one constant of a parameter and what is done with it alone: the class token of each
image, the positions of a text. What is trained is the parameter. A constant that may be of several
parameters stays one, and so does what bodies read.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ...ir.blocks import mapped_statement
from ...ir.graph import Graph
from ...ir.program import Argument, Call, Program, Ref, Statement, bodies_of, references
from ...ir.types import dtype_name, tensor_type_of
from .dtypes import FLOATS
from .layer import Layer
from .paths import scope_path, weight_path
from .sites import Facts


def parameters_of(graph: Graph) -> dict[str, np.ndarray]:
    """Return the constants of a file that may be in the state of the network."""
    return {n: a for n, a in graph.constants.items() if graph.buffers.get(n, True)}


def restore_parameters(
    program: Program, parameters: Mapping[str, np.ndarray]
) -> Program:
    """Let parameters stand for constants that are made of them (rules R1 to R4).

    ``parameters`` are the constants of the file by their names.
    """
    facts = Facts.of(program)
    gone = {
        name: array
        for name, array in parameters.items()
        if name not in facts.defined and weight_path(name) and is_float(array)
    }
    if not gone:
        return program
    weights = dict(program.weights)
    made: dict[str, _Source] = {}
    for value, readers in readers_of(program).items():
        array = weights[value]
        if value in parameters or not is_float(array):
            continue
        name = _parameter(array, gone, readers)
        if name:
            weights[name] = gone[name]
            del weights[value]
            made[value] = _Source(name, gone[name], value, array)
    for source in made.values():
        facts.types[source.name] = tensor_type_of(source.whole)
    statements = tuple(_with_sources(facts, made))
    return replace(program, statements=statements, weights=weights, types=facts.types)


@dataclass(frozen=True)
class _Source:
    """A parameter, and the constant that is made of it."""

    name: str
    whole: np.ndarray
    value: str
    part: np.ndarray

    @property
    def is_same(self) -> bool:
        """Whether the constant is the parameter itself."""
        return self.whole.shape == self.part.shape and _is_reshaped(
            self.whole, self.part
        )

    def statements(self, facts: Facts, reader: Statement) -> Iterator[Statement]:
        """Yield the calls that make the constant for its first reader."""
        nodes = facts.program.folded.get(self.value, ())
        value = self.name
        if self.part.size < self.whole.size:
            rows = self.part.size // self.whole.shape[1]
            taken = (Ref(value), (slice(None, rows),))
            value = facts.new(self.value, tensor_type_of(self.whole[:rows]))
            first = Call(operator.getitem, taken)
            yield Statement(first, (value,), (), scopes=reader.scopes)
        call = Call(np.reshape, (Ref(value), self.part.shape))
        if self.part.size == self.whole.size and not _is_reshaped(
            self.whole, self.part
        ):
            call = Call(np.transpose, (Ref(value), (1, 0)))
        yield Statement(call, (self.value,), nodes, scopes=reader.scopes)


def readers_of(program: Program) -> dict[str, list[Statement]]:
    """Return the calls that read each weight; none of layers', of bodies' and of outputs."""
    found: dict[str, list[Statement]] = {}
    inside = {*program.outputs, *program.defaults}
    for statement in program.walk():
        call = statement.operation
        if isinstance(call, Call) and isinstance(call.function, Layer):
            inside.update(call.function.weights(call).values())
        inside.update(n for b in bodies_of(call) for n in b.outputs)
    top = {id(statement) for statement in program.statements}
    for statement in program.walk():
        for name in {*references(statement.operation)}:
            if id(statement) not in top or not isinstance(statement.operation, Call):
                inside.add(name)
            elif name in program.weights:
                found.setdefault(name, []).append(statement)
    return {name: each for name, each in found.items() if name not in inside}


def _parameter(
    array: np.ndarray, gone: Mapping[str, np.ndarray], readers: list[Statement]
) -> str:
    """Return the one parameter that a constant is made of, "" if there is none or several."""
    names = [name for name, whole in gone.items() if _is_made_of(array, whole)]
    if len(names) > 1:
        modules = {scope_path(reader.scopes) for reader in readers}
        names = [n for n in names if weight_path(n).rpartition(".")[0] in modules]
    return names[0] if len(names) == 1 else ""


def _is_made_of(part: np.ndarray, whole: np.ndarray) -> bool:
    if part.dtype != whole.dtype:
        return False
    if part.size == whole.size:
        turned = whole.ndim == 2 and part.shape == whole.T.shape
        return _is_reshaped(whole, part) or (turned and np.array_equal(whole.T, part))
    if whole.ndim != 2 or part.size > whole.size or part.ndim < 2:
        return False
    if part.shape[-1] != whole.shape[1] or part.size < 2 * whole.shape[1]:
        return False
    rows = part.reshape(-1, whole.shape[1])
    return np.array_equal(whole[: len(rows)], rows)


def _is_reshaped(whole: np.ndarray, part: np.ndarray) -> bool:
    return np.array_equal(whole.reshape(-1), part.reshape(-1))


def is_float(array: np.ndarray) -> bool:
    """Whether it has several numbers of a type that can be trained."""
    return (
        array.dtype.kind != "O" and array.size > 1 and dtype_name(array.dtype) in FLOATS
    )


def _with_sources(facts: Facts, made: Mapping[str, _Source]) -> Iterator[Statement]:
    """Yield the statements, each constant made before its first reader."""
    same = {value: source.name for value, source in made.items() if source.is_same}
    ready = {*same}

    def renamed(argument: Argument) -> Argument:
        is_one = isinstance(argument, Ref) and argument.name in same
        return Ref(same[argument.name]) if is_one else argument  # type: ignore[union-attr]

    for statement in facts.program.statements:
        for name in dict.fromkeys(references(statement.operation)):
            if name in made and name not in ready:
                ready.add(name)
                yield from made[name].statements(facts, statement)
        if not same.keys().isdisjoint(references(statement.operation)):
            statement = mapped_statement(statement, renamed, lambda name: name)
        yield statement
