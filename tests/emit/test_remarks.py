"""What comments say of a statement, and in which sections statements stand."""

from __future__ import annotations

import pytest

from onnx2py.emit.remarks import named_nodes, remark, remark_above, weight_remark
from onnx2py.emit.sections import sections_of
from onnx2py.ir.graph import Scope
from onnx2py.ir.program import Call, Ref, Statement


def statement(*labels: str, module: str = "") -> Statement:
    parts = module.split(".") if module else []
    scopes = tuple(Scope(".".join(parts[: i + 1])) for i in range(len(parts)))
    return Statement(Call("f", (Ref("x"),)), ("y",), labels, scopes=scopes)


@pytest.mark.parametrize(
    ("labels", "module", "scope", "code", "names"),
    [
        (["/m/query/MatMul: MatMul"], "m.query", "m", "a = f(x)", ["query"]),
        (["/m/query/MatMul: MatMul"], "m.query", "m.query", "a = f(x)", []),
        (["/m/query/MatMul: MatMul"], "m.query", "m", "query = f(x)", []),
        (["/m/query/MatMul: MatMul"], "m.query", "m", "a = f(x, self.query_weight)", []),
        (["/m/q/MatMul: MatMul", "/m/k/MatMul: MatMul"], "m", "m", "a = f()", ["q", "k"]),
        (["node_linear_7: Gemm"], "m.fc", "", "a = f(x)", []),
        (["Conv_0: Conv"], "", "", "a = f(x)", []),
        (["p2o.Conv.3: Conv"], "", "", "a = f(x)", []),
        (["{node_add,node_add_{3*i+7}}: Add"], "", "", "a = f(x)", []),
        (["v{9*i+356}: Relu"], "", "", "a = f(x)", []),
        (["Cast_{4-i}: Cast"], "", "", "a = f(x)", []),
        (["{Mul_{7-2*i},Mul}: Mul"], "", "", "a = f(x)", []),
        (["/conv1/conv1/Conv: Conv"], "conv1", "", "conv1_2 = f(x)", []),
        (["/m/conv/conv/Conv: Conv"], "m.conv.conv", "m", "a = f(x)", ["conv"]),
        (["clip the loudest: Clip"], "", "", "a = np.clip(x)", ["clip the loudest"]),
        (["/m/block.0/attn/Range: Range"], "m", "m", "a = f(x)", []),  # lifted
    ],
)  # fmt: skip
def test_only_names_that_say_more_are_named(labels, module, scope, code, names):
    assert named_nodes(statement(*labels, module=module), (), scope, code) == names


def test_what_nothing_computes_is_not_named():
    made = statement("/m/a/Cast: Cast", "/m/same/Cast: Cast")
    assert named_nodes(made, {"/m/same/Cast: Cast"}, "m", "a = f(x)") == []
    assert named_nodes(made, (), "m", "a = f(x)") == ["same"]


def test_a_type_stands_behind_its_line():
    assert remark([], ["float32[2]"], "a = f(x)") == ([], "a = f(x)  # float32[2]")


def test_a_type_without_room_stands_above_its_line():
    line = f"a = f({'x' * 60})"
    assert remark([], ["float32[2]"], line) == (["# float32[2]"], line)
    assert remark([], ["float32[2]"], line, ["float32[2]"]) == ([], line)
    assert remark([], ["float32[...]"], line) == ([], line)


def test_a_type_without_room_in_a_loop_has_its_indent():
    line = f"    a = f({'x' * 60})"
    assert remark([], ["float32[2]"], line) == (["    # float32[2]"], line)


def test_a_type_stands_behind_the_bracket_of_a_line_that_is_broken():
    line = f"a = f({'x' * 90})"
    assert remark([], ["float32[2]"], line) == ([], f"{line}  # float32[2]")


def test_names_stand_above_with_the_type():
    above, line = remark(["q", "k"], ["float32[2, 3]"], "a = f(x)")
    assert (above, line) == (["# q + k -> float32[2, 3]"], "a = f(x)")


def test_no_line_ends_inside_a_type():
    names = [f"name{i}" for i in range(12)]
    lines = remark_above(names, ["float32[1, min(t, 512), 128]"] * 3)
    assert all(line.count("[") == line.count("]") for line in lines)
    assert all(len(line) <= 80 for line in lines) and len(lines) > 2


def test_names_cannot_leave_their_comment():
    (line,) = remark_above(["a\nimport os", "type: ignore"], [])
    assert line == "# a\\nimport os + type : ignore"


@pytest.mark.parametrize(
    ("names", "attribute", "lines"),
    [
        (["conv1.weight"], "conv1_weight", []),
        (["m.encoder.Conv1.weight"], "conv1_weight", []),
        (["onnx::MatMul_370"], "query_weight", []),
        (["Plus30_Output_0.weight"], "conv1_weight", []),
        (["layer.0.gamma"], "norm_weight", ["# layer.0.gamma"]),
        (["mix.alpha", "mix.beta"], "scale", ["# mix.{alpha,beta}"]),
    ],
)
def test_a_weight_is_named_if_its_attribute_is_called_otherwise(
    names, attribute, lines
):
    assert weight_remark(names, attribute) == lines


def sections(*modules: str) -> list[tuple[int, str]]:
    statements = [statement("n: Add", module=module) for module in modules]
    found = sections_of(statements, lambda statement: True)
    return [(len(s.statements), s.title) for s in found]


def test_sections_are_modules_of_several_statements():
    modules = ["m.norm", *["m.attn.q"] * 2, *["m.attn.out"] * 2, "m", *["m.mlp"] * 3]
    assert sections(*modules) == [(1, ""), (4, "attn"), (1, ""), (3, "mlp")]


def test_a_long_section_is_divided():
    modules = [*["m.a.x"] * 10, *["m.a.y"] * 2, *["m.a.z"] * 4, "m.b"]
    assert sections(*modules) == [(10, "a.x"), (2, ""), (4, "a.z"), (1, "")]


def test_one_module_has_no_heading():
    assert sections(*["m.a"] * 5) == [(5, "")]
    assert sections(*[""] * 5) == [(5, "")]
