"""Control flow: by JAX's own where it can be traced, else by Python's."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import onnx
import onnxruntime
import pytest

import onnx2py

SUM = """(int64 i, bool going, float[n] s) => (bool go, float[n] t{})
    {{ {} f = Cast <to = 1> (i) t = Add (s, f) {} }}"""
FOR = "go = Identity (going)"
UNTIL = """most = ReduceMax <keepdims = 0> (s)
    ten = Constant <value_float = 10.0> () go = Less (most, ten)"""
LOOPS = {
    "counted": (SUM.format("", FOR, ""), "y = Loop (n, , x)", "float[n] y"),
    "stacked": (
        SUM.format(", float[n] u", FOR, "u = Mul (t, t)"),
        "y, z = Loop (n, , x)",
        "float[n] y, float[k, n] z",
    ),
    "until": (SUM.format("", UNTIL, ""), "y = Loop (, , x)", "float[n] y"),
    "until and stacked": (
        SUM.format(", float[n] u", UNTIL, "u = Mul (t, t)"),
        "y, z = Loop (, , x)",
        "float[n] y, float[k, n] z",
    ),
}
IF = """y = If (flag) <
    then_branch = then () => (float[n] a) { b = Mul (x, x) c = Exp (b) d = Sin (c) a = Sqrt (d) },
    else_branch = other () => (float[n] a) { a = Neg (x) }
>"""
SCAN = """y, z = Scan <num_scan_inputs = 1, body = walk (float s, float e) => (float t, float u)
    { t = Add (s, e) u = Mul (t, e) }> (zero, x)"""


def package(folder: Path, text: str, name: str) -> tuple[ModuleType, Any]:
    """Return a package for JAX, and onnxruntime's session for the same model."""
    model = onnx.parser.parse_model(text)
    onnx.save(model, folder / "model.onnx")
    onnx2py.compile_model(folder / "model.onnx", folder / name, target="jax")
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return import_module(name), session


def looped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str) -> Any:
    body, call, outputs = LOOPS[case]
    monkeypatch.syspath_prepend(tmp_path)
    call = call.replace("Loop", f"Loop <body = body {body}>")
    text = (
        f'<ir_version: 8, opset_import: ["": 18]> g (float[n] x, int64 n) => ({outputs}) '
        f"{{ {call} }}"
    )
    if "(n," not in call:
        text = text.replace(", int64 n)", ")")
    return package(tmp_path, text, f"loop_{case.replace(' ', '_')}")


