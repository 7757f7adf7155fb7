"""Rule A6: the scale of attention in the matrix of the queries, compared with onnxruntime."""

from __future__ import annotations

import numpy as np
import onnx
import onnx.parser
import pytest

import onnx2py
from tests.support import unoptimized

ATTENTION = """m = MatMul (q, k) n = Mul (m, scale) w = Softmax (n) o = MatMul (w, v)
    y = Transpose <perm = [0, 2, 1, 3]> (o) """
HEADS = """q0 = Reshape (qs, heads) q = Transpose <perm = [0, 2, 1, 3]> (q0)
    k0 = Reshape (ks, heads) k = Transpose <perm = [0, 2, 3, 1]> (k0)
    v0 = Reshape (vs, heads) v = Transpose <perm = [0, 2, 1, 3]> (v0) """
OF_QH = HEADS.replace("(qs,", "(qh,")
APART = "qs = MatMul (x, wq) ks = MatMul (x, wk) vs = MatMul (x, wv) "
BIASED = """qp = MatMul (x, wq) qs = Add (qp, bq) ks = MatMul (x, wk) vp = MatMul (x, wv)
    vs = Add (bv, vp) """
TOGETHER = (
    "p = MatMul (x, wqkv) a = Add (p, b) qs, ks, vs = Split <axis = 2> (a, thirds) "
)
SLICES = """p = MatMul (x, wqkv) qs = Slice (p, i0, i6, i2) ks = Slice (p, i6, i12, i2)
    vs = Slice (p, i12, i18, i2) """


def model(nodes: str, more: str = "") -> onnx.ModelProto:
    made = onnx.parser.parse_model(f"""<ir_version: 8, opset_import: ["" : 17]>
        g (float[b, t, 5] x) => (float[b, t, 2, 3] y{more}) <float scale = {{0.3}},
        float half = {{0.5}}, float[1] zero = {{0}}, int64[4] heads = {{0, 0, 2, 3}},
        int64[3] thirds = {{6, 6, 6}}, int64[1] i0 = {{0}}, int64[1] i2 = {{2}},
        int64[1] i5 = {{5}}, int64[1] i6 = {{6}}, int64[1] i12 = {{12}}, int64[1] i18 = {{18}}>
        {{ {nodes} }}""")
    rng = np.random.default_rng(0)
    shapes = {"wq": (5, 6), "wk": (5, 6), "wv": (5, 6), "wqkv": (5, 18)}
    shapes |= {"bq": (6,), "bv": (6,), "b": (18,)}
    made.graph.initializer.extend(
        onnx.numpy_helper.from_array(rng.normal(size=s).astype(np.float32), n)
        for n, s in shapes.items()
    )
    return made


def source(made: onnx.ModelProto, tmp_path) -> str:
    onnx2py.compile_model(made, tmp_path / "pkg")
    text = (tmp_path / "pkg/model.py").read_text()
    return " ".join(text[text.index("def __call__") :].split())


def compare(made: onnx.ModelProto) -> None:
    session = unoptimized(made)
    compiled = onnx2py.load_model(made)
    for shape in ((2, 4, 5), (1, 1, 5)):
        x = np.random.default_rng(1).normal(size=shape).astype(np.float32)
        found = compiled(x)
        for one, other in zip(
            found if isinstance(found, tuple) else (found,),
            session.run(None, {"x": x}),
        ):
            np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize(
    "nodes",
    [
        APART + HEADS + ATTENTION,
        BIASED + HEADS + ATTENTION,
        TOGETHER + HEADS + ATTENTION,
        SLICES + HEADS + ATTENTION,
        BIASED + "qh = Mul (half, qs) " + OF_QH + ATTENTION,
        BIASED + "qh = Div (qs, half) " + OF_QH + ATTENTION,
    ],
    ids=["apart", "biases", "split", "slices", "scaled before", "divided before"],
)
def test_a6_the_matrix_is_scaled(tmp_path, nodes):
    made = model(nodes)
    found = source(made, tmp_path)
    assert "ops.dot_product_attention(" in found and "scale=" not in found
    assert "np.multiply(" not in found and "np.divide(" not in found
    compare(made)
    report = onnx2py.verify_existing(tmp_path / "pkg", made, per_node=True)
    assert report.nodes is not None and report.nodes.first is None


@pytest.mark.parametrize(
    ("nodes", "more"),
    [
        (APART + HEADS + "z = Neg (q) " + ATTENTION, ", float[b, 2, t, 3] z"),
        (APART + HEADS + ATTENTION, ", float[b, t, 6] qs"),
        (TOGETHER + HEADS + "z = Neg (a) " + ATTENTION, ", float[b, t, 18] z"),
        (
            SLICES + "z = Slice (p, i5, i6, i2) " + HEADS + ATTENTION,
            ", float[b, t, 1] z",
        ),
        ((APART + HEADS).replace("(x, wq)", "(x, wk)") + ATTENTION, ""),
        (APART + "qh = Exp (qs) " + OF_QH + ATTENTION, ""),
    ],
    ids=["read twice", "an output", "all read", "an overlap", "one matrix", "no view"],
)
def test_a6_near_misses_stay(tmp_path, nodes, more):
    made = model(nodes, more)
    assert "scale=0.3" in source(made, tmp_path)
    compare(made)


def test_a6_a_scale_of_zero_stays(tmp_path):
    made = model((APART + HEADS + ATTENTION).replace("(m, scale)", "(m, zero)"))
    compare(made)
