"""What ``check_program`` refuses: tiny programs, each with one fault."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from onnx2py import plan as planner
from onnx2py.errors import InternalError
from onnx2py.ir.check import check_program
from onnx2py.ir.program import Body, Branch, Call, Program, Ref, Statement
from onnx2py.plan import Rule, plan


def add(result: str, *names: str, frees: tuple[str, ...] = (), **options) -> Statement:
    call = Call(np.add, tuple(map(Ref, names)), options)
    return Statement(call, (result,), (f"{result}: Add",), frees=frees)


def program(*statements: Statement, outputs: tuple[str, ...] = ("y",)) -> Program:
    weights = {"w": np.ones(2, np.float32)}
    return Program("g", ("x",), outputs, statements, weights, {}, {})


def choice(result: str, **changes) -> Statement:
    body = Body("then", (), ("a",), ("t",), (add("t", "a", "w"),))
    other = Body("else", (), (), ("e",), (add("e", "w", "w"),))
    return Statement(
        Branch(Ref("x"), replace(body, **changes), other), (result,), (f"{result}: If",)
    )


VALID = (add("a", "x", "w"), choice("b"), add("y", "a", "b", frees=("a", "b")))


def test_a_valid_program_passes():
    check_program(program(*VALID), "a test")


FAULTS = [
    ("'a' is read by y: Add, but it is undefined", (add("y", "a", "x"),)),
    ("'y' is read by y: Add, but it is undefined", (add("y", "y", "x"),)),
    ("'y' is returned, but it is undefined", (add("a", "x", "x"),)),
    ("'y' is defined twice", (add("y", "x", "x"), add("y", "x", "w"))),
    ("'w' is defined twice", (add("w", "x", "x"), add("y", "x", "w"))),
    (
        "'a' is read by y: Add after it was freed or overwritten",
        (
            add("a", "x", "x"),
            add("b", "a", "x", frees=("a",)),
            add("y", "a", "b"),
        ),
    ),
    (
        "'a' is read by y: Add after it was freed or overwritten",
        (
            add("a", "x", "x"),
            add("b", "a", "x", out=Ref("a")),
            add("y", "a", "b"),
        ),
    ),
    (
        "'y' is returned after it was freed or overwritten",
        (
            add("y", "x", "x"),
            add("a", "y", "x", frees=("y",)),
        ),
    ),
    ("'x' is freed, but not held", (add("y", "x", "w", frees=("x",)),)),
    ("'w' is freed, but not held", (add("y", "x", "w", frees=("w",)),)),
    ("'a' is captured by then, but it is undefined", (choice("y"),)),
    (
        "in then, 'a' is read by t: Add, but it is undefined",
        (
            VALID[0],
            choice("y", captures=()),
        ),
    ),
    (
        "in then, 'a' is freed, but not held",
        (
            VALID[0],
            choice("y", statements=(add("t", "a", "w", frees=("a",)),)),
        ),
    ),
    (
        "in then, 'nothing' is returned, but it is undefined",
        (
            VALID[0],
            choice("y", outputs=("nothing",)),
        ),
    ),
    (
        "'t' is read by y: Add, but it is undefined",
        (
            VALID[0],
            choice("b"),
            add("y", "b", "t"),
        ),
    ),
]


@pytest.mark.parametrize(("what", "statements"), FAULTS)
def test_a_fault_is_named(what, statements):
    with pytest.raises(InternalError, match="after a test: in ") as error:
        check_program(program(*statements), "a test")
    assert what in str(error.value)


def test_the_setup_reads_nothing_that_a_call_is_given():
    setup = (add("s", "w", "x"),)
    with pytest.raises(InternalError, match="in the setup, 'x' is read by s: Add, but"):
        check_program(replace(program(add("y", "x", "s")), setup=setup), "a test")


def lose(given: Program) -> Program:
    return given if len(given.statements) < 2 else replace(given, statements=VALID[2:])


@pytest.mark.parametrize("each", [True, False])
def test_a_rule_that_breaks_a_program_is_named(monkeypatch, each):
    """Rules after it may get into trouble first, unless each is checked."""
    monkeypatch.setattr(planner, "CHECK_EACH", each)
    rules = [Rule(("X1",), lose), Rule(("X2",), lambda given: given)]
    number = "X1" if each else "X2"
    with pytest.raises(InternalError, match=f"after rules {number}: .* 'a' is read by"):
        plan(program(*VALID), level=1, rules=rules)