@pytest.mark.parametrize("case", LOOPS)
def test_loops(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, session = looped(tmp_path, monkeypatch, case)
    x = np.array([1.5, -2, 0.25], np.float32)
    given = {"x": x, **({"n": np.array(4)} if len(made.INPUTS) == 2 else {})}
    theirs = session.run(None, given)
    eager = jax.tree.leaves(made.forward({}, **given))
    for mine, other in zip(eager, theirs, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-6)
    fixed = {
        k: v for k, v in given.items() if k == "n"
    }  # how often is no argument of jit

    def compiled(x: Any) -> Any:
        return jax.jit(lambda x: made.forward({}, x, **fixed))(x)

    if case == "until and stacked":
        with pytest.raises(jax.errors.ConcretizationTypeError):
            compiled(x)
        return
    for mine, other in zip(jax.tree.leaves(compiled(x)), theirs, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-6)


def test_a_traced_number_of_iterations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, session = looped(tmp_path, monkeypatch, "counted")
    x = np.ones(2, np.float32)
    for count in (0, 1, 5):
        ours = jax.jit(made.forward)({}, x, np.array(count))
        (theirs,) = session.run(None, {"x": x, "n": np.array(count)})
        np.testing.assert_allclose(ours, theirs)


@pytest.mark.parametrize("case", ["counted", "stacked", "until"])
def test_gradients_of_loops_are_those_of_differences(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _ = looped(tmp_path, monkeypatch, case)
    given = {"n": np.array(3)} if len(made.INPUTS) == 2 else {}

    def total(x: Any) -> Any:
        return jnp.square(jax.tree.leaves(made.forward({}, x, **given))[0]).sum()

    x = jnp.array([0.5, 1.0])
    slopes = [(total(x + d) - total(x - d)) / 2e-2 for d in 1e-2 * jnp.eye(2)]
    np.testing.assert_allclose(jax.grad(total)(x), jnp.array(slopes), rtol=1e-3)


def test_a_state_that_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    text = """<ir_version: 8, opset_import: ["": 18]> g (float[1, 3] x) => (float[k, 3] y) {
        n = Constant <value_int = 3> ()
        y = Loop <body = body (int64 i, bool going, float[k, 3] a) => (bool go, float[m, 3] b) {
            b = Concat <axis = 0> (a, x) go = Identity (going) }> (n, , x) }"""
    made, session = package(tmp_path, text, "growing")
    x = np.arange(3, dtype=np.float32)[None]
    (theirs,) = session.run(None, {"x": x})
    for call in (made.forward, jax.jit(made.forward)):
        np.testing.assert_array_equal(call({}, x), theirs)


def test_a_choice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    text = (
        '<ir_version: 8, opset_import: ["": 18]> g (float[n] x, bool flag) => (float[n] y) '
        f"{{ {IF} }}"
    )
    made, session = package(tmp_path, text, "choice")
    source = (tmp_path / "choice" / "model.py").read_text("utf-8")
    assert "lax.cond(flag" in source
    x = np.array([0.5, 0.25], np.float32)
    for flag in (True, False):
        (theirs,) = session.run(None, {"x": x, "flag": np.array(flag)})
        for call in (made.forward, jax.jit(made.forward)):
            np.testing.assert_allclose(call({}, x, np.array(flag)), theirs, rtol=1e-6)
    slope = jax.jit(jax.grad(lambda x, f: made.forward({}, x, f).sum()))
    np.testing.assert_allclose(slope(x, np.array(False)), -1.0)


def test_a_scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    text = (
        '<ir_version: 8, opset_import: ["": 18]> g (float[n] x) => (float y, float[n] z) '
        f"{{ zero = Constant <value_float = 0.0> () {SCAN} }}"
    )
    made, session = package(tmp_path, text, "scanned")
    x = np.arange(4, dtype=np.float32)
    theirs = session.run(None, {"x": x})
    for call in (made.forward, jax.jit(made.forward)):
        for mine, other in zip(call({}, x), theirs, strict=True):
            np.testing.assert_allclose(mine, other)
        last, parts = call({}, x[:0])  # which onnxruntime refuses
        assert last == 0 and parts.shape == (0,)


def test_what_cannot_be_traced_is_told(tmp_path: Path) -> None:
    text = (
        '<ir_version: 8, opset_import: ["": 18]> g (float[n] x) => (int64[1, k] y) '
        "{ [places] y = NonZero (x) }"
    )
    model = onnx.parser.parse_model(text)
    assert onnx2py.inspect_model(model, target="jax").untraced == ("places: NonZero",)
    onnx2py.compile_model(model, tmp_path / "places", target="jax")
    assert "`places: NonZero`" in (tmp_path / "places" / "README.md").read_text("utf-8")
    assert onnx2py.inspect_model(model).untraced == ()


BY_NUMBER = {
    "parts of a sequence": """net (float[3, 2] x) => (float[2] y) {
        parts = SplitToSequence <axis = 0, keepdims = 0> (x) n = SequenceLength (parts)
        z = Constant <value = float[2] {0, 1}> ()
        y = Loop (n, , z) <body = part (int64 i, bool go, float[2] a) => (bool on, float[2] b) {
            on = Identity (go) e = SequenceAt (parts, i) s = Sin (e) b = Add (a, s) }> }""",
    "lengths of slices": """net (float[3, 2] x) => (float total, float[k] sums) {
        z = Constant <value = float {0}> () ends = Constant <value = int64[3] {1, 3, 2}> ()
        total, sums = Scan <num_scan_inputs = 1, body = step (float a, int64 e)
            => (float b, float c) {
                zero = Constant <value = int64[1] {0}> () one = Constant <value = int64[1] {1}> ()
                end = Reshape (e, one) part = Slice (x, zero, end, zero)
                s = ReduceSum <keepdims = 0> (part) b = Add (a, s) c = Neg (s) }> (z, ends) }""",
}


@pytest.mark.parametrize("case", BY_NUMBER)
def test_bodies_that_need_numbers_are_repeated_by_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    text = f'<ir_version: 10, opset_import: ["" : 21]> {BY_NUMBER[case]}'
    name = f"numbered_{len(case)}"
    made, session = package(tmp_path, text, name)
    x = np.arange(6, dtype=np.float32).reshape(3, 2)
    theirs = session.run(None, {"x": x})
    ours = jax.tree.leaves(made.forward(made.load_params(), x))
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)
