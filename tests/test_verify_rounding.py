"""Outputs that rounding moves by more than the tolerance, and packages that are wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import pytest
from onnx import numpy_helper

from onnx2py import compile_model, verify_existing
from onnx2py.cli import main
from onnx2py.decode import decode
from onnx2py.load import load
from onnx2py.verification.noise import SEED, SIZE
from onnx2py.verification.oracle import OnnxRuntime, OracleError
from onnx2py.verification.rounding import Distance, Rounding, distance

SMALL = """g (float[4, 512] x) => (float[4, 8] y) {
    a = MatMul (x, w) xr = Gather <axis = 1> (x, reversed) c = MatMul (xr, w2)
    d = Sub (a, c) e = Add (d, b) y = Sigmoid (e) }"""
CHAOS = " ".join(f"m{i} = MatMul (h{i}, w) h{i + 1} = Sin (m{i})" for i in range(12))
CHAOTIC = f"g (float[1, 64] h0) => (float[1, 64] y) {{ {CHAOS} y = Neg (h12) }}"


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def save(text: str, **weights: np.ndarray) -> None:
    model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["" : 13]> {text}')
    for name, array in weights.items():
        model.graph.initializer.append(numpy_helper.from_array(array, name))
    onnx.save(model, "net.onnx")


def save_small() -> None:
    """The logits are -9, as the difference of sums of some 100,000."""
    w = (np.random.default_rng(0).standard_normal((512, 8)) * 300).astype(np.float32)
    order, b = np.arange(511, -1, -1), np.float32([-9])
    save(SMALL, w=w, w2=w[::-1].copy(), reversed=order, b=b)


def save_chaotic() -> None:
    w = np.random.default_rng(0).standard_normal((64, 64)).astype(np.float32) * 4
    save(CHAOTIC, w=w)


def change(old: str, new: str, count: int = 1) -> None:
    """Put a mistake into the package."""
    path = Path("net/model.py")
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, count))


def test_small_outputs_agree_as_far_as_rounding_lets_them(here, capsys):
    save_small()
    assert main(["net.onnx", "-o", "net", "--verify"]) == 0
    out = capsys.readouterr().out
    assert "agrees within rounding, which moves onnxruntime by " in out
    assert "note: y: rounding alone moves onnxruntime's own result by " in out
    assert "each of 6 calls does what onnxruntime does" in out
    assert Path("net/tools/golden/output_0.npy").exists()
    assert main(["verify", "net", "net.onnx", "--per-node"]) == 0


def test_calls_that_cannot_be_compared_are_not_said_to_agree(here, capsys):
    save_small()
    compile_model("net.onnx", "net")
    with Path("net/tools/watch.py").open("a") as file:
        file.write("\n\ndef trace(*_, **__):\n    raise OSError('the disk is full')\n")
    assert main(["verify", "net", "net.onnx"]) == 0
    out = capsys.readouterr().out
    assert "its calls could not be compared: OSError: the disk is full" in out


def test_a_chaotic_model_is_called_so(here, capsys):
    save_chaotic()
    assert main(["net.onnx", "-o", "net", "--verify"]) == 0
    out = capsys.readouterr().out
    assert (
        "note: y: ill-conditioned, rounding alone moves onnxruntime's own result" in out
    )


MISTAKES = [
    ("x @ self.w", "x @ self.w * np.float32(1.00002)"),
    ("a - c", "a + c"),
    ("np.array([-9.0]", "np.array([-9.01]"),
    (" + ", " - "),
    ("ops.sigmoid(", "np.tanh("),
    ("return y", "return y * np.float32(1.1)"),
    ("return y", "return y + np.float32(1e-4)"),
    ("return y", "return y[:1]"),
]


@pytest.mark.parametrize("old, new", MISTAKES)
def test_a_wrong_package_of_small_outputs_differs(here, capsys, old, new):
    save_small()
    compile_model("net.onnx", "net")
    text = Path("net/model.py").read_text()
    if old not in text:
        pytest.fail(text)
    change(old, new)
    assert main(["verify", "net", "net.onnx"]) == 3
    assert "DIFFERS" in capsys.readouterr().out


LAYERS = [0, 3, 11]
"""The first layer, one in the middle, and one where rounding has changed every number."""


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize(
    "mistake", ["np.cos(m{0}", "np.sin(m{0} * np.float32(1.01)", "np.tanh(m{0}"]
)
def test_a_wrong_package_of_a_chaotic_model_differs(here, capsys, layer, mistake):
    save_chaotic()
    compile_model("net.onnx", "net", flat=True)  # a block is one call for all layers
    change(f"np.sin(m{layer}", mistake.format(layer))
    assert main(["verify", "net", "net.onnx"]) == 3
    out = capsys.readouterr().out
    assert f"h{layer + 1}, of h{layer + 1}: Sin, is the first that differs" in out


@pytest.mark.parametrize(
    "actual, expected, found",
    [
        (np.float32([1, 2]), np.float32([1, 2.5]), Distance(0.5, 0)),
        (np.float32([1, np.nan]), np.float32([1, 2.5]), Distance(0.0, 1)),
        (np.float32([np.inf, np.nan]), np.float32([np.inf, np.nan]), Distance()),
        (np.float32([np.inf]), np.float32([-np.inf]), Distance(0.0, 1)),
        (np.array([1, 2, 3]), np.array([1, 3, 9]), Distance(6.0, 2)),
        (np.array([True, False]), np.array([True, True]), Distance(1.0, 1)),
        (np.array(["0.5", "x"], object), np.array(["0.75", "x"], object), Distance(0.25, 0)),
        (np.array(["3", "1e3"], object), np.array(["7", "1e3"], object), Distance(4.0, 1)),
        (np.array(["NaN"], object), np.array(["1.5"], object), Distance(0.0, 1)),
        (np.array(["a", "b"], object), np.array(["a", "c"], object), Distance(0.0, 1)),
        ([np.float32([1])], [np.float32([2])], Distance(1.0, 0)),
        ([{1: 0.5}, {1: 0.25}], [{1: 0.0}, {1: 0.0}], Distance(0.5, 0)),
        (None, None, Distance()),
    ],
)  # fmt: skip
def test_distances(actual, expected, found):
    assert distance(actual, expected) == found


@pytest.mark.parametrize(
    "actual, expected",
    [
        (np.float32([1]), np.float64([1])),
        (np.float32([1]), np.float32([1, 2])),
        ([np.float32([1])], []),
        ({1: 0.5}, {2: 0.5}),
        (None, np.float32([1])),
    ],
)
def test_values_of_other_types_are_far(actual, expected):
    assert distance(actual, expected).absolute == np.inf


TYPES = {"float": np.float32, "double": np.float64, "float16": np.float16}


@pytest.mark.parametrize("opset", [7, 8, 9, 10, 11, 13, 17, 21, 22, 24])
@pytest.mark.parametrize("kind", TYPES)
def test_rounding_moves_what_it_may(opset, kind):
    """One step of the type; integers, infinity and NaN stay as they are, and what is given."""
    text = f"g ({kind}[6] x) => ({kind}[6] y) {{ z = Neg (x) y = Mul (x, m) }}"
    model = onnx.parser.parse_model(
        f'<ir_version: 8, opset_import: ["" : {opset}]> {text}'
    )
    dtype = TYPES[kind]
    model.graph.initializer.append(numpy_helper.from_array(np.array([-1], dtype), "m"))
    feeds = {"x": np.array([0.1, 0.7, 3, 0, np.inf, np.nan], dtype)}
    graph = decode(load(model)).graph
    if (opset, kind) == (7, "double"):
        with pytest.raises(OracleError, match="opset 7 has no way to round float64"):
            Rounding(model, graph, None, ["y"])
        return
    rounding = Rounding(model, graph, None, ["y"])
    given = {rounding.renamed["x"]: feeds["x"]}
    scalars = {SEED: np.array(1.7, np.float32), SIZE: np.array(1, np.float32)}
    (y,) = rounding.oracle.run({**given, **scalars})
    np.testing.assert_array_equal(y[2:], -feeds["x"][2:])
    np.testing.assert_allclose(
        y[:2].astype(float), -feeds["x"][:2].astype(float), rtol=3 * np.finfo(dtype).eps
    )
    base = dict(zip("y", OnnxRuntime(model, ["y"]).run(feeds)))
    moved = rounding.moved(feeds, base)["y"]
    assert moved.count == 0
    assert 0 < moved.absolute <= 2 * np.finfo(dtype).eps
    exact = Rounding(model, graph, None, ["z"]).moved(feeds, {"z": -feeds["x"]})
    assert exact["z"] == Distance()


def test_lengths_are_not_rounded():
    """Resize by 1.5 of 2 elements makes 3, and floor(3 * 1) of a Range makes 3."""
    text = """<ir_version: 8, opset_import: ["" : 17]> g (float[1, 1, 2] x, float n)
        => (float[1, 1, a] y, float[b] z) <float[3] s = {1, 1, 1.5}, float o = {0.1}> {
        y = Resize (x, , s) t = Mul (n, o) z = Range (o, n, t) }"""
    model = onnx.parser.parse_model(text)
    feeds = {"x": np.float32([[[0.1, 0.7]]]), "n": np.array(3, np.float32)}
    base = dict(zip("yz", OnnxRuntime(model, ["y", "z"]).run(feeds)))
    rounding = Rounding(model, decode(load(model)).graph, None, ["y", "z"])
    assert all(m.absolute < 1e-5 for m in rounding.moved(feeds, base).values())


def test_quantized_values_that_packages_hold_as_floats_are_equal(here, capsys):
    text = """g (float[4, 32] x) => (float[4, 48] y) { q, s, z = DynamicQuantizeLinear (x)
        m = MatMulInteger (q, w, z) f = Cast <to = 1> (m) y = Mul (f, s) }"""
    w = np.random.default_rng(0).integers(-100, 100, (32, 48)).astype(np.int8)
    save(text, w=w)
    compile_model("net.onnx", "net")
    assert "dynamic_quantize_linear_centered" in Path("net/model.py").read_text()
    assert main(["verify", "net", "net.onnx", "--per-node"]) == 0
    assert "4 of 4 agree" in capsys.readouterr().out
    change(
        "ops.dynamic_quantize_linear_centered(x)",
        "ops.dynamic_quantize_linear_centered(x + 1)",
    )
    assert main(["verify", "net", "net.onnx", "--per-node"]) == 3
    assert "the first that differs is q, of q: Dynamic" in capsys.readouterr().out
    assert verify_existing("net", "net.onnx").outputs[0].difference.reason
