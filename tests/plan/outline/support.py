"""Programs that repeat blocks, and what their outlines have to be."""

from __future__ import annotations

import textwrap

from onnx2py.ir.blocks import expanded, without_memory
from onnx2py.ir.check import check_program
from onnx2py.ir.program import Apply, Program, Repeat, walk
from onnx2py.ir.program_parser import parse_program
from onnx2py.ir.program_text import print_outline
from onnx2py.plan.outline.tree import Placing
from onnx2py.plan.outlining import outline


def outlined(program: Program, placing: Placing | None = None) -> Program:
    """Return a program with its outline, which stands for the same statements."""
    made = outline(program, placing)
    check_program(made, "the test")
    if made.outline is not None:
        flat = tuple(map(without_memory, program.statements))
        assert expanded(made.outline) == flat
    return made


def parsed(text: str) -> Program:
    return parse_program(textwrap.dedent(text).strip("\n"))


def shown(program: Program) -> str:
    made = outlined(program)
    has_blocks = made.outline is not None and made.outline.blocks
    return print_outline(made, made.outline) if has_blocks else "flat"


def sizes(program: Program) -> tuple[int, int]:
    """Return how many statements a program has, and how many its outline."""
    made = outlined(program).outline
    flat = sum(1 for _ in walk(program.statements))
    if made is None:
        return flat, flat
    blocks = (s for block in made.blocks.values() for s in walk(block.statements))
    return flat, sum(1 for _ in (*walk(made.statements), *blocks))


def attributes(program: Program) -> list[str]:
    """Return which attributes the calls of an outline call, those of blocks after its own."""
    made = outlined(program).outline
    if made is None:
        return []
    blocks = (s for block in made.blocks.values() for s in walk(block.statements))
    found: list[str] = []
    for statement in (*walk(made.statements), *blocks):
        operation = statement.operation
        if isinstance(operation, Apply):
            found.append(operation.attribute)
        elif isinstance(operation, Repeat):
            found += operation.attributes
    return found
