"""The expressions of returned values."""

from __future__ import annotations

from ..ir.program import Call, Program, Statement
from ..plan.ownership import Holders
from .spelling import Spelling
from .uses import Uses


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
        """Return the expression for a returned value."""
        return self.uses.dialect.result(self, value, holders)
