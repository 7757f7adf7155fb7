"""Wrong packages of models that rounding moves far, or whose outputs are tiny, text or integers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import pytest

from onnx2py import compile_model, load_model
from onnx2py.cli import main
from onnx2py.verification import conditioning
from onnx2py.verification.oracle import OnnxRuntime, OracleError
from onnx2py.verification.per_node import ulp_difference
from onnx2py.verify import joined_labels


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def save(text: str) -> None:
    model = onnx.parser.parse_model(
        f'<ir_version: 8, opset_import: ["" : 17]> g {text}'
    )
    onnx.save(model, "net.onnx")


def changed(*mistakes: tuple[str, str]) -> int:
    """Compile, put mistakes into the package, verify it."""
    compile_model("net.onnx", "net")
    path = Path("net/model.py")
    text = path.read_text()
    for old, new in mistakes:
        assert old in text, text
        text = text.replace(old, new)
    path.write_text(text)
    return main(["verify", "net", "net.onnx"])


TEXT = "(float[N, 3] x) => (string[N, 3] y) { y = Cast <to = 8> (x) }"
SUM_AS_TEXT = """(float[2, 64] x) => (string[2, 1] y) <float c = {1e6}> {
    a = Add (x, c) s = ReduceSum (a) b = Mul (s, x) t = ReduceSum (b) y = Cast <to = 8> (t) }"""
INTEGERS = """(float[N, 30] x) => (int64[N, 30] y) <float c = {100000000.0}> {
    a = Mul (x, c) y = Cast <to = 7> (a) }"""
SINES = """(float[N, 30] x) => (float[N, 30] y) <float c = {100000000.0}> {
    a = Mul (x, c) y = Sin (a) }"""
TINY = "(float[N, 3] x) => (float[N, 3] y) <float c = {1e-9}> { y = Mul (x, c) }"
SUBNORMAL = "(float[N, 3] x) => (float[N, 3] y) <float c = {1e-42}> { y = Mul (x, c) }"
FAR_EXP = """(float[N, 3] x) => (float[N, 3] y) <float c = {90}> {
    a = Sub (x, c) y = Exp (a) }"""
ZEROS = """(float[N, 8] x) => (float[N, 8] y) <float c = {0.3}, float d = {0.1}> {
    a = Mul (x, c) b = Mul (x, d) e = Add (b, b) f = Add (e, b) y = Sub (a, f) }"""

FAR_SIGMOID = """(float[N, 30] x) => (float[N, 30] y, float[N, 30] z) <float c = {-80}> {
    a = Add (x, c) y = Sigmoid (a) z = Softplus (a) }"""
NEAR_SIGMOID = FAR_SIGMOID.replace("-80", "-13")

RIGHT = [
    FAR_SIGMOID,
    NEAR_SIGMOID,
    TEXT,
    SUM_AS_TEXT,
    INTEGERS,
    SINES,
    TINY,
    SUBNORMAL,
    FAR_EXP,
    ZEROS,
]


@pytest.mark.parametrize("text", RIGHT)
def test_right_packages_agree(here, capsys, text):
    save(text)
    assert changed() == 0, capsys.readouterr().out


WRONG = [
    (TEXT, "return y", "return np.full(y.shape, 'wrong', object)"),
    (TEXT, "return y", "return np.full(y.shape, '0.5', object)"),
    (TEXT, "ops.cast_to_strings(x", "ops.cast_to_strings(x * np.float32(1.01)"),
    (INTEGERS, "return y", "return -y"),
    (INTEGERS, "return y", "return y + 10_000"),
    (SINES, "return y", "return y * 0"),
    (SINES, "np.sin(a", "np.cos(a"),
    (TINY, "return y", "return y * 0"),
    (TINY, "return y", "return y * np.float32(1.01)"),
    (SUBNORMAL, "return y", "return y * 2"),
    (FAR_EXP, "90.0", "91.0"),
    (NEAR_SIGMOID, "ops.sigmoid(a", "ops.sigmoid(a + np.float32(1)"),
    (ZEROS, "return y", "return y + np.float32(1e-6)"),
]


@pytest.mark.parametrize("text, old, new", WRONG)
def test_wrong_packages_differ(here, capsys, text, old, new):
    save(text)
    assert changed((old, new)) == 3, capsys.readouterr().out
    assert "DIFFERS" in capsys.readouterr().out


def test_what_is_returned_is_what_the_last_call_made(here, capsys):
    save(SINES)
    assert changed(("return y", "return y * 0")) == 3
    assert (
        "y as it is returned, of y: Sin, is the first that differs"
        in capsys.readouterr().out
    )


def test_tiny_outputs_are_not_compared_where_rounding_cannot_be_measured(
    here, capsys, monkeypatch
):
    def refuse(*_: object) -> None:
        raise OracleError("not today")

    monkeypatch.setattr(conditioning, "Rounding", refuse)
    save(TINY)
    assert changed(("return y", "return y * np.float32(1.01)")) == 0
    assert (
        "not compared: 9.7e-12 may be rounding, which only" in capsys.readouterr().out
    )
    save(TINY.replace("1e-9", "1"))
    assert changed(("return y", "return y * np.float32(1.01)")) == 3


def test_chaotic_outputs_are_not_compared_if_the_calls_cannot_be(
    here, capsys, monkeypatch
):
    monkeypatch.setattr(conditioning, "_way", lambda *_: "no such luck")
    save(SINES)
    assert changed(("return y", "return y * 0")) == 0
    out = capsys.readouterr().out
    assert "not compared: rounding moves onnxruntime by " in out
    assert "its calls could not be compared: no such luck" in out


def test_subnormal_numbers_are_what_onnxruntime_makes_of_them(here):
    """Neither side takes them for 0, so that they can be compared."""
    save(FAR_EXP)
    x = np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3)
    (expected,) = OnnxRuntime("net.onnx", ["y"]).run({"x": x})
    assert 0 < expected.max() < np.finfo(np.float32).tiny
    np.testing.assert_allclose(load_model("net.onnx")(x), expected, rtol=1e-2, atol=0)


LOOP = """(float[N, 4] x) => (float[N, 4] y) { n = Constant <value_int = 60> ()
    t = Constant <value = bool {1}> () s = Sigmoid (x) y = Loop (n, t, s) <body = b
    (int64 i, bool c, float[N, 4] v) => (bool d, float[N, 4] w) { d = Identity (c)
    o = Constant <value_float = 1.0> () q = Sub (o, v) p = Mul (v, q)
    f = Constant <value_float = 3.99> () w = Mul (f, p) }> }"""
SCAN = """(float[60, 4] x) => (float[4] z, float[60, 4] y) {
    s = Constant <value_floats = [0.3, 0.4, 0.5, 0.6]> ()
    z, y = Scan <num_scan_inputs = 1, scan_input_directions = [1], body = b
    (float[4] v, float[4] u) => (float[4] w, float[4] a) {
    o = Constant <value_float = 1.0> () q = Sub (o, v) p = Mul (v, q)
    f = Constant <value_float = 3.99> () w = Mul (f, p) a = Add (w, u) }> (s, x) }"""
BRANCH = """(float[N, 30] x, bool b) => (float[N, 30] y) <float c = {100000000.0}> {
    a = Mul (x, c) y = If (b) <
    then_branch = t () => (float[N, 30] q) { r = Sin (a) s = Exp (r) q = Mul (s, s) },
    else_branch = e () => (float[N, 30] q) { r = Cos (a) s = Exp (r) q = Neg (s) }> }"""
NESTED = """(float[N, 4] x) => (float[N, 4] y, float[60, N, 4] h) {
    n = Constant <value_int = 60> () z = Sigmoid (x) y, h = Loop (n, , z) <body = b
    (int64 i, bool c, float[N, 4] v) => (bool d, float[N, 4] w, float[N, 4] k) {
    d = Identity (c) o = Constant <value_float = 1.0> () two = Constant <value_int = 2> ()
    m = Mod (i, two) e = Equal (m, i) q = Sub (o, v) w = If (e) <
    then_branch = t () => (float[N, 4] g) { g3 = Mul (v, q) f3 = Constant <value_float = 3.99> ()
    g = Mul (g3, f3) }, else_branch = u () => (float[N, 4] g) { g4 = Mul (q, v)
    f4 = Constant <value_float = 3.98> () g = Mul (g4, f4) }> k = Sin (w) }> }"""

STATE_UNUSED = SCAN.replace("(float[4] z, float[60, 4] y)", "(float[60, 4] y)")

CHAOTIC = [LOOP, SCAN, STATE_UNUSED, BRANCH, NESTED]


@pytest.mark.parametrize("text", CHAOTIC)
def test_calls_in_bodies_agree(here, capsys, text):
    save(text)
    assert changed() == 0, capsys.readouterr().out
    assert main(["verify", "net", "net.onnx", "--per-node"]) == 0, capsys.readouterr()


INSIDE = [
    (LOOP, "3.99", "2.0", "y_body.w"),
    (LOOP, "np.float32(1.0) - v", "np.float32(0.99) - v", "y_body.q"),
    (LOOP, "as_array(y)", "as_array(y * 0)", "y as it is returned"),
    (SCAN, "3.99", "2.0", "z_body.w"),
    (STATE_UNUSED, "3.99", "2.0", "y_body.w"),
    (SCAN, "w + u", "w - u", "z_body.a"),
    (SCAN, ", reverse=True", "", "z_body.a"),
    (BRANCH, "np.sin(a", "np.cos(a", "y_then.r"),
    (BRANCH, "return q", "return q * 0", "y"),
    (NESTED, "3.99", "2.0", "y_body.w.then.w"),
    (NESTED, "np.sin(w", "np.cos(w", "y_body.k"),
]


@pytest.mark.parametrize("text, old, new, name", INSIDE)
def test_a_wrong_call_in_a_body_is_the_first_that_differs(
    here, capsys, text, old, new, name
):
    save(text)
    assert changed((old, new)) == 3, capsys.readouterr().out
    assert f"not by rounding: {name}, of " in capsys.readouterr().out


def test_rounds_of_a_body_whose_nodes_have_names_are_compared(here, capsys):
    save(LOOP)
    model = onnx.load("net.onnx")
    (loop,) = (node for node in model.graph.node if node.op_type == "Loop")
    loop.name = "/loop"
    for node in loop.attribute[0].g.node:
        node.name = f"/{node.op_type}_{node.output[0]}"
    onnx.save(model, "net.onnx")
    assert changed() == 0
    assert main(["verify", "net", "net.onnx", "--per-node"]) == 0
    assert "against onnxruntime: 8 of 8 agree" in capsys.readouterr().out
    assert changed(("3.99", "2.0")) == 3


PLAIN_BRANCH = """(float[N, 3] x, bool b) => (float[N, 3] y) { a = Relu (x) y = If (b) <
    then_branch = t () => (float[N, 3] q) { r = Exp (a) s = Sin (r) q = Add (s, a) },
    else_branch = e () => (float[N, 3] w) { k = Neg (a) l = Sin (k) w = Abs (l) }> }"""


@pytest.mark.parametrize("given, name", [(True, "y_then.r"), (False, "y_else.k")])
def test_per_node_looks_into_the_branch_that_is_taken(here, capsys, given, name):
    save(PLAIN_BRANCH)
    np.savez("in.npz", x=np.float32([[1, 2, -1]]), b=np.array(given))
    mistakes = [("np.exp(a", "np.cos(a"), ("-a", "np.cos(a)")]
    changed(*mistakes)
    capsys.readouterr()
    assert main(["verify", "net", "net.onnx", "--per-node", "--data", "in.npz"]) == 3
    out = capsys.readouterr().out
    assert f"the first that differs is {name}, of " in out
    assert "not compared: 3 values in functions, later rounds and branches" in out
    assert ">1,000,000 ULP" in out


DRAWS = [
    "RandomNormalLike <scale = 0.0, mean = 1.0> (x)",
    "RandomUniformLike <low = 1.0, high = 0.0> (x)",
    "RandomNormal <shape = [2], scale = -1.0> ()",
]


@pytest.mark.parametrize("draw", DRAWS)
def test_onnxruntime_is_not_asked_what_it_aborts_at(here, draw):
    """In a process of its own: an abort would take the tests with it."""
    save(f"(float[2] x) => (float[2] y) {{ r = {draw} y = Add (x, r) }}")
    command = [sys.executable, "-m", "onnx2py", "net.onnx", "-o", "net", "--verify"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done
    assert "onnxruntime cannot be asked: it would end the process" in done.stdout


def test_lengths_of_random_inputs_are_listed_behind_one_name():
    labels = ["random inputs, seed 0 (N = 2)", "random inputs, seed 0 (N = 3)", "a.npz"]
    expected = "random inputs, seed 0 (N = 2) and (N = 3), a.npz"
    assert joined_labels(labels) == expected


def test_an_output_of_nothing_but_nan_has_a_remark(here, capsys):
    save("(float[3] x) => (float[3] y) { z = Sub (x, x) y = Div (z, z) }")
    assert changed() == 0
    assert "agrees, but is NaN everywhere" in capsys.readouterr().out


def test_infinity_has_no_units_in_the_last_place(here, capsys, recwarn):
    inf = np.float32([np.inf, 1, np.nan])
    assert ulp_difference(inf, inf) == 0
    save("(float[3] x) => (float[3] y) <float c = {0}> { y = Div (x, c) }")
    assert changed() == 0
    assert main(["verify", "net", "net.onnx", "--per-node"]) == 0
    assert not recwarn.list
    assert "1 of 1 agree" in capsys.readouterr().out


def test_a_model_without_calls_has_no_values_to_compare(here, capsys):
    save("(float[3] x) => (float[3] y) { y = Identity (x) }")
    compile_model("net.onnx", "net")
    assert main(["verify", "net", "net.onnx", "--per-node"]) == 0
    out = capsys.readouterr().out
    assert "0 of 0" not in out


def own_check() -> subprocess.CompletedProcess[str]:
    """Run the package's own check."""
    command = [sys.executable, "-m", "net"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("text", [TINY, SUBNORMAL, FAR_EXP])
def test_a_package_checks_tiny_outputs_at_their_own_scale(here, text):
    save(text)
    assert compile_model("net.onnx", "net", verify=True).agrees
    done = own_check()
    assert (done.returncode, done.stderr) == (0, "")
    path = Path("net/model.py")
    path.write_text(path.read_text().replace("return y", "return y * 2"))
    assert own_check().stdout.startswith("y: DIFFERS")


def test_text_that_agrees_as_numbers_only_is_not_recorded(here, monkeypatch):
    save(TEXT)
    assert compile_model("net.onnx", "net", verify=True).agrees
    assert own_check().stdout.startswith("y: agrees, compared exactly")
    original = OnnxRuntime.run

    def spelled(*args: object) -> list[object]:
        (y,) = original(*args)
        return [np.array([[f"{text}0" for text in row] for row in y], object)]

    monkeypatch.setattr(OnnxRuntime, "run", spelled)
    assert compile_model("net.onnx", "net", verify=True).agrees
    assert own_check().stdout.startswith("y: not recorded")
