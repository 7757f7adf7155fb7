"""Short bodies of ``If`` stand in the ``if`` itself; every tool knows what they compute."""

from __future__ import annotations

import importlib
import json
import sys
import textwrap

import numpy as np
import onnx.parser
import pytest

import onnx2py
from onnx2py.cli import main
from tests.support import assert_same, unoptimized

HEAD = '<ir_version: 8, opset_import: ["" : 17]> g'
X = np.float32([[1, -2, 3]])


def source(text: str, folder) -> str:
    """Return the part of model.py after the checks of the inputs."""
    model = onnx.parser.parse_model(f"{HEAD} {text}")
    onnx2py.compile_model(model, folder / "net", force=True)
    code = (folder / "net/model.py").read_text()
    code = code[code.index("check_input(") :]
    lines = (line for line in code.splitlines() if not line.strip().startswith("#"))
    return "\n".join(line.partition("  # ")[0] for line in lines)


def agrees(text: str, **feeds) -> None:
    """Compare both branches with onnxruntime."""
    model = onnx.parser.parse_model(f"{HEAD} {text}")
    session, compiled = unoptimized(model), onnx2py.load_model(model)
    for c in (True, False):
        given = {**feeds, "c": np.array(c)}
        found = compiled(**given)
        found = list(found) if isinstance(found, tuple) else [found]
        assert_same(found, session.run(None, given))


SHORT = """(float[n, 3] x, bool c) => (float[n, 3] y) { a = Relu (x) r = If (c) <
    then_branch = t () => (float[n, 3] p) { d = Exp (a) p = Add (d, x) },
    else_branch = e () => (float[n, 3] q) { q = Neg (a) }> y = Add (r, a) }"""


def test_both_bodies_in_the_if(tmp_path):
    expected = """
        if c:
            d = np.exp(a)
            r = d + x
        else:
            r = -a
    """
    found = source(SHORT, tmp_path)
    assert textwrap.indent(textwrap.dedent(expected), " " * 8).strip() in found
    assert "def _" not in found
    agrees(SHORT, x=X)


def test_a_branch_that_returns_what_it_captures(tmp_path):
    text = """(float[n, 3] x, bool c) => (float[n, 3] y, float[n, 3] z) {
        a = Relu (x) r, s = If (c) <
        then_branch = t () => (float[n, 3] p, float[n, 3] o) { p = Identity (x) o = Exp (a) },
        else_branch = e () => (float[n, 3] q, float[n, 3] u)
            { q = Identity (a) u = Identity (x) }>
        y = Add (r, a) z = Neg (s) }"""
    found = source(text, tmp_path)
    assert "            s = np.exp(a)\n            r = x\n        else:" in found
    assert "            r, s = a, x\n" in found
    agrees(text, x=X)


def test_names_in_branches_hide_none_outside(tmp_path):
    """Bodies have values called as others of the graph, which are read after them."""
    text = """(float[n, 3] x, bool c) => (float[n, 3] y) { add = Relu (x) exp = Sin (x)
        r = If (c) <
        then_branch = t () => (float[n, 3] p) { k = Exp (add) p = Add (k, exp) },
        else_branch = e () => (float[n, 3] q) { l = Cos (add) q = Add (l, exp) }>
        s = Add (r, add) y = Add (s, exp) }"""
    model = onnx.parser.parse_model(f"{HEAD} {text}")
    then, other = (a.g for a in model.graph.node[2].attribute)
    for body, name in ((then, "sub/add"), (other, "other/exp")):
        body.node[0].output[0] = body.node[1].input[0] = name
    model = onnx2py.load_model(model)
    for c, inner in ((True, np.exp), (False, np.cos)):
        add, exp = np.maximum(X, 0), np.sin(X)
        np.testing.assert_allclose(model(X, np.array(c)), inner(add) + exp + add + exp)


def test_long_bodies_and_loops_stay_methods(tmp_path):
    long = SHORT.replace("q = Neg (a)", "f = Neg (a) g = Sin (f) q = Exp (g)")
    assert "_then(" in source(long, tmp_path)
    agrees(long, x=X)


def test_a_body_without_calls_is_no_method(tmp_path):
    text = SHORT.replace("q = Neg (a)", "q = Identity (a)").replace(
        "d = Exp (a)", "f = Exp (a) g = Sin (f) d = Cos (g)"
    )
    found = source(text, tmp_path)
    assert "        else:\n            r = a\n" in found and found.count("def _") == 1
    agrees(text, x=X)


