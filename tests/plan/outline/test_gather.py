"""Rules G1 and G2: a program before and after, with the module of each statement."""

from __future__ import annotations

import textwrap

from onnx2py.ir.program import Program
from onnx2py.ir.program_parser import parse_program
from onnx2py.plan.gather import gather


def order(text: str) -> list[str]:
    """Return the results of a program's statements in their new order."""
    program = parse_program(textwrap.dedent(text).strip())
    return [name for s in gather(program).statements for name in s.outputs]


def scopes(text: str) -> dict[str, list[str]]:
    program: Program = gather(parse_program(textwrap.dedent(text).strip()))
    return {s.outputs[0]: [m.path for m in s.scopes] for s in program.statements}


def test_what_stands_between_and_does_not_depend_on_the_module_moves_before_it():
    assert order("""
        g (x: float32[4]) => (c: float32[4], d: float32[4])
        calls
          a: float32[4] = np.negative(x); scopes `layers.0:`  # a: Neg
          d: float32[4] = np.exp(x); scopes `head:`  # d: Exp
          b: float32[4] = np.negative(a); scopes `layers.0:`  # b: Neg
          c: float32[4] = np.negative(b); scopes `layers.1:`  # c: Neg
    """) == ["d", "a", "b", "c"]


def test_what_reads_the_module_moves_after_it():
    assert order("""
        g (x: float32[4]) => (c: float32[4], d: float32[4])
        calls
          a: float32[4] = np.negative(x); scopes `layers.0:`  # a: Neg
          d: float32[4] = np.exp(a); scopes `head:`  # d: Exp
          b: float32[4] = np.negative(a); scopes `layers.0:`  # b: Neg
          c: float32[4] = np.negative(b); scopes `layers.1:`  # c: Neg
    """) == ["a", "b", "d", "c"]


def test_what_is_needed_in_between_stays():
    assert order("""
        g (x: float32[4]) => (c: float32[4])
        calls
          a: float32[4] = np.negative(x); scopes `layers.0:`  # a: Neg
          d: float32[4] = np.exp(a); scopes `head:`  # d: Exp
          b: float32[4] = np.negative(d); scopes `layers.0:`  # b: Neg
          c: float32[4] = np.negative(b); scopes `layers.1:`  # c: Neg
    """) == ["a", "d", "b", "c"]


def test_what_the_first_layer_computes_for_all_moves_before_it():
    text = """
        g (x: float32[4], z: float32[4]) => (e: float32[4])
        calls
          a: float32[4] = np.negative(x); scopes `net:`, `net.layers.0:`  # a: Neg
          s: float32[4] = np.exp(z); scopes `net:`, `net.layers.0:`  # s: Exp
          t: float32[4] = np.sqrt(s); scopes `net:`, `net.layers.0:`  # t: Sqrt
          b: float32[4] = np.add(a, t); scopes `net:`, `net.layers.0:`  # b: Add
          c: float32[4] = np.negative(b); scopes `net:`, `net.layers.1:`  # c: Neg
          e: float32[4] = np.add(c, t); scopes `net:`, `net.layers.1:`  # e: Add
    """
    assert order(text) == ["s", "t", "a", "b", "c", "e"]
    assert scopes(text)["s"] == scopes(text)["t"] == ["net"]
    assert scopes(text)["a"] == ["net", "net.layers.0"]


def test_what_a_layer_hands_to_the_next_is_its_own():
    text = """
        g (x: float32[4], z: float32[4]) => (e: float32[4])
          w: float32[4, 4] = {...}
        calls
          a: float32[4] = np.matmul(x, w); scopes `layers.0:`  # a: MatMul
          b: float32[4] = np.add(a, x); scopes `layers.0:`  # b: Add
          c: float32[4] = np.exp(b); scopes `layers.1:`  # c: Exp
          e: float32[4] = np.add(c, b); scopes `layers.1:`  # e: Add
    """
    text = text.replace("{...}", "{" + ", ".join(map(str, range(16))) + "}")
    assert order(text) == ["a", "b", "c", "e"]
    assert scopes(text)["a"] == ["layers.0"]


def test_a_program_that_draws_random_numbers_keeps_its_order():
    assert order("""
        g (x: float32[4]) => (c: float32[4], d: float32[4])
        calls
          a: float32[4] = np.negative(x); scopes `layers.0:`  # a: Neg
          d: float32[4] = ops.random_uniform_like(x); scopes `head:`  # d: RandomUniformLike
          b: float32[4] = np.negative(a); scopes `layers.0:`  # b: Neg
          c: float32[4] = np.negative(b); scopes `layers.1:`  # c: Neg
    """) == ["a", "d", "b", "c"]


def test_control_flow_does_not_move():
    assert order("""
        g (x: float32[4], k: bool[]) => (c: float32[4], d: float32[4])
        calls
          a: float32[4] = np.negative(x); scopes `layers.0:`  # a: Neg
          d: float32[4] = branch(k); scopes `head:`  # d: If
            then () [x] => (t)
              t: float32[4] = np.exp(x)  # t: Exp
            else () [x] => (x)
          b: float32[4] = np.negative(a); scopes `layers.0:`  # b: Neg
          c: float32[4] = np.negative(b); scopes `layers.1:`  # c: Neg
    """) == ["a", "d", "b", "c"]


def test_modules_that_interleave_end_in_an_order_that_stays():
    lines = "\n".join(
        f"          v{i + 1}: float32[4] = np.negative(v{i}); scopes `layers.{i % 2}:`  # n: Neg"
        for i in range(20)
    )
    text = f"""
        g (v0: float32[4]) => (v20: float32[4])
        calls\n{lines}
    """
    assert order(text) == [f"v{i + 1}" for i in range(20)]
