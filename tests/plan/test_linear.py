"""Rule J3: the bias of a product by one matrix."""

from __future__ import annotations

import numpy as np
import onnx
import onnx.parser
import pytest

import onnx2py
from onnx2py.plan.linear import add_biases
from tests.plan.support import after
from tests.support import unoptimized

WEIGHTS = """
  w: float32[2, 3] = {1.0, 2.0, 3.0, 4.0, 5.0, 6.0}
  c: float32[3] = {1.0, 2.0, 3.0}"""


def changed(calls: str, x: str = "x: float32[n, t, 2]", more: str = "") -> str:
    """Return the calls of a program after the rule."""
    text = f"g ({x}) => (y){WEIGHTS}{more}\ncalls\n"
    text += "\n".join(f"  {line.strip()}" for line in calls.strip().splitlines())
    return " ".join(after(add_biases, text).partition("calls\n")[2].split())


@pytest.mark.parametrize("sum_", ["np.add(p, c)", "np.add(c, p)"])
@pytest.mark.parametrize(
    ("product", "x"),
    [
        ("ops.project(x, w)", "x: float32[n, t, 2]"),
        ("np.matmul(x, w)", "x: float32[n, 2]"),
        ("np.matmul(x, w)", "x: float32[1, n, 2]"),
    ],
)
def test_j3_a_product_and_a_bias(sum_, product, x):
    calls = f"""p: float32[...] = {product}  # p: MatMul
        y: float32[...] = {sum_}  # y: Add"""
    linear = "y: float32[...] = ops.linear(x, w, c) # p: MatMul + y: Add"
    assert changed(calls, x) == linear


def test_j3_of_gemm():
    calls = """p: float32[n, 3] = ops.gemm(x, w, alpha=2.0)
        y: float32[n, 3] = np.add(p, c)"""
    linear = "y: float32[n, 3] = ops.gemm(x, w, c, alpha=2.0)"
    assert changed(calls, "x: float32[n, 2]") == linear


def test_j3_a_bias_with_axes_of_length_1():
    more = "\n  d: float32[1, 1, 3] = {1.0, 2.0, 3.0}"
    calls = """p: float32[n, t, 3] = ops.project(x, w)
        y: float32[n, t, 3] = np.add(p, d)"""
    assert "ops.linear(x, w, d)" in changed(calls, more=more)


def test_j3_a_bias_that_is_computed_before_or_after():
    early = """b: float32[3] = np.negative(c)
        p: float32[n, t, 3] = ops.project(x, w)
        q: float32[n, t, 2] = np.exp(x)
        y: float32[n, t, 3] = np.add(p, b)"""
    found = changed(early)
    assert found.index("ops.linear(x, w, b)") < found.index("np.exp(x)")
    late = """p: float32[n, t, 3] = ops.project(x, w)
        b: float32[3] = np.negative(c)
        y: float32[n, t, 3] = np.add(p, b)"""
    assert changed(late).endswith("= ops.linear(x, w, b)")


@pytest.mark.parametrize(
    ("calls", "x"),
    [
        (
            """p: float32[n, t, 3] = ops.project(x, w)
            q: float32[n, t, 3] = np.add(p, c)
            y: float32[n, t, 3] = np.multiply(p, q)""",
            "x: float32[n, t, 2]",
        ),
        (
            """p: float32[n, t, 3] = np.matmul(x, w)
            y: float32[n, t, 3] = np.add(p, c)""",
            "x: float32[n, t, 2]",
        ),
        (
            """p: float32[3] = np.matmul(x, w)
            y: float32[3] = np.add(p, c)""",
            "x: float32[2]",
        ),
        (
            """b: float32[n, 3] = np.exp(c)
            p: float32[n, 3] = np.matmul(x, w)
            y: float32[n, 3] = np.add(p, b)""",
            "x: float32[n, 2]",
        ),
        (
            """b: float32[1, 1, 3] = np.exp(c)
            p: float32[n, 3] = np.matmul(x, w)
            y: float32[1, n, 3] = np.add(p, b)""",
            "x: float32[n, 2]",
        ),
        (
            """b: float32[m] = np.exp(c)
            p: float32[n, 3] = np.matmul(x, w)
            y: float32[n, 3] = np.add(p, b)""",
            "x: float32[n, 2]",
        ),
        (
            """p: float32[n, 3] = ops.gemm(x, w, beta=2.0)
            y: float32[n, 3] = np.add(p, c)""",
            "x: float32[n, 2]",
        ),
        (
            """p: float32[n, 3] = np.matmul(x, w)
            y: float32[n, 3] = np.add(p, c)""",
            "x: float16[n, 2]",
        ),
        (
            """p: float32[n, 3] = np.matmul(x, w)
            y: float32[n, 3] = np.add(p, p)""",
            "x: float32[n, 2]",
        ),
    ],
    ids=[
        "read elsewhere", "a stack of products", "a vector", "a matrix added",
        "more axes", "unknown length", "beta", "other types", "itself",
    ],
)  # fmt: skip
def test_j3_near_misses_stay(calls, x):
    assert "ops.linear" not in changed(calls, x)
    assert "np.add" in changed(calls, x)


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("shape", [(2, 3, 6), (1, 1, 6), (0, 3, 6)])
def test_j3_compared_with_onnxruntime(tmp_path, shape, level):
    made = onnx.parser.parse_model("""<ir_version: 8, opset_import: ["" : 17]>
        g (float[p, q, 6] x) => (float[p, q, 4] y)
        { m = MatMul (x, w) s = Add (b, m) y = Relu (s) }""")
    rng = np.random.default_rng(0)
    made.graph.initializer.extend(
        onnx.numpy_helper.from_array(rng.normal(size=s).astype(np.float32), n)
        for n, s in {"w": (6, 4), "b": (4,)}.items()
    )
    onnx2py.compile_model(made, tmp_path / "pkg", level=level)
    source = (tmp_path / "pkg/model.py").read_text()
    assert ("ops.linear(x, self.w, self.b, activation=" in source) == bool(level)
    x = rng.normal(size=shape).astype(np.float32)
    (expected,) = unoptimized(made).run(None, {"x": x})
    found = onnx2py.load_model(made, level=level)(x)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
