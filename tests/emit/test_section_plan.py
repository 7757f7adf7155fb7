"""Long functions in methods: the same bits, names and memory as in one piece."""

from __future__ import annotations

import ast
import random
import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper, numpy_helper

import onnx2py
from onnx2py.emit.section_plan import divide, with_sections
from onnx2py.ir.blocks import Outline
from onnx2py.ir.check import check_program
from onnx2py.ir.graph import Scope
from onnx2py.ir.program import Call, Program, Ref, Section, Statement, unsectioned
from onnx2py.ir.types import TensorType
from onnx2py.plan.in_place import write_in_place
from onnx2py.plan.release import free_values

from .test_blocks import Build, Built, build, compared
from .test_random_blocks import BINARY, SIZE, UNARY, call, weight_of

__all__ = ["build"]


def chain(draw: random.Random, count: int) -> Program:
    """Return a long program, which mostly goes on from what it has just computed."""
    values, statements = ["x", "z"], []
    weights: dict[str, np.ndarray] = {}
    for number in range(count):
        name = f"v{number}" if draw.random() < 0.5 else f"value{number}"
        recent = [draw.choice(values[-3:]) for _ in range(2)]
        if draw.random() < 0.1:
            recent[1] = draw.choice(values)
        kind = draw.choice("uubbbw")
        if kind == "w":
            weights[f"w{number % 9}"] = weight_of(f"w{number % 9}")
            recent[1] = f"w{number % 9}"
        function = draw.choice(UNARY if kind == "u" else BINARY)
        statements.append(call(function, recent[: function.nin], name))
        values.append(name)
    if draw.random() < 0.5:  # the statements belong to modules
        statements = [*map(in_module, range(count), statements)]
    outputs = dict.fromkeys([values[-1], *draw.sample(values[2:], draw.randint(0, 2))])
    kinds = {name: TensorType("float32", (SIZE,)) for name in (*values, *weights)}
    flat = Program(
        "g", ("x", "z"), tuple(outputs), tuple(statements), weights, {}, kinds
    )
    flat = write_in_place(free_values(flat))
    return replace(flat, outline=Outline(flat.statements, {}))


def in_module(number: int, statement: Statement) -> Statement:
    outer = f"stage{number // 24}"
    path = (Scope(outer, ""), Scope(f"{outer}.part{number // 12}", ""))
    return replace(statement, scopes=path[: 1 + (number % 12 > 1)])


def divided(program: Program) -> Program:
    return replace(with_sections(program, divide(program)), outline=None)


def sections(program: Program) -> list[Section]:
    operations = (statement.operation for statement in divided(program).statements)
    return [each for each in operations if isinstance(each, Section)]


@pytest.mark.parametrize("seed", range(60))
def test_sections_stand_for_the_same_statements(seed: int) -> None:
    program = chain(random.Random(seed), 60 + seed)
    made = divided(program)
    assert tuple(unsectioned(made.statements)) == program.statements
    check_program(made, "the test")
    for section in sections(program):
        body = section.body
        assert len(body.captures) <= 4
        assert 1 <= len(body.outputs) <= 3


@pytest.mark.parametrize("seed", range(12))
def test_sections_compute_and_show_the_same(build: Build, seed: int) -> None:
    program = chain(random.Random(seed), 60 + seed)
    numbers = np.random.default_rng(seed)
    inputs = [numbers.standard_normal(SIZE).astype(np.float32) for _ in program.inputs]
    made = compared(build, program, *inputs)
    methods = made.text.count("\n    def _") - made.text.count("\n    def __")
    assert methods == len(sections(program)) > 0
    flat = build(replace(program, outline=None))
    assert peak(made, inputs) <= 1.05 * peak(flat, inputs)


def peak(built: Built, inputs: list[Any]) -> int:
    """Return how much memory a call of a model takes at most."""
    model = built.module.Model()
    model(*inputs)
    tracemalloc.start()
    model(*inputs)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def test_most_programs_are_divided() -> None:
    programs = (chain(random.Random(seed), 80) for seed in range(40))
    assert sum(bool(sections(program)) for program in programs) > 30


def test_short_functions_are_not_divided() -> None:
    assert not sections(chain(random.Random(1), 20))


def test_a_flat_program_is_not_divided(build: Build) -> None:
    program = replace(chain(random.Random(1), 90), outline=None)
    assert "    def _v" not in build(program).text
    assert "return self" not in build(program).text


