"""Views in the expression of their one reader; a trace still has all of them."""

from __future__ import annotations

import importlib
import re
import sys

import numpy as np
import onnx.parser
import pytest

import onnx2py
from onnx2py.cli import main
from onnx2py.emit.chains import views_of_views
from onnx2py.ir.program import Call, Ref, Statement
from onnx2py.ir.symbols import Symbol
from tests.support import assert_same, unoptimized

HEADS = """<ir_version: 8, opset_import: ["" : 17]>
    g (float[b, t, 6] x) => (float[b, 2, t, 3] y) <int64[4] heads = {0, 0, 2, 3}> {
        r = Relu (x) s = Reshape (r, heads) q = Transpose <perm = [0, 2, 1, 3]> (s)
        y = Neg (q) }"""
X = np.linspace(-1, 1, 24, dtype=np.float32).reshape(2, 2, 6)


def lines(text: str, folder, **options: object) -> list[str]:
    """Return the statements of the call, without comments."""
    model = onnx.parser.parse_model(text) if isinstance(text, str) else text
    onnx2py.compile_model(model, folder / "net", force=True, **options)
    code = (folder / "net/model.py").read_text()
    code = code[code.rindex("check_input(") :]
    return [line.partition("  # ")[0].strip() for line in code.splitlines()]


def agrees(text: str) -> None:
    """Compare the package with onnxruntime."""
    model = onnx.parser.parse_model(text)
    assert_same(onnx2py.load_model(model)(X), unoptimized(model).run(None, {"x": X})[0])


def test_one_expression_for_views(tmp_path):
    assert "q = r.reshape(b, t, 2, 3).transpose((0, 2, 1, 3))" in lines(HEADS, tmp_path)
    agrees(HEADS)


def test_level_0_has_a_statement_for_each_node(tmp_path):
    assert "q = s.transpose((0, 2, 1, 3))" in lines(HEADS, tmp_path, level=0)


@pytest.mark.parametrize(
    "change",
    [
        ("y = Neg (q)", "w = Neg (q) z = Exp (s) v = ReduceSum (z) y = Add (w, v)"),
        ("(float[b, 2, t, 3] y)", "(float[b, 2, t, 3] y, float[b, t, 2, 3] s)"),
    ],
    ids=["read twice", "an output"],
)
def test_views_that_others_need_stay(tmp_path, change):
    text = HEADS.replace(*change)
    assert "q = s.transpose((0, 2, 1, 3))" in lines(text, tmp_path)


def test_long_chains_and_lines_are_divided(tmp_path):
    several = "s1 = Transpose <perm = [1, 0, 2, 3]> (s) s2 = Unsqueeze (s1, one) "
    several += "s3 = Unsqueeze (s2, one) s4 = Squeeze (s3, both)"
    text = HEADS.replace("q = Trans", f"{several} q = Trans").replace(
        " (s)\n", " (s4)\n"
    )
    text = text.replace("3}>", "3}, int64[1] one = {1}, int64[2] both = {1, 2}>")
    text = text.replace("float[b, 2, t, 3]", "float[?, ?, ?, ?]")
    model = onnx.parser.parse_model(text)
    found = lines(model, tmp_path)
    deepest = max(
        len(re.findall(r"\.(?:reshape|transpose|squeeze)\(|\[:", line))
        for line in found
    )
    assert 1 < deepest <= 3 and max(map(len, found)) <= 80


def test_what_is_overwritten_between_is_read_before():
    """Programs in which a value is freed, or its memory reused, between view and reader."""
    large = HEADS.replace("float[b, t, 6]", "float[b, 9000, 6]").replace(
        "q = Trans", "k = Exp (r) q = Trans"
    )
    large = large.replace("y = Neg (q)", "w = Neg (q) m = ReduceSum (k) y = Add (w, m)")
    large = large.replace("float[b, 2, t, 3]", "float[b, 2, 9000, 3]")
    model = onnx.parser.parse_model(large)
    x = np.random.default_rng(0).normal(size=(1, 9000, 6)).astype(np.float32)
    (expected,) = unoptimized(model).run(None, {"x": x})
    np.testing.assert_allclose(onnx2py.load_model(model)(x), expected, rtol=1e-4)


