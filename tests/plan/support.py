"""Rules of the planner are tested in text: a program before and after."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

from onnx2py.ir.check import check_program
from onnx2py.ir.program import Program
from onnx2py.ir.program_parser import parse_program
from onnx2py.ir.program_text import print_program


def after(rule: Callable[[Program], Program], text: str) -> str:
    """Return the text of a program after a rule, which leaves it valid."""
    program = parse_program(textwrap.dedent(text).strip("\n"))
    check_program(program, "parsing")
    changed = rule(program)
    check_program(changed, rule.__name__)
    return print_program(changed)
