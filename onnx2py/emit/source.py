"""Statements of a program as lines of Python."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..errors import InternalError
from ..ir.program import (
    Argument,
    Call,
    Program,
    Statement,
    references,
)
from ..ir.types import DTYPES, TensorType, ValueType
from ..plan.traverse import read_in_calls
from .control_flow import ControlFlow
from .literals import dtype_literal, literal, render_call, render_number
from .text import WIDTH, comment


@dataclass
class SourceWriter:
    """Writes the statements of one program; collects the bodies and kernels that they call."""

    program: Program
    names: Mapping[str, str]
    """The Python name of every value."""
    weights: Mapping[str, str]
    """The expression for every weight: ``self.name`` or a literal."""
    taken: dict[str, int]
    kernels: set[Callable[..., Any]] = field(default_factory=set)
    bodies: list[str] = field(default_factory=list)
    calls: int = 0
    methods: dict[tuple[str, str, str], str] = field(default_factory=dict)
    """The name of the method for each body, by what it reads."""
    method_of: dict[int, str] = field(default_factory=dict)
    """The name of the method for each body, by its identity."""

    def spell(self, value: str) -> str:
        """Return the expression for a value."""
        return self.weights.get(value) or self.target_name(value)

    def target_name(self, value: str) -> str:
        """Return the target of a value: an attribute if calls read a value of the setup."""
        return f"self.{self.names[value]}" if value in self.fixed else self.names[value]

    @cached_property
    def fixed(self) -> frozenset[str]:
        """The values of the setup that calls read."""
        return read_in_calls(self.program)

    def block(self, statements: tuple[Statement, ...]) -> str:
        """Return statements, each below its comment, a blank line between them."""
        return "\n\n".join("\n".join(self.statement(s)) for s in statements)

    def statement(self, statement: Statement) -> Iterator[str]:
        """Yield the lines of one statement."""
        if statement.nodes:  # else it is for what others compute
            self.calls += 1
            yield from self.comment(statement)
        operation = statement.operation
        if isinstance(operation, Call):
            yield self.assignment(operation, statement.outputs)
        else:
            yield from ControlFlow(self).lines(operation, statement.outputs)
        if statement.frees:
            yield f"del {', '.join(self.names[name] for name in statement.frees)}"

    def comment(self, statement: Statement) -> list[str]:
        """Name the ONNX nodes that a statement stands for, and the types of its results."""
        kinds = [
            str(self.program.types.get(name) or "?")
            for name in statement.outputs
            if name
        ]
        first, *others = statement.nodes
        text = f"{comment(first)}{''.join(f' + {comment(o)}' for o in others)}"
        folded = self.folded(statement)
        text += f" [folded: {', '.join(map(comment, folded))}]" if folded else ""
        text += f" -> {comment(', '.join(kinds))}" if kinds else ""
        return textwrap.wrap(
            text, WIDTH - 8, initial_indent="# ", subsequent_indent="#   ",
            break_long_words=True, break_on_hyphens=False,
        )  # fmt: skip

    def folded(self, statement: Statement) -> list[str]:
        """Return the nodes that were folded into literals of the statement."""
        inline = [
            name
            for name in references(statement.operation)
            if not self.weights.get(name, "self.").startswith("self.")
        ]
        names = (*statement.literals, *inline)
        return list(
            dict.fromkeys(n for v in names for n in self.program.folded.get(v, ()))
        )

    # ------------------------------------------------------------------ calls

    def assignment(self, call: Call, outputs: tuple[str, ...]) -> str:
        """Return one line: what a call returns, given to its outputs."""
        expression = self.expression(call)
        if call.results is None:
            if len(outputs) > 1:
                raise InternalError(
                    f"{expression}: one result for {len(outputs)} outputs"
                )
            first = outputs[0] if outputs else ""
            return f"{self.target(first, call)} = {expression}"
        if len(outputs) > call.results:
            raise InternalError(
                f"{expression}: {call.results} results for {len(outputs)} outputs"
            )
        padded = (*outputs, *[""] * (call.results - len(outputs)))
        return f"{self.targets(padded)} = {expression}"

    def expression(self, call: Call) -> str:
        """Spell a call, and note its kernel."""
        if not isinstance(call.function, str) and call.function.__module__.startswith(
            "onnx2py."
        ):
            self.kernels.add(call.function)
        return render_call(call, self.spell)

    def target(self, output: str, call: Call) -> str:
        """Annotate an output of the model that NumPy's own annotations leave open."""
        name = self.target_name(output) if output else "_"
        kernel = not isinstance(call.function, str) and call.function in self.kernels
        kind = self.program.types.get(output)
        if kernel or output not in self.program.outputs or output in self.fixed:
            return name
        return f"{name}: {annotation(kind)}"

    def targets(self, outputs: tuple[str, ...]) -> str:
        """Spell the left side of an assignment of a tuple."""
        names = [self.target_name(name) if name else "_" for name in outputs]
        return f"({names[0]},)" if len(names) == 1 else ", ".join(names)

    def argument(self, value: Argument) -> str:
        """Spell an argument outside a call."""
        return render_number(value, self.spell)


def annotation(kind: ValueType | None) -> str:
    """Spell the annotation of a value: ``NDArray[np.float32]``."""
    if isinstance(kind, TensorType):
        scalar = dtype_literal(DTYPES[kind.dtype])
        return f"NDArray[{scalar if scalar.startswith('np.') else 'Any'}]"
    return "Any"


def shaped_annotation(kind: ValueType | None) -> str:
    """Spell the annotation of an input or output, with its shape: as jaxtyping writes it."""
    if not isinstance(kind, TensorType):
        return annotation(kind)
    if kind.shape is None:
        return f'Annotated[{annotation(kind)}, "..."]'
    dims = " ".join("_" if d is None else str(d).replace(" ", "") for d in kind.shape)
    return f"Annotated[{annotation(kind)}, {literal(dims)}]"
