"""A rule of a target's own has the graph of the file, and its place among the others."""

from dataclasses import replace

import numpy as np
import onnx

from onnx2py.front import read
from onnx2py.ir.graph import Graph
from onnx2py.options import options_of
from onnx2py.plan import Rule
from onnx2py.targets.numpy import TARGET as NUMPY
from onnx2py.targets.target import rules_of

EMPTY = Graph("empty", (), (), ())


def test_it_stands_before_lengths_and_memory():
    rule = Rule(("L1",), lambda program: program)
    target = replace(NUMPY, rules=rules_of("A1", "Q2", "H1", "M1"), own=lambda _: rule)
    numbers = [each.numbers[0] for each in target.rules_for(EMPTY)]
    assert numbers == ["A1", "Q2", "L1", "H1", "M1"]
    assert replace(target, rules=()).rules_for(EMPTY) == (rule,)
    assert replace(target, own=None).rules_for(EMPTY) == target.rules


def test_it_gets_the_graph_of_the_file():
    """Also constants that are folded before the rules."""
    given, programs = [], []

    def own(graph):
        given.append(graph.constants)
        return Rule(("L1",), lambda program: programs.append(program) or program)

    text = """<ir_version: 10, opset_import: ["" : 21]>
        net (float[3] x) => (float[3] y) <float[3] w = {1, 2, 3}> {
            v = Exp (w) y = Add (x, v) }"""
    front = read(onnx.parser.parse_model(text), options_of({}))
    made = replace(front, target=replace(NUMPY, own=own)).program()
    assert {*given[0]} == {"w"} and len(programs) == 1
    np.testing.assert_array_equal(given[0]["w"], np.array([1, 2, 3], np.float32))
    assert "w" not in made.weights
    replace(
        front, target=replace(NUMPY, own=own), options=options_of({"level": 0})
    ).program()
    assert len(programs) == 1
