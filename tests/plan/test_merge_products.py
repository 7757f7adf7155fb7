"""Rules J1 and J2: products by constant matrices, compared with onnxruntime."""

from __future__ import annotations

import numpy as np
import onnx
import onnx.parser
import pytest

import onnx2py
from onnx2py.plan.projections import joined_name
from tests.support import unoptimized

MATRICES = {"k": (6, 4), "l": (6, 3), "m": (6, 5), "n": (4, 6)}
ROWS = {"a": 4, "b": 3, "s": 6, "t": 6, "u": 6}


def model(nodes: str, outputs: str, x: str = "float[p, q, 6]", opset: int = 17):
    """Put matrices k to n, rows a, b and s, a row of zeros z and one with an infinity i."""
    made = onnx.parser.parse_model(
        f'<ir_version: 10, opset_import: ["" : {opset}]> g ({x} x) => ({outputs}) {{ {nodes} }}'
    )
    rng = np.random.default_rng(0)
    dtype = np.float64 if x.startswith("double") else np.float32
    weights = {n: rng.normal(size=shape) for n, shape in {**MATRICES, **ROWS}.items()}
    weights["z"] = np.zeros(6)
    weights["i"] = np.where(np.arange(6) == 3, np.inf, 1)
    made.graph.initializer.extend(
        onnx.numpy_helper.from_array(array.astype(dtype), name)
        for name, array in weights.items()
    )
    return made


def source(made, tmp_path, **options) -> str:
    onnx2py.compile_model(made, tmp_path / "pkg", **options)
    text = (tmp_path / "pkg/model.py").read_text()
    lines = text[text.index("def __call__") :].splitlines()
    return " ".join(line.strip() for line in lines if not line.strip().startswith("#"))


def compare(made, *shapes: tuple[int, ...]) -> None:
    session = unoptimized(made)
    compiled = onnx2py.load_model(made)
    dtype = np.float64 if "double" in session.get_inputs()[0].type else np.float32
    for shape in shapes:
        x = np.random.default_rng(1).normal(size=shape).astype(dtype)
        actual = compiled(x)
        for one, other in zip(
            actual if isinstance(actual, tuple) else (actual,),
            session.run(None, {"x": x}),
        ):
            np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-5)


SHAPES = [(2, 3, 6), (1, 1, 6), (0, 3, 6)]
THREE = "f = MatMul (x, k) c = Add (f, a) d = MatMul (x, l) h = Add (b, d) j = MatMul (x, m) "
LATER = "y = Softmax (c) w = Softmax (h) v = Softmax (j)"
OUTPUTS = "float[p, q, 4] y, float[p, q, 3] w, float[p, q, 5] v"


def test_j1_one_product_for_three(tmp_path):
    made = model(THREE + LATER, OUTPUTS)
    found = source(made, tmp_path)
    assert found.count("ops.linear(") == 1 and "ops.project(" not in found
    assert " + " not in found
    assert "[..., :4]" in found and "[..., 4:7]" in found and "[..., 7:]" in found
    compare(made, *SHAPES)


def test_j1_without_biases_and_of_matrices(tmp_path):
    nodes = "c = MatMul (x, k) h = MatMul (x, l) y = Exp (c) w = Exp (h)"
    made = model(nodes, "double[p, 4] y, double[p, 3] w", "double[p, 6]")
    found = source(made, tmp_path)
    assert found.count(" @ ") == 1 and " + " not in found
    compare(made, (3, 6), (0, 6))


def test_j1_results_may_be_outputs(tmp_path):
    made = model(
        "y = MatMul (x, k) w = MatMul (x, l)", "float[p, q, 4] y, float[p, q, 3] w"
    )
    assert source(made, tmp_path).count("ops.project(") == 1
    compare(made, *SHAPES)


WAITING = " ".join(f"f{i + 1} = Exp (f{i})" for i in range(16))


@pytest.mark.parametrize(
    ("nodes", "x"),
    [
        ("f = MatMul (x, k) o = Neg (x) g = MatMul (o, l)", "float[p, q, 6]"),
        ("f = MatMul (x, k) g = MatMul (x, x)", "float[6, 6]"),
        (
            f"f0 = MatMul (x, k) {WAITING} f = Neg (f16) g = MatMul (x, l)",
            "float[p, q, 6]",
        ),
    ],
    ids=["other rows", "a computed matrix", "much between"],
)
def test_j1_near_misses_stay(tmp_path, nodes, x):
    made = model(f"{nodes} y = Cos (f) w = Cos (g)", "float y, float w", x)
    for output in made.graph.output:
        output.type.tensor_type.ClearField("shape")
    found = source(made, tmp_path)
    assert found.count("ops.project(") + found.count(" @ ") == 2
    compare(made, (6, 6) if x == "float[6, 6]" else (2, 3, 6))


