"""Lengths that are read once stand where they are read; others have a line of their own."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

import onnx2py
from tests.support import assert_same, parsed, unoptimized

X = np.arange(6, dtype=np.float32)


def source(model: onnx.ModelProto, folder) -> str:
    """Return the part of model.py after the checks of the inputs, without types."""
    onnx2py.compile_model(model, folder / "net")
    code = (folder / "net/model.py").read_text()
    lines = code[code.rindex("check_input(") :].splitlines()
    return "\n".join(line.partition("  # ")[0] for line in lines)


def agrees(model: onnx.ModelProto, *shapes: list[int]) -> None:
    session, compiled = unoptimized(model), onnx2py.load_model(model)
    for to in shapes:
        feeds = {"x": X, "to": np.int64(to)}
        found = compiled(**feeds)
        found = list(found) if isinstance(found, tuple) else [found]
        assert_same(found, session.run(None, feeds))


RESHAPED = "(float[n] x, int64[r] to) => (float[] y) <int64 one = {1}, int64 k = {3}>"
BRANCHES = """If (c) <
    then_branch = a () => (float[] p) { p = Neg (z) },
    else_branch = b () => (float[] q) { q = Abs (z) }>"""


def test_a_condition_says_what_is_compared(tmp_path):
    model = parsed(f"""g {RESHAPED} {{
        z = Reshape (x, to) s = Shape (z) n1 = Gather (s, one) c = Equal (n1, k)
        y = {BRANCHES} }}""")
    assert "y = -z if z.shape[1] == 3 else np.absolute(z)" in source(model, tmp_path)
    agrees(model, [2, 3], [3, 2], [1, 3, 2])


def test_what_is_read_twice_is_read_once(tmp_path):
    model = parsed(f"""g {RESHAPED} {{
        z = Reshape (x, to) s = Shape (z) n1 = Gather (s, one) c = Equal (n1, k)
        v = {BRANCHES} f = Cast <to = 1> (n1) y = Mul (v, f) }}""")
    text = source(model, tmp_path)
    assert "length_1 = z.shape[1]" in text and "if length_1 == 3 else" in text
    agrees(model, [2, 3], [3, 2])


def test_a_length_that_has_a_name_keeps_it(tmp_path):
    model = parsed("""g (float[batch, 2] x) => (int64[batch] y)
        <int64 zero = {0}, int64 one = {1}> {
        s = Shape (x) n = Gather (s, zero) y = Range (zero, n, one) }""")
    text = source(model, tmp_path)
    assert "batch = x.shape[0]" in text
    assert "np.arange(batch, dtype=np.int64)" in text


def test_a_line_that_would_be_too_long_reads_a_variable(tmp_path):
    name = "the_value_that_has_a_very_long_name_for_its_length"
    model = parsed(f"""g {RESHAPED} {{
        z = Reshape (x, to) {name} = Abs (z) s = Shape ({name}) n1 = Gather (s, one)
        c = Equal (n1, k) y = {BRANCHES.replace("(z)", f"({name})")} }}""")
    text = source(model, tmp_path)
    assert f"if {name}.shape[1] == 3:" in text or "length_1 == 3" in text
    assert max(map(len, text.splitlines())) <= 88
    agrees(model, [2, 3], [3, 2])


def test_a_value_is_not_freed_before_its_length_is_read(tmp_path):
    """The product is large, and the last reader of it but for its length."""
    model = parsed("""g (float[m, 300] x) => (int64[] y, float z)
        <int64 zero = {0}, int64 one = {1}, int64[1] to = {-1}> {
        a = Exp (x) i = NonZero (a) s = Shape (i) n = Gather (s, one)
        f = Cast <to = 1> (i) z = ReduceSum <keepdims = 0> (f)
        y = Range (zero, n, one) }""")
    source(model, tmp_path)
    x = np.zeros((4, 300), np.float32)
    found = onnx2py.load_model(model)(x)
    assert_same(list(found), unoptimized(model).run(None, {"x": x}))


@pytest.mark.parametrize("to", [[2, 3], [1, 2, 3]])
def test_tools_find_the_nodes_of_lengths(tmp_path, monkeypatch, to):
    """names.json says in which line a length is, and a trace has what that computes."""
    model = parsed(f"""g {RESHAPED} {{
        z = Reshape (x, to) s = Shape (z) n1 = Gather (s, one) c = Equal (n1, k)
        y = {BRANCHES} }}""")
    onnx2py.compile_model(model, tmp_path / f"tools{len(to)}")
    monkeypatch.syspath_prepend(str(tmp_path))
    watch = __import__(f"tools{len(to)}.tools.watch", fromlist=["watch"])
    where = __import__(f"tools{len(to)}.tools.where", fromlist=["where"])
    package = __import__(f"tools{len(to)}")
    seen = watch.trace(package.Model(), X, np.int64(to))
    (expected,) = unoptimized(model).run(None, {"x": X, "to": np.int64(to)})
    np.testing.assert_array_equal(seen["y"], expected)
    for node in ("n1", "s", "c"):
        place, *_ = where.places(node)
        assert "z.shape[1] == 3" in place.text
