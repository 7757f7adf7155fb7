"""The expressions of returned values: arrays that the caller may write over."""

from __future__ import annotations

from ..ir.program import Call, Program, Statement
from ..ir.types import TensorType
from ..plan.ownership import Holders
from .spelling import Spelling
from .uses import Uses

FEW_HOLDERS = 4
"""Number of values that an output is compared with by name."""


class ResultWriter:
    """Writes what the model returns."""

    def __init__(
        self,
        program: Program,
        statements: tuple[Statement, ...],
        spelling: Spelling,
        uses: Uses,
    ) -> None:
        self.program, self.spelling, self.uses = program, spelling, uses
        self.open = {
            name
            for s in statements
            if not isinstance(s.operation, Call)
            for name in s.outputs
        }
        """Results of control flow, whose types are unknown beforehand."""

    def result(self, value: str, holders: Holders) -> str:
        """Return the expression for a returned value, which has its own memory."""
        spelling, outputs = self.spelling, self.program.outputs
        text = self.as_array(value)
        held = [v for v in holders.values if not spelling.is_literal(v)]
        names = [spelling.expression(v) for v in held]
        if len(held) > FEW_HOLDERS:
            variables = map(spelling.expression, filter(spelling.is_variable, held))
            names = ["*vars(self).values()", *variables]
        if text in names and isinstance(self.program.types.get(value), TensorType):
            return f"{text}.copy()"
        if not holders:
            return text
        others = dict.fromkeys(spelling.expression(outputs[i]) for i in holders.outputs)
        return f"{self.uses.helper('own')}({', '.join((text, *others, *names))})"

    def as_array(self, value: str) -> str:
        """Return the expression for a value, converted if it may be a NumPy scalar."""
        spelled = self.spelling.expression(value)
        value_type = self.program.types.get(value)
        if isinstance(value_type, TensorType):
            is_array = bool(value_type.rank) and value not in self.open
            is_array = is_array or self.spelling.is_attribute(value)
        else:
            is_array = value_type is not None
        return spelled if is_array else f"{self.uses.helper('as_array')}({spelled})"
