"""Wrong packages of models that rounding moves far, or whose outputs are tiny, text or integers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import pytest

from onnx2py import compile_model, load_model
from onnx2py.cli import main
from onnx2py.verification import conditioning
from onnx2py.verification.oracle import OnnxRuntime, OracleError


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

RIGHT = [TEXT, SUM_AS_TEXT, INTEGERS, SINES, TINY, SUBNORMAL, FAR_EXP, ZEROS]


@pytest.mark.parametrize("text", RIGHT)
def test_right_packages_agree(here, capsys, text):
    save(text)
    assert changed() == 0, capsys.readouterr().out


WRONG = [
    (TEXT, "return own(y, x)", "return np.full(y.shape, 'wrong', object)"),
    (TEXT, "return own(y, x)", "return np.full(y.shape, '0.5', object)"),
    (TEXT, "ops.format_numbers(x", "ops.format_numbers(x * np.float32(1.01)"),
    (INTEGERS, "return y", "return -y"),
    (INTEGERS, "return y", "return y + 10_000"),
    (SINES, "return y", "return y * 0"),
    (SINES, "np.sin(a", "np.cos(a"),
    (TINY, "return y", "return y * 0"),
    (TINY, "return y", "return y * np.float32(1.01)"),
    (SUBNORMAL, "return y", "return y * 2"),
    (FAR_EXP, "np.float32(90.0)", "np.float32(91.0)"),
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
