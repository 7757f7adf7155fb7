"""The planner's index of rules says what there is, and in which order."""

from __future__ import annotations

import importlib
import re
from dataclasses import replace

import numpy as np
import pytest

from onnx2py import passes
from onnx2py import plan as planner
from onnx2py.ir.graph import Graph
from onnx2py.ir.program import Call, Program, Ref, Statement
from onnx2py.plan import ENGINE, OUTLINING, RULES, plan, with_blocks
from onnx2py.targets.numpy import TARGET as NUMPY

INDEX = re.findall(r"^([A-Z]\d)\s+(\w+)\s+\S", planner.__doc__ or "", re.MULTILINE)


def test_the_index_lists_the_rules_in_their_order():
    """Those of packages that are compiled with ``--accelerate`` stand among the others."""
    own = {n for rule in ENGINE for n in rule.numbers}
    usual = [n for rule in OUTLINING for n in rule.numbers]
    listed = [number for number, _ in INDEX]
    assert [number for number in listed if number not in own] == usual
    graph = Graph("g", (), (), (), {}, {})
    rules = with_blocks(replace(NUMPY, accelerated=True).rules_for(graph))
    assert listed == [n for rule in rules for n in rule.numbers]


@pytest.mark.parametrize(
    "rule", (*OUTLINING, *ENGINE), ids=lambda rule: rule.numbers[0]
)
def test_the_index_names_the_file_of_each_rule(rule):
    files = dict(INDEX)
    module = rule.apply.__module__.rpartition(".")[2]
    assert [files[number] for number in rule.numbers] == [module] * len(rule.numbers)


@pytest.mark.parametrize("file", sorted({file for _, file in INDEX}))
def test_a_file_tells_the_rules_that_the_index_says_it_has(file):
    module = importlib.import_module(f"onnx2py.plan.{file}")
    told = re.findall(r"^([A-Z]\d)  \S", module.__doc__ or "", re.MULTILINE)
    assert told == sorted(number for number, name in INDEX if name == file)


OF_PASSES = re.findall(
    r"^([A-Z])(\d)(?:-\1(\d))?\s+(\w+)\s+\S", passes.__doc__ or "", re.MULTILINE
)


@pytest.mark.parametrize(("letter", "first", "last", "file"), OF_PASSES)
def test_a_pass_tells_the_rules_that_the_index_says_it_has(letter, first, last, file):
    module = importlib.import_module(f"onnx2py.passes.{file}")
    told = re.findall(r"^([A-Z]\d)  \S", module.__doc__ or "", re.MULTILINE)
    numbers = range(int(first), int(last or first) + 1)
    assert told == [f"{letter}{number}" for number in numbers]


def test_every_pass_is_in_the_index_and_has_a_letter_of_its_own():
    modules = {each.__module__.rpartition(".")[2] for each in passes.OPTIMIZING}
    assert modules | {"constants"} == {file for *_, file in OF_PASSES}
    letters = [letter for letter, *_ in OF_PASSES]
    assert len({*letters}) == len(letters)
    assert {*letters}.isdisjoint(number[0] for number, _ in INDEX)


def test_a_target_leaves_rules_out():
    """Rule S1 computes what depends on weights alone, unless it is left out."""
    double = Statement(Call(np.add, (Ref("w"), Ref("w"))), ("d",), ("d",))
    product = Statement(Call(np.matmul, (Ref("x"), Ref("d"))), ("y",), ("y",))
    weights = {"w": np.ones((2, 2), np.float32)}
    program = Program("g", ("x",), ("y",), (double, product), weights, {}, {})
    others = [rule for rule in RULES if rule.numbers != ("S1",)]
    assert len(plan(program, level=1).setup) == 1
    assert [s.outputs for s in plan(program, level=1, rules=others).statements] == [
        ("d",),
        ("y",),
    ]
    assert plan(program, level=0) is program