@pytest.fixture
def net(tmp_path, monkeypatch):
    """The package of HEADS, in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    onnx.save(onnx.parser.parse_model(HEADS), "net.onnx")
    onnx2py.compile_model("net.onnx", "net")
    importlib.invalidate_caches()
    yield importlib.import_module("net")
    for name in [m for m in sys.modules if m.split(".")[0] == "net"]:
        del sys.modules[name]


def test_a_trace_has_the_values_inside(net):
    watch = importlib.import_module("net.tools.watch")
    seen = watch.trace(net.Model(), X)
    reshaped = np.maximum(X, 0).reshape(2, 2, 2, 3)
    np.testing.assert_array_equal(seen["s"], reshaped)
    np.testing.assert_array_equal(seen["q"], reshaped.transpose(0, 2, 1, 3))
    operators = [step.call.operator for step in seen.steps]
    assert operators == ["Relu", "Reshape", "Transpose", "Neg"]
    assert seen.calls["s"].line == seen.calls["q"].line
    assert [*watch.trace(net.Model(), X, capture=["s"]).values] == ["s"]


def test_an_expression_that_was_edited_is_recorded_as_it_is(net, tmp_path):
    path = tmp_path / "net/model.py"
    text = path.read_text()
    path.write_text(
        text.replace("= r.reshape(b, t, 2, 3)", "= np.copy(r[:]).reshape(b, t, 2, 3)")
    )
    assert "np.copy(" in path.read_text()
    path.write_text(
        path.read_text().replace(".transpose((0, 2, 1, 3))", ".swapaxes(1, 2)")
    )
    watch = importlib.import_module("net.tools.watch")
    model = importlib.reload(importlib.import_module("net.model")).Model()
    watch.Model, watch.model_module = type(model), sys.modules["net.model"]
    seen = watch.trace(model, X)
    np.testing.assert_array_equal(seen["y"], model(X))


def test_verification_compares_the_values_inside(net, tmp_path, capsys):
    assert main(["verify", "net", "net.onnx", "--per-node"]) == 0
    assert "4 of 4 agree" in capsys.readouterr().out
    path = tmp_path / "net/model.py"
    text = path.read_text()
    wrong = text.replace(".reshape(b, t, 2, 3)", "[::-1].reshape(b, t, 2, 3)")
    assert wrong != text
    path.write_text(wrong)
    assert main(["verify", "net", "net.onnx", "--per-node"]) != 0


def test_an_error_names_all_nodes_of_the_line():
    text = HEADS.replace("float[b, t, 6] x", "float[b, t, n] x")
    model = onnx2py.load_model(onnx.parser.parse_model(text))
    with pytest.raises(ValueError, match="^s: Reshape"):
        model(np.ones((1, 2, 7), np.float32))


def test_where_finds_the_values_inside(net):
    where = importlib.import_module("net.tools.where")
    inner, outer = where.places("s"), where.places("q")
    assert [p.line for p in inner] == [p.line for p in outer] != [0]
    assert "r.reshape(" in inner[0].text


@pytest.mark.parametrize("of_target", [False, True], ids=["NumPy", "a target"])
def test_views_of_views_by_what_a_function_stands_for(of_target):
    reshape = Symbol("arrays", "reshape", np.reshape) if of_target else np.reshape
    steps = [("a", "x"), ("b", "a")]
    statements = [
        Statement(Call(reshape, (Ref(source), (2, 3))), (result,), ("n: Reshape",))
        for result, source in steps
    ]
    assert views_of_views(statements, ["b"]) == {"a"}
