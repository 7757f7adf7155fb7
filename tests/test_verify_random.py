"""Models that draw random numbers: what of them is compared, and how."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import pytest

from onnx2py import compile_model
from onnx2py.cli import main
from onnx2py.decode import decode
from onnx2py.load import load
from onnx2py.verification.randomness import Randomness, silence

VOICE = """g (float[1, 8] x, float[3] scales) => (float[1, 8] y, float[1, 8] z)
    <int64 first = {0}, int64[1] last = {2}> {
    scale = Gather (scales, first) noise = RandomNormalLike (x) n = Mul (noise, scale)
    other = Gather (scales, last) k = RandomUniformLike (x) k2 = Neg (k) m = Mul (other, k2)
    a = Add (x, n) b = Sin (a) y = Add (b, m) z = Exp (x) }"""
NOISE = """g (float[2, 8] x) => (float[2, 8] y, float[2, 8] z) {
    noise = RandomNormalLike (x) y = Add (x, noise) z = Exp (x) }"""


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def parsed(text: str, functions: str = "") -> onnx.ModelProto:
    return onnx.parser.parse_model(
        f'<ir_version: 8, opset_import: ["" : 17, "l" : 1]> {text} {functions}'
    )


def save(text: str) -> None:
    onnx.save(parsed(text), "net.onnx")


def change(old: str, new: str) -> None:
    """Put a mistake into the package."""
    path = Path("pkg/model.py")
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def check_itself() -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pkg"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done
    return done.stdout


def test_noise_that_inputs_scale_is_compared_without_it(here, capsys):
    save(VOICE)
    assert main(["net.onnx", "-o", "pkg", "--verify"]) == 0
    out = capsys.readouterr().out
    assert "with scales[0] = 0 and scales[2] = 0" in out
    assert "noise: RandomNormalLike, k: RandomUniformLike" in out
    assert "by value where nothing random is left" in out and "DIFFERS" not in out
    assert "not compared" not in out
    scales = np.load("pkg/tools/golden/input_1.npy")
    assert scales[1] != 0 and not scales[[0, 2]].any()
    assert check_itself().startswith("y: agrees")


def test_a_wrong_package_differs_where_the_noise_is_none(here, capsys):
    save(VOICE)
    compile_model("net.onnx", "pkg")
    change("np.sin(a", "np.cos(a")
    assert main(["verify", "pkg", "net.onnx"]) == 3
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    verdicts = {row[0]: row[3] for row in rows if row and row[0] in "yz"}
    assert verdicts == {"y": "DIFFERS:", "z": "agrees"}


def test_noise_that_nothing_scales_is_not_compared(here, capsys):
    save(NOISE)
    assert main(["net.onnx", "-o", "pkg", "--verify"]) == 0
    out = capsys.readouterr().out
    rows = [line.split(maxsplit=3) for line in out.splitlines()]
    verdicts = {row[0]: row[3] for row in rows if len(row) == 4}
    assert verdicts["y"] == "not compared: random numbers; type and shape agree"
    assert verdicts["z"] == "agrees"
    assert check_itself().splitlines()[0] == "y: not recorded"


@pytest.mark.parametrize(
    "old, new, output",
    [
        ("Outputs(y, z)", "Outputs(y[:1], z)", "y"),
        ("Outputs(y, z)", "Outputs(y.astype(np.float64), z)", "y"),
        ("Outputs(y, z)", "Outputs(y, z * z.dtype.type(1.01))", "z"),
    ],
)
def test_types_shapes_and_other_outputs_are_compared(here, capsys, old, new, output):
    save(NOISE)
    compile_model("net.onnx", "pkg")
    change(old, new)
    assert main(["verify", "pkg", "net.onnx"]) == 3
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [row[0] for row in rows if "DIFFERS:" in row] == [output]


def test_values_that_are_random_are_left_out_value_by_value(here, capsys):
    save(NOISE)
    compile_model("net.onnx", "pkg")
    assert main(["verify", "pkg", "net.onnx", "--per-node"]) == 0
    assert "value by value against onnxruntime: 1 of 1 agree" in capsys.readouterr().out


def test_lengths_that_draws_decide_are_not_compared(here):
    """How many of 100 numbers are above 0 is 50, more or less."""
    save("""g (float[100] x) => (int64[1, n] y) <float zero = {0}>
        { r = RandomNormalLike (x) above = Greater (r, zero) y = NonZero (above) }""")
    assert main(["net.onnx", "-o", "pkg", "--verify"]) == 0


DROPOUT = """g (float[4, 4] x, float r, bool t) => (float[4, 4] y, bool[4, 4] m)
    { e = Exp (x) d, m = Dropout (e, r, t) y = Neg (d) }"""


def test_dropout_in_training_is_compared_where_it_drops_nothing(here, capsys):
    save(DROPOUT)
    np.savez("in.npz", x=np.eye(4, dtype="f"), r=np.float32(0.5), t=np.array(True))
    assert main(["net.onnx", "-o", "pkg", "--data", "in.npz"]) == 0
    assert "in.npz, with r = 0" in capsys.readouterr().out
    change("np.exp(x", "np.sin(x")
    assert main(["verify", "pkg", "net.onnx", "--data", "in.npz"]) == 3


FUNCTIONS = """<opset_import: ["" : 17], domain: "l"> noisy (p) => (q, w)
    { n = RandomNormalLike (p) q = Add (p, n) w = Neg (p) }"""


@pytest.mark.parametrize(
    "body, random",
    [
        ("y = Abs (x) z = Neg (x)", ""),
        ("r = RandomNormal <shape = [3]> () y = Add (x, r) z = Neg (x)", "y"),
        ("r = RandomUniform <shape = [3]> () s = Shape (r) y = Abs (x) z = Cast <to = 1> (s)", ""),
        ("b = Bernoulli (half) y = Mul (x, b) z = Neg (x)", "y"),
        ("m = Multinomial (one) z = Cast <to = 1> (m) y = Abs (x)", "z"),
        ("y, z = l.noisy (x)", "y"),
        ("y, z = Dropout (x)", ""),
        ("y, z = Dropout (x, half1, no)", ""),
        ("y, z = Dropout (x, half1, yes)", "yz"),
        ("y, z = Dropout (x, zero, yes)", ""),
        ("""y = If (yes) <then_branch = t () => (float[3] a) { a = RandomNormalLike (x) },
         else_branch = e () => (float[3] b) { b = Neg (x) }> z = Abs (y)""", "yz"),
        ("""y, z = If (yes) <then_branch = t () => (float[3] a, float[3] c)
         { a = RandomNormalLike (x) c = Neg (x) },
         else_branch = e () => (float[3] b, float[3] d) { b = Neg (x) d = Neg (x) }>""", "y"),
        ("""y = Loop (two, yes, x) <body = l (int64 i, bool g, float[3] a) => (bool h, float[3] b)
         { h = Identity (g) n = RandomNormalLike (a) b = Add (a, n) }> z = Abs (x)""", "y"),
    ],
)  # fmt: skip
def test_what_depends_on_draws(body, random):
    weights = """float zero = {0}, float half1 = {0.5}, float[3] half = {0.5, 0.5, 0.5},
        float[1, 3] one = {1, 1, 1}, bool yes = {1}, bool no = {0}, int64 two = {2}"""
    text = f"g (float[3] x) => (float[3] y, float[n] z) <{weights}> {{ {body} }}"
    model = parsed(text, FUNCTIONS)
    if "Dropout" in body:
        model.graph.output[1].type.tensor_type.elem_type = onnx.TensorProto.BOOL
    found = Randomness(decode(load(model)).graph)
    assert found.outputs == set(random)


@pytest.mark.parametrize(
    "body, zeros",
    [
        ("n = Mul (r, s) y = Add (x, n)", ("s",)),
        ("h = Mul (r, two) n = Mul (h, s) y = Add (x, n)", ("s",)),
        ("t = Mul (s, two) n = Mul (t, r) y = Add (x, n)", ("s",)),
        ("n = Mul (r, x) m = Mul (n, s) y = Add (x, m)", ("s",)),
        ("e = Exp (s) n = Mul (r, e) y = Add (x, n)", None),
        ("q = Add (x, r) y = Mul (q, s)", None),  # all of it would be 0
        ("q = Add (s, r) y = Add (x, q)", None),
    ],
)
def test_scales_of_noise(body, zeros):
    text = f"""g (float[3] x, float[1] s) => (float[3] y) <float two = {{2}}>
        {{ r = RandomNormalLike (x) {body} }}"""
    model = parsed(text)
    feeds = {"x": np.ones(3, np.float32), "s": np.ones(1, np.float32)}
    found = silence(decode(load(model)).graph, model, None, feeds)
    if zeros is None:
        assert found is None
    else:
        assert found is not None and found.zeros == zeros
        assert not found.randomness.outputs
