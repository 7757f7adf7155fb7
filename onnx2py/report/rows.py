"""The calls of a program as rows of a table."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..emit.names import field_names
from ..emit.usage import used_weights
from ..emit.values import name_values
from ..ir.graph import onnx_name
from ..ir.program import Call, Operation, Program, Statement, bodies_of, references
from ..ir.types import ValueType, tensor_type_of
from .cost import Cost, multiply_adds


@dataclass(frozen=True)
class Row:
    """One call."""

    number: int
    depth: int
    """How many loops and branches it is inside."""
    name: str
    """The first value that it makes, as Python calls it."""
    nodes: tuple[str, ...]
    """``name: Operator`` of every ONNX node that it stands for."""
    function: str
    kind: str
    """The types of what it makes."""
    parameters: int
    """Of the weights that it is the first to read."""
    cost: Cost | None
    reads: tuple[str, ...]
    makes: tuple[str, ...]
    """ONNX's names of values."""

    @property
    def operators(self) -> list[str]:
        """The operators of the nodes."""
        return [node.rpartition(": ")[2] for node in self.nodes]


class RowWriter:
    """Writes the rows of one program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        used = used_weights(program, tuple(program.walk()))
        self.names = name_values(program, used)
        self.sizes = {name: array.size for name, array in used.items()}
        self.types: dict[str, ValueType] = {**program.types, **_types(used)}
        self.count = 0

    def rows(self) -> list[Row]:
        """Return a row for each call, those at load first, bodies behind what calls them."""
        statements = (*self.program.setup, *self.program.statements)
        return list(self._rows(statements, 0))

    def _rows(self, statements: tuple[Statement, ...], depth: int) -> Iterator[Row]:
        for statement in statements:
            if not statement.nodes:  # it reads lengths
                continue
            yield self._row(statement, depth)
            for body in bodies_of(statement.operation):
                yield from self._rows(body.statements, depth + 1)

    def _row(self, statement: Statement, depth: int) -> Row:
        self.count += 1
        operation = statement.operation
        reads = [*references(operation)]
        reads += [name for body in bodies_of(operation) for name in body.captures]
        made = [name for name in statement.outputs if name]
        cost: Cost | None = Cost(0)
        if isinstance(operation, Call):
            cost = multiply_adds(operation, made or [""], self.types)
        return Row(
            number=self.count,
            depth=depth,
            name=self.names[made[0]] if made else "_",
            nodes=statement.nodes,
            function=_function(operation),
            kind=", ".join(str(self.types.get(name) or "?") for name in made),
            parameters=sum(self.sizes.pop(name, 0) for name in reads),
            cost=cost,
            reads=tuple(dict.fromkeys(reads)),
            makes=tuple(made),
        )

    def inputs(self) -> list[tuple[str, str, str]]:
        """Return ONNX's name, Python's name and the type of each input."""
        names, kinds = self.names, self.types
        return [
            (onnx_name(n), names[n], str(kinds.get(n) or "?"))
            for n in self.program.inputs
        ]

    def outputs(self) -> list[tuple[str, str, str]]:
        """Return ONNX's name, Python's name and the type of each output."""
        program = self.program
        names = program.output_names or program.outputs
        fields = field_names(names, "output")
        return [
            (name, field, str(self.types.get(value) or "?"))
            for name, field, value in zip(names, fields, program.outputs)
        ]


def _types(used: Mapping[str, np.ndarray]) -> dict[str, ValueType]:
    return {name: tensor_type_of(array) for name, array in used.items()}


def _function(operation: Operation) -> str:
    if not isinstance(operation, Call):
        return {"Branch": "if", "Loop": "for", "Scan": "for", "MapItems": "for"}.get(
            type(operation).__name__, "self"
        )
    function: Any = operation.function
    if isinstance(function, str):
        return function
    if function is operator.getitem:
        return "[:]"
    name = str(getattr(function, "__name__", function))
    module = str(getattr(function, "__module__", "") or "")
    ours = ".kernels." in module or module.startswith("onnx2py")
    return f"ops.{name}" if ours or not hasattr(np, name) else f"np.{name}"
