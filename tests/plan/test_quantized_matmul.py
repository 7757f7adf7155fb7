"""Rule Q3, and the products compared with onnxruntime's."""

from __future__ import annotations

import json
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
