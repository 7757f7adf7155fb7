"""Whole quantized models, compiled with ``--accelerate``: NumPy's results, and oneDNN's."""

from __future__ import annotations

import importlib
import sys

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

import onnx2py
from onnx2py.accelerate.library import has_vnni
from tests.support import unoptimized


class Maker:
    """Makes a graph of quantized operators; weights have 7 bits.

    With 8, onnxruntime's own sums saturate on processors without VNNI.
    """

    def __init__(self, kind, seed=0):
        self.rng = np.random.default_rng(seed)
        self.kind, self.nodes, self.tensors = kind, [], []

    def constant(self, value, name):
        name = f"{name}_{len(self.tensors)}"
        self.tensors.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(self, kind, *inputs, **attributes):
        output = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def grid(self, scale, zero):
        return self.constant(np.float32(scale), "s"), self.constant(
            np.asarray(zero, self.kind), "z"
        )

    def numbers(self, *shape):
        return self.rng.integers(-63, 64, shape).astype(np.int8)

    def model(self, x, y, shape):
        y_type = helper.make_tensor_value_info(y, TensorProto.FLOAT, ["m", 10])
        x_type = helper.make_tensor_value_info(x, TensorProto.FLOAT, shape)
        graph = helper.make_graph(self.nodes, "g", [x_type], [y_type], self.tensors)
        opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
        made = helper.make_model(graph, opset_imports=opsets)
        made.ir_version = 8
        return made


def stored(make, x, grid):
    """Quantize and dequantize."""
    return make.node("DequantizeLinear", make.node("QuantizeLinear", x, *grid), *grid)


def qdq_model(kind, each):
    make = Maker(kind)
    low = np.iinfo(kind).min

    def weight(*shape):
        m = shape[0]
        scale = make.rng.uniform(0.002, 0.004, m if each else ()).astype(np.float32)
        zero = np.zeros(m if each else (), np.int8)
        names = make.constant(scale, "ws"), make.constant(zero, "wz")
        numbers = make.constant(make.numbers(*shape), "w")
        options = {"axis": 0} if each else {}
        return make.node("DequantizeLinear", numbers, *names, **options), scale

    def conv(x, grid, x_scale, *shape, end=None, **options):
        w, scale = weight(*shape)
        units = make.rng.integers(-3000, 3000, shape[0]).astype(np.int32)
        unit = np.broadcast_to(np.float32(x_scale) * scale, shape[0]).copy()
        b = make.node(
            "DequantizeLinear", make.constant(units, "b"), make.constant(unit, "bs"),
            make.constant(np.zeros(shape[0], np.int32), "bz"), axis=0,
        )  # fmt: skip
        y = make.node("Conv", x, w, b, **options)
        return stored(make, make.node(end, y) if end else y, grid)

    start = make.grid(0.02, low + 128)
    x = stored(make, "x", start)
    wide = make.grid(0.011, low)
    a = conv(x, wide, 0.02, 32, 3, 3, 3, pads=[1, 1, 1, 1], strides=[2, 2])
    a = make.node("MaxPool", a, kernel_shape=[2, 2], strides=[2, 2])
    a = stored(make, a, wide)
    b = conv(a, make.grid(0.013, low + 3), 0.011, 32, 32, 3, 3, pads=[1, 1, 1, 1])
    b = conv(b, make.grid(0.01, low + 101), 0.013, 32, 1, 3, 3, group=32)
    c = conv(a, make.grid(0.009, low + 99), 0.011, 32, 32, 1, 1, end="Relu")
    c = conv(c, make.grid(0.012, low + 90), 0.009, 32, 32, 3, 3)
    sum_grid = make.grid(0.017, low + 88)
    total = stored(make, make.node("Add", b, c), sum_grid)
    largest = make.node("MaxPool", total, kernel_shape=[8, 7])
    flat = stored(make, make.node("Flatten", largest), sum_grid)
    w, _ = weight(10, 32)
    y = stored(make, make.node("Gemm", flat, w, transB=1), make.grid(0.01, low + 120))
    return make.model("x", y, ["n", 3, 40, 36])


