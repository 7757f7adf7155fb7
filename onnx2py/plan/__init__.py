"""Program -> Program: what is computed when; and the one place where names are made."""

from __future__ import annotations

from ..ir.program import Program
from .setup import move_to_setup


def plan(program: Program, *, level: int) -> Program:
    """Plan a program; at level 0 it remains as it was lowered."""
    return move_to_setup(program) if level else program