@pytest.fixture
def net(tmp_path, monkeypatch):
    """The package of SHORT, and its folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    onnx.save(onnx.parser.parse_model(f"{HEAD} {SHORT}"), "net.onnx")
    onnx2py.compile_model("net.onnx", "net")
    importlib.invalidate_caches()
    yield importlib.import_module("net")
    for name in [m for m in sys.modules if m.split(".")[0] == "net"]:
        del sys.modules[name]


def test_a_trace_has_the_values_in_branches(net, tmp_path):
    watch = importlib.import_module("net.tools.watch")
    a = np.maximum(X, 0)
    seen = watch.trace(net.Model(), X, np.array(True))
    for name, value in {"d": np.exp(a), "p": np.exp(a) + X, "r": np.exp(a) + X}.items():
        np.testing.assert_array_equal(seen[name], value)
    with pytest.raises(KeyError):
        seen["q"]
    seen = watch.trace(net.Model(), X, np.array(False))
    np.testing.assert_array_equal(seen["q"], -a)
    np.testing.assert_array_equal(seen["r"], -a)
    assert "d" not in {name.rpartition(".")[2] for name in seen.values}
    only = watch.trace(net.Model(), X, np.array(True), capture=["d"])
    assert [*only.values] == ["r.then.d"]


def test_steps_in_a_branch_are_inside_that_of_the_if(net):
    watch = importlib.import_module("net.tools.watch")
    steps = watch.trace(net.Model(), X, np.array(True)).steps
    operators = [step.call.operator for step in steps]
    assert operators == ["Relu", "Exp", "Add", "If", "Add"]
    assert steps[3].seconds >= steps[1].seconds + steps[2].seconds


@pytest.mark.parametrize("given, name", [(True, "r.then.d"), (False, "r.else.r")])
def test_verification_finds_a_mistake_in_a_branch(net, tmp_path, capsys, given, name):
    np.savez("in.npz", x=X, c=np.array(given))
    check = ["verify", "net", "net.onnx", "--per-node", "--data", "in.npz"]
    assert main(check) == 0
    path = tmp_path / "net/model.py"
    text = path.read_text()
    changed = text.replace("np.exp(a)", "np.cos(a)").replace("= -a", "= np.cos(a)")
    assert changed != text
    path.write_text(changed)
    capsys.readouterr()
    assert main(check) == 3
    assert f"the first that differs is {name}, of " in capsys.readouterr().out


def test_an_error_in_a_branch_names_its_node(tmp_path):
    text = """(float[n, 3] x, float[k, l] w, bool c) => (float[p, q] y) { r = If (c) <
        then_branch = t () => (float[o, u] p) { d = Exp (x) p = MatMul (d, w) },
        else_branch = e () => (float[i, j] q) { q = MatMul (w, x) }> y = Neg (r) }"""
    model = onnx2py.load_model(onnx.parser.parse_model(f"{HEAD} {text}"))
    wrong = np.ones((2, 2), np.float32)
    for given, node in ((True, "p"), (False, "q")):
        with pytest.raises(ValueError, match=f"^{node}: MatMul: "):
            model(X, wrong, np.array(given))


def test_names_of_all_values_are_listed(net, tmp_path):
    listed = json.loads((tmp_path / "net/tools/names.json").read_text())
    values = listed.get("values", listed)
    assert {"r.then.d": "d", "r.then.r": "p", "r.else.r": "q", "r": "r"}.items() <= (
        values.items()
    )


ONE = """(float[n, m] x, bool c) => (float[p, q] y) <int64[1] first = {0}> {
    a = Relu (x) r = If (c) <
    then_branch = t () => (float[m] p) { p = Squeeze (a, first) },
    else_branch = e () => (float[n, m] q) { q = Identity (a) }> y = Neg (r) }"""


@pytest.fixture
def one(tmp_path, monkeypatch):
    """The package of ONE, and its folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    onnx.save(onnx.parser.parse_model(f"{HEAD} {ONE}"), "net.onnx")
    onnx2py.compile_model("net.onnx", "net")
    importlib.invalidate_caches()
    yield importlib.import_module("net")
    for name in [m for m in sys.modules if m.split(".")[0] == "net"]:
        del sys.modules[name]


