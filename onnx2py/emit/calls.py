"""One call as source: what a target's dialect gets to spell it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..ir.program import Argument, Call, Expression, Operation, Program, Ref
from ..ir.types import TensorType, tensor_type_of
from .arrays import is_scalar
from .literals import literal, render_number
from .spelling import Spelling
from .uses import Uses


@dataclass(frozen=True)
class Operands:
    """What is known of the values of a program that calls read."""

    program: Program
    spelling: Spelling

    def kind(self, argument: Argument) -> TensorType | None:
        """Return the type of an operand; arithmetic of lengths makes an integer."""
        if isinstance(argument, Expression):
            return TensorType("int64", ())
        if not isinstance(argument, Ref):
            return None
        array = self.program.weights.get(argument.name)
        kind = self.program.types.get(argument.name)
        if array is not None:
            return tensor_type_of(array)
        return kind if isinstance(kind, TensorType) else None

    def maker(self, argument: Ref) -> Operation | None:
        """Return the operation of the same program that makes a value, None if there is none."""
        found = (s for s in self.program.statements if argument.name in s.outputs)
        return next((statement.operation for statement in found), None)

    def number(self, argument: Argument) -> np.ndarray | None:
        """Return the constant that a literal stands for, None unless it is a number."""
        if not isinstance(argument, Ref) or not self.spelling.is_literal(argument.name):
            return None
        array = self.program.weights.get(argument.name)
        return array if array is not None and is_scalar(array) else None


@dataclass(frozen=True)
class CallWriter:
    """Writes the arguments of a call.

    Attributes
    ----------
    call : Call
    spell : function of a value's name
        Returns the expression for a value.
    uses : Uses
        Notes the functions and libraries that are written.
    operands : Operands or None
        What is known of the values; without them, nothing is.
    """

    call: Call
    spell: Callable[[str], str]
    uses: Uses
    operands: Operands | None = None

    def argument(self, value: Argument) -> str:
        """Spell an argument."""
        if isinstance(value, (Ref, Expression)):
            return self.operand(value)
        if isinstance(value, tuple) and any(
            isinstance(v, (Ref, Expression)) for v in value
        ):
            items = ", ".join(map(self.argument, value))
            return f"({items},)" if len(value) == 1 else f"({items})"
        return literal(value, self.uses)

    def operand(self, value: Argument, least: int = 0) -> str:
        """Spell a value or a number, in parentheses if its operator binds less than ``least``."""
        return render_number(value, self.spell, least)

    def arguments(self) -> tuple[list[str], list[str]]:
        """Spell the positional arguments, and the others with their names."""
        kwargs = self.call.kwargs.items()
        named = [f"{name}={self.argument(value)}" for name, value in kwargs]
        return [*map(self.argument, self.call.args)], named

    def kind(self, value: Argument) -> TensorType | None:
        """Return the type of a value, where known."""
        return self.operands.kind(value) if self.operands else None

    def number(self, value: Argument) -> np.ndarray | None:
        """Return the constant of one element that stands where it is read, else None."""
        return self.operands.number(value) if self.operands else None


def render_call(
    call: Call,
    spell: Callable[[str], str],
    uses: Uses,
    operands: Operands | None = None,
) -> str:
    """Return the source of a call; ``spell`` returns the expression for a value.

    ``uses`` notes the kernel, and the libraries of the literals. What ``operands`` say of the
    values is what allows shorter spellings.
    """
    return uses.dialect.call(CallWriter(call, spell, uses, operands))