def qoperator_model(kind, each):
    make = Maker(kind, 1)
    low = np.iinfo(kind).min
    grids = [make.grid(s, low + z) for s, z in ((0.02, 128), (0.03, 0), (0.05, 33))]

    def weight(*shape):
        m = shape[0]
        scale = make.rng.uniform(0.002, 0.004, m if each else ()).astype(np.float32)
        zero = np.zeros(m if each else (), np.int8)
        values = (make.numbers(*shape), scale, zero)
        return [make.constant(v, "w") for v in values]

    def conv(x, before, after, *shape, **options):
        units = make.rng.integers(-3000, 3000, shape[0]).astype(np.int32)
        bias = make.constant(units, "b")
        w = weight(*shape)
        return make.node("QLinearConv", x, *before, *w, *after, bias, **options)

    x = make.node("QuantizeLinear", "x", *grids[0])
    a = conv(x, grids[0], grids[1], 16, 3, 3, 3, pads=[1] * 4, strides=[2, 2])
    b = conv(a, grids[1], grids[2], 16, 1, 3, 3, pads=[1] * 4, group=16)
    c = conv(b, grids[2], grids[1], 16, 16, 1, 1)
    total = helper.make_node(
        "QLinearAdd", [a, *grids[1], c, *grids[1], *grids[2]], ["t"], domain="com.microsoft"
    )  # fmt: skip
    make.nodes.append(total)
    d = conv("t", grids[2], grids[0], 8, 16, 20, 18)
    flat = make.node("Flatten", d)
    w, scale, zero = weight(10, 8)
    w = make.constant(make.numbers(8, 10), "w")
    y = make.node("QLinearMatMul", flat, *grids[0], w, scale, zero, *grids[2])
    y = make.node("DequantizeLinear", y, *grids[2])
    return make.model("x", y, ["n", 3, 40, 36])


@pytest.mark.parametrize("each", [True, False])
@pytest.mark.parametrize("kind", [np.uint8, np.int8])
@pytest.mark.parametrize("make", [qdq_model, qoperator_model])
def test_a_model(make, kind, each, tmp_path):
    proto = make(kind, each)
    onnx.checker.check_model(proto)
    package = tmp_path / "made"
    onnx2py.compile_model(proto, package, accelerate=True)
    source = (package / "model.py").read_text()
    between = source[source.index("def __call__") :]
    word = "qdq_conv" if make is qdq_model else "qlinear_conv"
    assert between.count(f"ops.{word}") == (5 if make is qdq_model else 4)
    assert ("limits=" in between) is (make is qdq_model)
    assert "fake_quantize" not in between and "requantize" not in between
    plain = onnx2py.load_model(proto)
    packaged = onnx2py.load_model(proto, accelerate=True)
    fast = onnxruntime.InferenceSession(proto.SerializeToString())
    for n, scale in ((1, 1), (3, 0.2), (2, 6)):
        x = np.random.default_rng(n).normal(size=(n, 3, 40, 36), scale=scale)
        x = x.astype(np.float32)
        found = packaged(x)
        (expected,) = fast.run(None, {"x": x})
        (as_told,) = unoptimized(proto).run(None, {"x": x})
        np.testing.assert_array_equal(plain(x), as_told)
        if has_vnni():
            np.testing.assert_array_equal(found, expected)
        else:
            np.testing.assert_array_equal(found, as_told)
    assert np.unique(found).size > 5


@pytest.mark.parametrize("make", [qdq_model, qoperator_model])
def test_without_the_engine_results_are_those_without_the_option(make, tmp_path):
    proto = make(np.uint8, True)
    plain = onnx2py.load_model(proto)
    name = f"package_of_{make.__name__}"
    onnx2py.compile_model(proto, tmp_path / name, accelerate=True)
    sys.path.insert(0, str(tmp_path))
    try:
        package = importlib.import_module(name)
    finally:
        sys.path.remove(str(tmp_path))
    x = np.random.default_rng(0).normal(size=(2, 3, 40, 36)).astype(np.float32)
    np.testing.assert_array_equal(package.Model(accelerate=False)(x), plain(x))


def test_other_targets_and_level_0_have_no_such_calls(tmp_path):
    proto = qdq_model(np.uint8, True)
    for options in ({"target": "torch"}, {"target": "jax"}, {"level": 0}, {}):
        folder = tmp_path / "_".join(["made", *map(str, options.values())])
        onnx2py.compile_model(proto, folder, **options)
        assert "qdq_" not in (folder / "model.py").read_text()