def test_two_values_are_one_conditional_expression(tmp_path):
    found = source(ONE, tmp_path)
    assert "\n        r = a.squeeze(axis=0) if c else a\n" in found
    agrees(ONE, x=X)


def test_a_conditional_expression_has_the_nodes_and_the_type_of_both_values(tmp_path):
    model = onnx.parser.parse_model(
        f"{HEAD} {SHORT}".replace("d = Exp (a) p = Add (d, x)", "p = Exp (a)")
    )
    onnx2py.compile_model(model, tmp_path / "net")
    code = (tmp_path / "net/model.py").read_text()
    expected = """
        # p + q -> float32[n, 3]
        r = np.exp(a) if c else -a
    """
    assert textwrap.indent(textwrap.dedent(expected), " " * 8) in code


def test_only_the_branch_that_is_taken_is_computed():
    model = onnx2py.load_model(onnx.parser.parse_model(f"{HEAD} {ONE}"))
    two = np.ones((2, 2), np.float32)
    np.testing.assert_array_equal(model(two, np.array(False)), -two)
    with pytest.raises(ValueError, match="^p: Squeeze [+] .*If: "):
        model(two, np.array(True))


@pytest.mark.parametrize(
    "change",
    [
        ("p = Squeeze (a, first)", "d = Exp (a) p = Squeeze (d, first)"),
        ("p = Squeeze", f"{'p' * 30} = Squeeze"),
    ],
    ids=["two calls", "a long line"],
)
def test_what_is_no_short_expression_stays_a_statement(tmp_path, change):
    text = ONE.replace(*change)
    if "p" * 30 in text:
        text = text.replace("(float[m] p)", f"(float[m] {'p' * 30})")
        text = text.replace(" a = ", f" {'a' * 30} = ").replace("(a", f"({'a' * 30}")
    found = source(text, tmp_path)
    assert "        if c:\n" in found and " if c else " not in found
    agrees(text, x=X)


def test_level_0_has_a_statement_for_each_node_of_a_branch(tmp_path):
    model = onnx.parser.parse_model(f"{HEAD} {ONE}")
    onnx2py.compile_model(model, tmp_path / "net", level=0)
    assert " if c else " not in (tmp_path / "net/model.py").read_text()


def test_a_trace_has_the_values_in_a_conditional_expression(one):
    watch = importlib.import_module("net.tools.watch")
    a = np.maximum(X, 0)
    seen = watch.trace(one.Model(), X, np.array(True))
    for name in ("p", "r"):
        np.testing.assert_array_equal(seen[name], a[0])
    assert [s.call.operator for s in seen.steps] == ["Relu", "Squeeze", "If", "Neg"]
    assert len({seen.calls[name].line for name in ("r.then.r", "r")}) == 1
    seen = watch.trace(one.Model(), X, np.array(False))
    np.testing.assert_array_equal(seen["r"], a)
    assert "r.then.r" not in seen.values
    only = watch.trace(one.Model(), X, np.array(True), capture=["p"])
    assert [*only.values] == ["r.then.r"]


def test_verification_compares_the_value_in_a_conditional_expression(
    one, tmp_path, capsys
):
    np.savez("in.npz", x=X, c=np.array(True))
    check = ["verify", "net", "net.onnx", "--per-node", "--data", "in.npz"]
    assert main(check) == 0
    path = tmp_path / "net/model.py"
    text = path.read_text()
    changed = text.replace("= a.squeeze(axis=0)", "= a[:, ::-1].squeeze(axis=0)")
    assert changed != text
    path.write_text(changed)
    capsys.readouterr()
    assert main(check) == 3
    assert "the first that differs is r.then.r, of " in capsys.readouterr().out


def test_a_conditional_expression_that_was_edited_is_recorded(one, tmp_path):
    path = tmp_path / "net/model.py"
    path.write_text(path.read_text().replace(" if c else a", ""))
    watch = importlib.import_module("net.tools.watch")
    model = importlib.reload(importlib.import_module("net.model")).Model()
    watch.Model, watch.model_module = type(model), sys.modules["net.model"]
    np.testing.assert_array_equal(
        watch.trace(model, X, np.array(True))["r"], np.maximum(X, 0)[0]
    )


def test_where_finds_the_value_in_a_conditional_expression(one):
    where = importlib.import_module("net.tools.where")
    inner, outer = where.places("p"), where.places("r")
    assert [p.line for p in inner] == [p.line for p in outer] != [0]
    assert "r = a.squeeze(" in inner[0].text
