"""``If``s of one condition, one after the other, are one ``if``; every tool knows both."""

from __future__ import annotations

import importlib
import sys
import textwrap

import numpy as np
import onnx.parser
import pytest

import onnx2py
from onnx2py.cli import main

from .test_branches import HEAD, X, agrees, source

TWO = """(float[n, 3] x, bool c) => (float[n, 3] y) { a = Relu (x) b = Sin (x)
    r = If (c) <
    then_branch = t () => (float[n, 3] p) { d = Exp (a) p = Add (d, x) },
    else_branch = e () => (float[n, 3] q) { q = Neg (a) }>
    s = If (c) <
    then_branch = t2 () => (float[n, 3] u) { u = Cos (b) },
    else_branch = e2 () => (float[n, 3] v) { v = Identity (b) }>
    y = Add (r, s) }"""


def test_neighbors_of_one_condition_are_one_if(tmp_path):
    expected = """
        if c:
            d = np.exp(a)
            r = d + x
            s = np.cos(b)
        else:
            r = -a
            s = b
    """
    found = source(TWO, tmp_path)
    assert textwrap.indent(textwrap.dedent(expected), " " * 8).strip() in found
    agrees(TWO, x=X)


def test_an_if_that_reads_the_result_of_the_other_stays_one(tmp_path):
    text = TWO.replace("u = Cos (b)", "u = Cos (r)")
    found = source(text, tmp_path)
    assert "        s = np.cos(r) if c else b\n" in found
    agrees(text, x=X)


def test_other_conditions_stay_apart(tmp_path):
    text = TWO.replace("s = If (c)", "o = Not (c) s = If (o)")
    assert source(text, tmp_path).count(" if o else ") == 1
    agrees(text, x=X)


def test_conditional_expressions_stay_lines(tmp_path):
    text = TWO.replace("d = Exp (a) p = Add (d, x)", "p = Exp (a)")
    found = source(text, tmp_path)
    assert found.count(" if c else ") == 2 and "if c:" not in found
    agrees(text, x=X)


def test_memory_that_is_freed_between_them_is_not_held(tmp_path):
    text = TWO.replace("[n, 3]", "[900, 300]")
    found = source(text, tmp_path)
    assert "        del a\n" in found and "        s = np.cos(b) if c else b\n" in found


def test_what_is_too_long_for_one_stays_two(tmp_path):
    long = "k = Sin (b) l = Exp (k) m = Sin (l) o = Exp (m) u = Cos (o)"
    text = TWO.replace("u = Cos (b)", long)
    found = source(text, tmp_path)
    assert found.count("if c:") == 2 and "def _" in found
    agrees(text, x=X)


def test_a_branch_with_two_results_may_have_more_calls(tmp_path):
    text = """(float[n, 3] x, bool c) => (float[n, 3] y) { a = Relu (x)
        r, s = If (c) <
        then_branch = t () => (float[n, 3] p, float[n, 3] u)
            { d = Exp (a) p = Add (d, x) u = Sin (d) },
        else_branch = e () => (float[n, 3] q, float[n, 3] v)
            { q = Neg (a) v = Identity (x) }>
        y = Sub (r, s) }"""
    found = source(text, tmp_path)
    assert "            s = np.sin(d)\n        else:\n" in found
    agrees(text, x=X)


@pytest.fixture
def net(tmp_path, monkeypatch):
    """The package of TWO."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    onnx.save(onnx.parser.parse_model(f"{HEAD} {TWO}"), "net.onnx")
    onnx2py.compile_model("net.onnx", "net")
    importlib.invalidate_caches()
    yield importlib.import_module("net")
    for name in [m for m in sys.modules if m.split(".")[0] == "net"]:
        del sys.modules[name]


def test_a_trace_has_the_values_and_the_nodes_of_both(net):
    watch = importlib.import_module("net.tools.watch")
    a, b = np.maximum(X, 0), np.sin(X)
    seen = watch.trace(net.Model(), X, np.array(True))
    expected = {"d": np.exp(a), "p": np.exp(a) + X, "u": np.cos(b)}
    for name, value in {**expected, "r": expected["p"], "s": expected["u"]}.items():
        np.testing.assert_array_equal(seen[name], value)
    operators = [step.call.operator for step in seen.steps]
    assert operators == ["Relu", "Sin", "Exp", "Add", "Cos", "If + If", "Add"]
    seen = watch.trace(net.Model(), X, np.array(False))
    np.testing.assert_array_equal(seen["q"], -a)
    np.testing.assert_array_equal(seen["s"], b)
    only = watch.trace(net.Model(), X, np.array(True), capture=["u"])
    assert [*only.values] == ["s.then.s"]


@pytest.mark.parametrize(
    "change, name",
    [(("np.exp(a)", "np.sin(a)"), "r.then.d"), (("np.cos(b)", "-b"), "s.then.s")],
)
def test_verification_finds_a_mistake_in_either(net, tmp_path, capsys, change, name):
    np.savez("in.npz", x=X, c=np.array(True))
    check = ["verify", "net", "net.onnx", "--per-node", "--data", "in.npz"]
    assert main(check) == 0
    path = tmp_path / "net/model.py"
    changed = path.read_text().replace(*change)
    assert changed != path.read_text()
    path.write_text(changed)
    capsys.readouterr()
    assert main(check) == 3
    assert f"the first that differs is {name}, of " in capsys.readouterr().out


def test_where_finds_the_values_and_nodes_of_both(net):
    where = importlib.import_module("net.tools.where")
    for name, line in (("d", "d = np.exp(a)"), ("u", "s = np.cos(b)"), ("q", "r = -a")):
        place, *_ = where.places(name)
        assert place.text.partition("  # ")[0] == line
    for name in ("r", "s"):
        assert where.places(name)[0].line > 0


def test_an_error_in_the_second_names_its_node():
    text = TWO.replace("u = Cos (b)", "u = MatMul (b, w)").replace(
        "bool c)", "bool c, float[k, l] w)"
    )
    text = text.replace("(float[n, 3] u)", "(float[o, z] u)")
    text = text.replace("=> (float[n, 3] y)", "=> (float[g, h] y)")
    model = onnx2py.load_model(onnx.parser.parse_model(f"{HEAD} {text}"))
    with pytest.raises(ValueError, match="^u: MatMul: "):
        model(X, np.array(True), np.ones((2, 2), np.float32))
