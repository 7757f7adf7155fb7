"""Rule Q3, and the products compared with onnxruntime's."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import pytest

import onnx2py
from tests.support import unoptimized

FIRST = "q, s, z = DynamicQuantizeLinear (x) "
PRODUCT = "m = MatMulInteger (q, w, z, wz) c = Cast <to = 1> (m) "
END = "t = Mul (c, s) y = Mul (t, ws)"


def model(nodes: str, outputs: str = "float[a, b, 5] y", k: int = 6) -> onnx.ModelProto:
    r = np.random.default_rng(1)
    numbers = ", ".join(map(str, r.integers(0, 256, k * 5)))
    text = f"""<ir_version: 8, opset_import: ["" : 17]> g (float[a, b, {k}] x) => ({outputs})
        <uint8[{k}, 5] w = {{{numbers}}}, uint8[1] wz = {{100}}, float[1] ws = {{0.01}}>
        {{ {nodes} }}"""
    return onnx.parser.parse_model(text)


def compare(proto: onnx.ModelProto, tmp_path: Path, k: int = 6) -> str:
    """Compare the package with onnxruntime on several inputs; return its source."""
    session = unoptimized(proto)
    package = onnx2py.load_model(proto)
    r = np.random.default_rng(2)
    for x in (
        r.normal(size=(2, 3, k)), r.normal(size=(1, 7, k)) + 5, np.zeros((2, 1, k)),
        -r.random((1, 1, k)), r.integers(-9, 9, (3, 2, k)) / 2, np.zeros((0, 2, k)),
    ):  # fmt: skip
        x = x.astype(np.float32)
        found = package(x)
        found = found if isinstance(found, tuple) else (found,)
        for ours, theirs in zip(found, session.run(None, {"x": x}), strict=True):
            np.testing.assert_array_equal(ours, theirs)
    onnx2py.compile_model(proto, tmp_path / "made")
    return (tmp_path / "made" / "model.py").read_text()


def test_q3_one_product(tmp_path):
    source = compare(model(FIRST + PRODUCT + END), tmp_path)
    assert (
        "ops.dynamic_quantize_linear_centered(x)" in source and "ops.project(" in source
    )
    assert "astype" not in source
    names = json.loads((tmp_path / "made/tools/names.json").read_text())
    assert any("m: MatMulInteger" in nodes[:-1] for nodes in names["nodes"].values())


def test_q3_several_products_of_the_same_numbers(tmp_path):
    more = "n = MatMulInteger (q, w, z) d = Cast <to = 1> (n) e = Add (c, d) "
    source = compare(
        model(FIRST + PRODUCT + more + END.replace("(c,", "(e,")), tmp_path
    )
    in_call = source.split("def __call__")[1]
    assert in_call.count("ops.project(") == 1  # and J1 makes one of both
    assert "integer" not in in_call.lower().replace("matmulinteger", "")


@pytest.mark.parametrize(
    ("nodes", "outputs"),
    [
        (FIRST + PRODUCT + END, "float[a, b, 5] y, uint8 z"),
        (FIRST + PRODUCT + END, "float[a, b, 5] y, uint8[a, b, 6] q"),
        (FIRST + PRODUCT + END, "float[a, b, 5] y, int32[a, b, 5] m"),
        (FIRST + PRODUCT + "o = Neg (m) " + END, "float[a, b, 5] y, int32[a, b, 5] o"),
        (FIRST + "m = MatMulInteger (q, w) c = Cast <to = 1> (m) " + END, "float[a, b, 5] y"),
        (FIRST + PRODUCT + "f = Cast <to = 1> (q) g = ReduceSum (f) h = Add (c, g) "
         + END.replace("(c,", "(h,"), "float[a, b, 5] y"),
    ],
)  # fmt: skip
def test_q3_others_stay(tmp_path, nodes, outputs):
    source = compare(model(nodes, outputs), tmp_path)
    assert "dynamic_quantize_linear_centered" not in source


def test_q3_sums_that_float32_does_not_hold_stay(tmp_path):
    """Here 255 times the greatest sum of a column's absolute values is above 2**24."""
    source = compare(model(FIRST + PRODUCT + END, k=2000), tmp_path, k=2000)
    assert "dynamic_quantize_linear_centered" not in source


def engines_calls(nodes: str, tmp_path: Path, values: str = "") -> str:
    """Return the calls of a package for an engine, whose results are those of NumPy's."""
    proto = model(nodes)
    values = values or "v = {0.5, 0.25, 2.0, 1.0, 3.0}"
    extra = onnx.parser.parse_model(
        f"""<ir_version: 8, opset_import: ["" : 17]> g (float x) => (float x)
        <float[5] {values}, float[5] b = {{1.0, 2.0, 3.0, 4.0, 5.0}}> {{ }}"""
    )
    proto.graph.initializer.extend(extra.graph.initializer)
    onnx2py.compile_model(proto, tmp_path / "made", accelerate=True)
    x = np.random.default_rng(3).normal(size=(2, 3, 6)).astype(np.float32)
    (expected,) = unoptimized(proto).run(None, {"x": x})
    np.testing.assert_array_equal(onnx2py.load_model(proto)(x), expected)
    np.testing.assert_array_equal(run(tmp_path, x), expected)
    return (tmp_path / "made" / "model.py").read_text().split("def __call__")[1]


def run(folder: Path, x: np.ndarray) -> np.ndarray:
    """Call the package in a process of its own."""
    np.save(folder / "x.npy", x)
    text = "import made, numpy as n; n.save('y', made.Model(accelerate=False)(n.load('x.npy')))"
    subprocess.run([sys.executable, "-c", text], cwd=folder, check=True)
    return np.load(folder / "y.npy")


SCALED = FIRST + PRODUCT + "t = Mul (s, v) u = Mul (c, t) "


def test_q9_a_product_its_scales_and_its_bias(tmp_path):
    source = engines_calls(SCALED + "y = Add (b, u)", tmp_path)
    assert "ops.matmul_integer_to_float_prepared(" in source
    assert not any(word in source for word in ("astype", " * ", " + self", "project"))
    names = json.loads((tmp_path / "made/tools/names.json").read_text())
    (nodes,) = (n for n in names["nodes"].values() if any("m: Mat" in i for i in n))
    assert {node.split(":")[0] for node in nodes} == {"m", "c", "t", "u", "y"}


@pytest.mark.parametrize("end", ["y = Neg (u)", "y = Add (u, u)", "y = Mul (b, u)"])
def test_q9_a_product_and_its_scales(end, tmp_path):
    source = engines_calls(SCALED.replace("(s, v)", "(v, s)") + end, tmp_path)
    assert "ops.matmul_integer_to_float_prepared(" in source
    assert "b" not in source.split("prepared(")[1].split(")")[0].split(", ")[5:]


def test_q9_one_scale_for_all(tmp_path):
    source = engines_calls(
        FIRST + PRODUCT + "t = Mul (s, ws) u = Mul (t, c) y = Neg (u)", tmp_path
    )
    assert "ops.matmul_integer_to_float_prepared(" in source


@pytest.mark.parametrize(
    "rest",
    [
        "t = Add (s, v) y = Mul (c, t)",
        "t = Mul (s, v) u = Mul (c, t) y = Add (u, c)",
        "t = Mul (s, v) u = Mul (c, t) w2 = Add (t, v) y = Add (u, w2)",
    ],
)
def test_q9_near_misses(rest, tmp_path):
    source = engines_calls(FIRST + PRODUCT + rest, tmp_path)
    assert "to_float" not in source and "ops.project(" in source
