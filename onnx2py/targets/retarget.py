"""A program for another library: its kernels are replaced by their twins.

All that a target lacks is found before anything is written, node by node.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..errors import Problem, UnsupportedError
from ..ir.blocks import Block, Chosen, Instance, Outline, mapped
from ..ir.program import (
    Argument,
    Call,
    Kernel,
    Loop,
    Operation,
    Program,
    Scan,
    Statement,
    bodies_of,
    references,
)
from ..ir.program_text import function_path
from ..ir.types import (
    MapType,
    OptionalType,
    SequenceType,
    TensorType,
    ValueType,
    dtype_name,
    tensor_type_of,
)
from ..kernels import casting, quantization_narrow
from ..kernels.control_flow import iterations, scan_elements, stack_scan_outputs
from .target import Function, Target


def retarget(program: Program, target: Target, operators: Mapping[str, str]) -> Program:
    """Return a program that calls the functions of a target.

    ``operators`` has the operator with its version for the label of each node.

    Raises
    ------
    UnsupportedError
        With every node whose kernel the target lacks, or whose element types.
    """
    search = _Search(program, target, operators)
    problems = [*search.of_inputs(), *search.of_nodes(), *search.of_constants()]
    if problems:
        raise UnsupportedError(problems)
    return _Replacement(target).program(program)


@dataclass(frozen=True)
class _Search:
    """Finds what a target lacks for a program."""

    program: Program
    target: Target
    operators: Mapping[str, str]

    def of_inputs(self) -> Iterator[Problem]:
        """Yield a problem for each input of an element type that the target lacks."""
        for name in self.program.inputs:
            lacking = self.dtypes([name])
            if lacking:
                hint = "replace it by a constant with --bind, or take other inputs with --inputs"
                yield Problem(name, "input", self.lacks(lacking), hint)

    def of_nodes(self) -> Iterator[Problem]:
        """Yield a problem for each node that the target lacks something for."""
        told: set[tuple[str, str]] = set()
        for statement in self.program.walk():
            what = self.what(statement)
            for label in statement.nodes if what else ():
                if (label, what) not in told:
                    told.add((label, what))
                    name, _, operator = label.rpartition(": ")
                    operator = self.operators.get(label, operator)
                    yield Problem(name, operator, what, _HINT)

    def of_constants(self) -> Iterator[Problem]:
        """Yield a problem for each output that is a constant of a type that the target lacks."""
        for name in self.program.outputs:
            lacking = self.dtypes([name]) if name in self.program.weights else []
            if lacking:
                hint = "leave it out with --outputs"
                yield Problem(name, "output", self.lacks(lacking), hint)

    def what(self, statement: Statement) -> str:
        """Say what a statement needs that the target lacks, "" if that is nothing."""
        kernels = dict.fromkeys(map(function_path, self.kernels(statement.operation)))
        if kernels:
            return f"target {self.target.name} has no {' and no '.join(kernels)}"
        values = [*references(statement.operation), *statement.outputs]
        lacking = self.dtypes(n for n in values if n not in self.program.inputs)
        lacking = lacking or self.made(statement.operation)
        if lacking:
            return self.lacks(lacking)
        beyond = self.limit(statement)
        return f"target {self.target.name} has no {beyond}" if beyond else ""

    def limit(self, statement: Statement) -> str:
        """Say what the target lacks for a call although it has the twin, "" if nothing."""
        call, find = statement.operation, self.target.limit
        if find is None or not isinstance(call, Call):
            return ""
        values = [statement.outputs[0], *references(call)]
        return find(call, [self.type(name) for name in values])

    def made(self, operation: Operation) -> list[str]:
        """Return the types in an operation that are held in others, but not by this function."""
        if not isinstance(operation, Call) or operation.function in _CONVERSIONS:
            return []
        values = (*operation.args, *operation.kwargs.values())
        names = [dtype_name(v) for v in values if isinstance(v, np.dtype)]
        return [name for name in names if name in self.target.carried]

    def kernels(self, operation: Operation) -> Iterator[Function]:
        """Yield the functions of an operation that have no twin."""
        for function in _functions_of(operation):
            if self.target.function(function) is None:
                yield function

    def dtypes(self, values: Iterable[str]) -> list[str]:
        """Return the element types of values that the target lacks."""
        found: dict[str, None] = {}
        for name in values:
            kind = self.type(name)
            if not (isinstance(kind, TensorType) and kind.dtype in self.target.carried):
                found.update(dict.fromkeys(_dtypes_of(kind)))
        return [name for name in found if name not in self.target.dtypes]

    def type(self, name: str) -> ValueType | None:
        array = self.program.weights.get(name)
        return self.program.types.get(name) if array is None else tensor_type_of(array)

    def lacks(self, dtypes: Iterable[str]) -> str:
        return f"target {self.target.name} has no element type {' or '.join(dtypes)}"


_CONVERSIONS = (
    ".astype",
    casting.cast_rounded,
    quantization_narrow.quantize_linear_narrow,
)
"""The functions that make numbers of any type."""

_HINT = (
    "compile for NumPy (--target numpy), or cut it off with --outputs or --inputs and do "
    "its work in Python"
)


def _functions_of(operation: Operation) -> Iterator[Function]:
    """Yield the functions that an operation calls itself."""
    if isinstance(operation, Call):
        yield operation.function
        options = operation.kwargs.values()
        yield from (v.function for v in options if isinstance(v, Kernel))
    elif isinstance(operation, Loop):
        yield iterations
        if len(operation.body.outputs) > 1 + len(operation.state):
            yield stack_scan_outputs
    elif isinstance(operation, Scan):
        yield scan_elements
        if len(operation.body.outputs) > len(operation.state):
            yield stack_scan_outputs


def _dtypes_of(kind: ValueType | None) -> Iterator[str]:
    """Yield the element types in a type."""
    if isinstance(kind, TensorType):
        yield kind.dtype
    elif isinstance(kind, (SequenceType, OptionalType)):
        yield from _dtypes_of(kind.element)
    elif isinstance(kind, MapType):
        yield kind.key
        yield from _dtypes_of(kind.value)


@dataclass(frozen=True)
class _Replacement:
    """Replaces functions by the symbols of a target."""

    target: Target

    def program(self, program: Program) -> Program:
        outline = program.outline
        return replace(
            program,
            weights={name: self.array(a) for name, a in program.weights.items()},
            defaults={name: self.array(a) for name, a in program.defaults.items()},
            setup=self.statements(program.setup),
            statements=self.statements(program.statements),
            outline=outline and self.outline(outline),
        )

    def array(self, array: np.ndarray) -> np.ndarray:
        """Return the array in which the library holds a constant."""
        carrier = self.target.carried.get(dtype_name(array.dtype))
        return array if carrier is None else array.astype(carrier)

    def outline(self, outline: Outline) -> Outline:
        blocks = {name: self.block(block) for name, block in outline.blocks.items()}
        return Outline(self.statements(outline.statements), blocks)

    def block(self, block: Block) -> Block:
        return replace(
            block,
            statements=self.statements(block.statements),
            instances=tuple(map(self.instance, block.instances)),
        )

    def instance(self, instance: Instance) -> Instance:
        settings = {name: self.option(v) for name, v in instance.settings.items()}
        return replace(instance, settings=settings)

    def option(self, value: Argument) -> Argument:
        if isinstance(value, Kernel):
            return replace(value, function=self.function(value.function))
        return value

    def statements(self, statements: Iterable[Statement]) -> tuple[Statement, ...]:
        return tuple(map(self.statement, statements))

    def statement(self, statement: Statement) -> Statement:
        operation = statement.operation
        if isinstance(operation, Call):
            operation = replace(
                operation,
                function=self.function(operation.function),
                kwargs={k: self.option(v) for k, v in operation.kwargs.items()},
            )
        elif bodies_of(operation):
            operation = mapped(operation, lambda a: a, lambda n: n, self.statements)
        return replace(statement, operation=operation)

    def function(self, function: Function) -> Function:
        if isinstance(function, Chosen):
            return function
        return self.target.function(function) or function