def module_program(size: int = SIZE) -> Program:
    """Return three modules in a row, in each of which a value is read for the last time early."""
    statements, before = [], "x"
    for name in ("stem", "body", "head"):
        scopes = (Scope("net", ""), Scope(f"net.{name}", ""))
        for number in range(20):
            made = f"/net/{name}/v{number}"
            operation = Call(UNARY[number % 3], (Ref(before),))
            nodes = (f"/net/{name}/n{number}: Op",)
            statements.append(Statement(operation, (made,), nodes, scopes=scopes))
            before = made
    kinds = {n: TensorType("float32", (size,)) for s in statements for n in s.outputs}
    kinds["x"] = TensorType("float32", (size,))
    program = Program("g", ("x",), (before,), tuple(statements), {}, {}, kinds)
    return replace(program, outline=Outline(program.statements, {}))


def test_modules_are_methods_and_the_call_reads_as_an_outline(build: Build) -> None:
    made = compared(build, module_program(8), np.ones(8, np.float32))
    tree = ast.parse(made.text).body[-1]
    assert isinstance(tree, ast.ClassDef)
    methods = [part for part in tree.body if isinstance(part, ast.FunctionDef)]
    names = [method.name for method in methods]
    assert names == ["__init__", "__call__", "_stem", "_body", "_head"]
    outline = [ast.unparse(line) for line in methods[1].body[-4:]]
    assert outline == [
        "stem = self._stem(x)",
        "body = self._body(stem)",
        "v19 = self._head(body)",
        "return v19",
    ]
    assert ast.get_docstring(methods[3]) == "``body``."
    paths = {onnx: path for path, onnx in made.names.items()}
    assert all(paths[f"/net/body/v{n}"].startswith("body.") for n in range(20))


def test_large_values_do_not_outlive_their_last_reading(build: Build) -> None:
    program = free_values(module_program())
    program = replace(program, outline=Outline(program.statements, {}))
    made = compared(build, program, np.ones(SIZE, np.float32))
    flat = build(replace(program, outline=None))
    inputs = [np.ones(SIZE, np.float32)]
    assert peak(made, inputs) <= 1.05 * peak(flat, inputs)
    assert made.text.count(" = self._") < 3


def layers_and_a_long_head() -> onnx.ModelProto:
    """Return a model whose layers are called in a loop, before two methods."""
    random_ = np.random.default_rng(0)
    nodes: list[onnx.NodeProto] = []
    weights: list[onnx.TensorProto] = []

    def add(operator: str, place: str, *inputs: str) -> str:
        name = f"{place}/{operator}_{len(nodes)}"
        nodes.append(helper.make_node(operator, inputs, [f"{name}_output_0"], name))
        return f"{name}_output_0"

    x = "x"
    for number in range(6):
        place, start = f"/layers/layers.{number}", x
        for part in range(4):
            array = random_.normal(size=(8, 8)).astype(np.float32) / 3
            weight = numpy_helper.from_array(array, f"layers.{number}.{part}.weight")
            weights.append(weight)
            x = add("Tanh", place, add("MatMul", place, x, weight.name))
        x = add("Add", place, x, start)
    last = x
    for _ in range(70):
        x = add(str(random_.choice(["Sin", "Abs", "Neg", "Cos"])), "/head", x)
        if random_.random() < 0.15:
            x = add("Add", "/head", x, last)
    y = helper.make_tensor_value_info(x, onnx.TensorProto.FLOAT, ["b", 8])
    given = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["b", 8])
    graph = helper.make_graph(nodes, "net", [given], [y], weights)
    opsets = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def test_a_method_reads_the_result_of_a_loop(tmp_path):
    proto = layers_and_a_long_head()
    onnx2py.compile_model(proto, tmp_path / "net")
    source = (tmp_path / "net/model.py").read_text()
    assert "for layer in self.layers:" in source
    assert source.count("= self._") > 1
    session = onnxruntime.InferenceSession(proto.SerializeToString())
    x = np.random.default_rng(1).normal(size=(3, 8)).astype(np.float32)
    (expected,) = session.run(None, {"x": x})
    np.testing.assert_allclose(
        onnx2py.load_model(proto)(x), expected, rtol=1e-4, atol=1e-5
    )