def test_j1_a_matrix_read_twice_is_not_copied(tmp_path):
    nodes = """f = MatMul (x, k) g = MatMul (x, l) e = Neg (x) o = MatMul (e, k)
        r = Add (f, o) y = Exp (r) w = Exp (g)"""
    made = model(nodes, "float[p, q, 4] y, float[p, q, 3] w")
    assert source(made, tmp_path).count("ops.project(") == 3
    compare(made, *SHAPES)


NORM = "e = LayerNormalization (x, s, t) "


@pytest.mark.parametrize("bias", ["t", "z", ""])
def test_j2_layer_normalisation(tmp_path, bias):
    row = f", {bias}" if bias else ""
    nodes = f"e = LayerNormalization (x, s{row}) f = MatMul (e, k) y = Add (a, f)"
    made = model(nodes, "float[p, q, 4] y")
    found = source(made, tmp_path)
    assert "ops.layer_normalization(x)" in found
    compare(made, *SHAPES)


def test_j2_zeros_need_no_bias(tmp_path):
    nodes = "e = LayerNormalization <epsilon=0.5> (x, s, z) y = MatMul (e, k)"
    made = model(nodes, "double[p, q, 4] y", "double[p, q, 6]")
    assert "ops.layer_normalization(x, epsilon=0.5)" in source(made, tmp_path)
    compare(made, *SHAPES)


def test_j2_after_j1(tmp_path):
    made = model(NORM + THREE.replace("x", "e") + LATER, OUTPUTS)
    found = source(made, tmp_path)
    assert "ops.layer_normalization(x)" in found and found.count("ops.linear(") == 1
    compare(made, *SHAPES)


def test_j2_rms_normalisation(tmp_path):
    nodes = "e = RMSNormalization (x, s) f = MatMul (e, k) y = Exp (f)"
    made = model(nodes, "float[p, q, 4] y", opset=23)
    assert "ops.rms_normalization(x)" in source(made, tmp_path)
    compare(made, *SHAPES)


@pytest.mark.parametrize(
    ("nodes", "y"),
    [
        (NORM + "y = MatMul (e, k)", "float[p, q, 4] y"),
        (
            NORM + "f = MatMul (e, k) y = Add (a, f) w = Exp (e)",
            "float[p, q, 4] y, float[p, q, 6] w",
        ),
        (
            NORM + "f = MatMul (e, k) y = Add (a, f)",
            "float[p, q, 4] y, float[p, q, 6] e",
        ),
        (
            "e = LayerNormalization (x, i, t) f = MatMul (e, k) y = Add (a, f)",
            "float[p, q, 4] y",
        ),
    ],
    ids=["a bias, and none to add it to", "read elsewhere", "an output", "infinite"],
)
def test_j2_near_misses_stay(tmp_path, nodes, y):
    made = model(nodes, y)
    assert "ops.layer_normalization(x)" not in source(made, tmp_path)
    compare(made, *SHAPES)


def test_j2_other_axes_stay(tmp_path):
    made = model(
        "e = LayerNormalization <axis=1> (x, s) y = MatMul (e, k)", "float[p, q, 4] y"
    )
    assert "ops.layer_normalization(x)" not in source(made, tmp_path)
    compare(made, *SHAPES[:2])


def test_level_0_stays(tmp_path):
    found = source(model(NORM + THREE + LATER, OUTPUTS), tmp_path, level=0)
    assert found.count(" @ ") == 3


@pytest.mark.parametrize(
    ("names", "joined"),
    [
        (["/a/query/Add", "/a/key/Add"], "/a/qk/Add"),
        (["val_8", "linear_1"], "val_8_linear_1"),
        (["q.w", "k.w", "v.w"], "qkv.w"),
        (["same", "same"], "same"),
        (["a/b", "a/b/c"], "a/b_a/b/c"),
        (["x" * 50, "y" * 50], "x" * 50),
    ],
)
def test_joined_name(names, joined):
    assert joined_name(names) == joined
