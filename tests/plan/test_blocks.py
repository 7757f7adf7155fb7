"""Windows -> blocks, and calls of blocks -> loops; the outline expands to the program."""

from __future__ import annotations

import textwrap
from dataclasses import replace

import pytest

from onnx2py.errors import InternalError
from onnx2py.ir.blocks import Outline, expanded, without_memory
from onnx2py.ir.check import check_program
from onnx2py.ir.program import Program, Statement
from onnx2py.ir.program_parser import parse_program
from onnx2py.ir.program_text import print_outline
from onnx2py.plan.outline.assembly import blocks_of
from onnx2py.plan.outline.loops import with_loops
from onnx2py.plan.outline.windows import Window

TWO_LAYERS = """
g (x: float32[n, 4], mask: float32[n, 4]) => (y: float32[n, 4])
  v: float32[4] = {1, 2, 3, 4}
  w: float32[4] = {5, 6, 7, 8}
calls
  a: float32[n, 4] = np.multiply(x, v)  # a: Mul
  b: float32[n, 4] = np.add(a, mask, out=a)  # b: Add
  c: float32[n, 4] = np.power(b, 2); frees b  # c: Pow
  d: float32[n, 4] = np.multiply(c, w); frees c  # d: Mul
  e: float32[n, 4] = np.add(d, mask, out=d)  # e: Add
  f: float32[n, 4] = np.power(e, 3); frees e  # f: Pow
  y: float32[n, 4] = np.negative(f)  # y: Neg
"""


def outlined(program: Program, *windows: tuple[int, int]) -> Outline:
    """Make one block of windows, given by their first and one past their last statement."""
    statements: list[Statement] = []
    place = 0
    for start, stop in windows:
        statements += program.statements[place:start]
        inside = program.statements[start:stop]
        statements.append(Statement(Window("Layer", (), statements=inside), (), ()))
        place = stop
    statements += program.statements[place:]
    return blocks_of(program, tuple(statements))


def checked(program: Program, outline: Outline) -> str:
    """Check an outline, and return it as text."""
    check_program(replace(program, outline=outline), "the test")
    return print_outline(program, outline)


def test_what_differs_becomes_an_input_a_weight_or_a_setting() -> None:
    program = parse_program(TWO_LAYERS)
    outline = outlined(program, (0, 3), (3, 6))
    text = """
        calls
          c: float32[n, 4] = Layer(x, mask)
          f: float32[n, 4] = Layer(c, mask); frees c
          y: float32[n, 4] = np.negative(f)  # y: Neg
        Layer (x: float32[n, 4], mask: float32[n, 4]) {v: float32[4]} <`x2;1`> => (c)
          _(v=v, `x2;1`=2)
          _(v=w, `x2;1`=3)
        calls
          a: float32[n, 4] = np.multiply(x, v)  # a: Mul
          b: float32[n, 4] = np.add(a, mask, out=a)  # b: Add
          c: float32[n, 4] = np.power(b, `x2;1`); frees b  # c: Pow
    """
    assert checked(program, outline) == textwrap.dedent(text).strip()
    assert expanded(outline) == tuple(map(without_memory, program.statements))


def test_calls_that_follow_each_other_become_a_loop() -> None:
    program = parse_program(TWO_LAYERS)
    outline = with_loops(outlined(program, (0, 3), (3, 6)))
    first, *_ = checked(program, outline).splitlines()[1:]
    assert first == (
        "  c: float32[n, 4], f: float32[n, 4] = Layer((x, mask), (c, mask))"
    )
    assert expanded(outline) == tuple(map(without_memory, program.statements))


def test_instances_with_the_same_weights_and_settings_are_one() -> None:
    text = TWO_LAYERS.replace("(c, w)", "(c, v)").replace("(e, 3)", "(e, 2)")
    outline = outlined(parse_program(text), (0, 3), (3, 6))
    block = outline.blocks["Layer"]
    assert len(block.instances) == 1
    assert [a.instance for a in block.applications] == [0, 0]


def test_kernels_that_differ_become_a_setting_with_their_options() -> None:
    text = TWO_LAYERS.replace("np.power(e, 3)", "ops.elu(e, alpha=0.5)").replace(
        "np.power(b, 2)", "ops.relu(b)"
    )
    program = parse_program(text)
    outline = outlined(program, (0, 3), (3, 6))
    shown = checked(program, outline)
    assert "= <kernel;1>(b)" in shown
    assert "`kernel;1`=ops.elu(alpha=0.5)" in shown
    assert expanded(outline) == tuple(map(without_memory, program.statements))


def test_what_only_some_windows_write_over_is_freed_in_all() -> None:
    text = TWO_LAYERS.replace("np.add(d, mask, out=d)", "np.add(d, mask)")
    program = parse_program(text)
    shown = checked(program, outlined(program, (0, 3), (3, 6)))
    assert "np.add(a, mask); frees a" in shown


def test_two_inputs_of_one_output_do_not_start_a_loop_from_two_values() -> None:
    program = parse_program("""
        g (x: float32[4], z: float32[4]) => (c: float32[4])
        calls
          a: float32[4] = np.add(x, z)
          b: float32[4] = np.add(a, a)
          c: float32[4] = np.add(b, b)
    """)
    outline = with_loops(outlined(program, (0, 1), (1, 2), (2, 3)))
    lines = checked(program, outline).splitlines()
    assert lines[1:3] == [
        "  a: float32[4] = Layer(x, z)",
        "  b: float32[4], c: float32[4] = Layer((a, a), (b, b))",
    ]


def test_windows_that_are_not_alike_are_an_error() -> None:
    program = parse_program(TWO_LAYERS)
    with pytest.raises(InternalError, match="block Layer: .* differ"):
        outlined(program, (0, 3), (4, 7))
