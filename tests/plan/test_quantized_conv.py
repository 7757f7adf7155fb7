"""Rule Q1: convolutions of 8-bit integers by way of floats, exactly as onnxruntime has them."""

from __future__ import annotations

import numpy as np
import onnx.parser
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

import onnx2py
from onnx2py.plan.quantized_conv import take_quantized_apart
from tests.passes.support import block
from tests.plan.support import after
from tests.support import unoptimized


def model(shape, weight, *, kind=np.uint8, per_channel=False, bias=None, **attributes):
    """QLinearConv whose weights have 7 bits, lest onnxruntime's own sums saturate."""
    rng = np.random.default_rng(0)
    channels = weight[0] if per_channel else 1
    scales = rng.uniform(0.01, 0.02, channels).astype(np.float32)
    zeros = rng.integers(-3, 3, channels).astype(np.int8)
    if kind == np.uint8 or not per_channel:
        zeros[:] = 0
    one = () if not per_channel else (channels,)
    values = {
        "x_scale": np.float32(0.02),
        "x_zero": np.asarray(7, kind),
        "w": rng.integers(-63, 63, weight).astype(np.int8),
        "w_scale": scales.reshape(one),
        "w_zero": zeros.reshape(one),
        "y_scale": np.float32(0.05),
        "y_zero": np.asarray(5, kind),
    }
    if bias is not None:
        values["b"] = rng.integers(-bias, bias, weight[0]).astype(np.int32)
    tensors = [numpy_helper.from_array(np.asarray(v), k) for k, v in values.items()]
    type_ = helper.np_dtype_to_tensor_dtype(np.dtype(kind))
    node = helper.make_node("QLinearConv", ["x", *values], ["y"], "conv", **attributes)
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", type_, shape)],
        [helper.make_tensor_value_info("y", type_, None)],
        tensors,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 8
    return made


@pytest.mark.parametrize("kind", [np.uint8, np.int8])
@pytest.mark.parametrize(
    ("kernel", "shape", "weight", "options"),
    [
        ("conv_packed", [2, 32, 24, 24], [40, 32, 3, 3], {"pads": [1, 1, 1, 1]}),
        ("conv_packed", [1, 4, 9, 9], [6, 2, 3, 3], {"group": 2, "bias": 500}),
        ("conv_pointwise", [1, 8, 9, 9], [6, 8, 1, 1], {"per_channel": True}),
        ("conv_depthwise", [1, 6, 9, 9], [6, 1, 3, 3], {"group": 6, "bias": 1 << 25}),
    ],
)
def test_q1(kernel, shape, weight, options, kind, tmp_path):
    made = model(shape, weight, kind=kind, **options)
    onnx2py.compile_model(made, tmp_path / "pkg")
    source = (tmp_path / "pkg/model.py").read_text()
    in_call = source[source.index("def __call__") :]
    assert f"ops.{kernel}(" in in_call
    assert "ops.requantize(" in in_call
    x = np.random.default_rng(1).integers(0, 120, shape).astype(kind)
    session = onnxruntime.InferenceSession(made.SerializeToString())
    (expected,) = session.run(None, {"x": x})
    np.testing.assert_array_equal(onnx2py.load_model(made)(x), expected)


def test_q1_in_a_loop(tmp_path):
    made = model([1, 6, 9, 9], [6, 6, 1, 1])
    (conv,) = made.graph.node
    conv.input[0], conv.output[0] = "inner", "made"
    kind = made.graph.input[0].type
    state = [onnx.ValueInfoProto(name=name, type=kind) for name in ("inner", "made")]
    flags = [
        helper.make_tensor_value_info(name, number, [])
        for name, number in (
            ("i", TensorProto.INT64),
            ("go", TensorProto.BOOL),
            ("on", TensorProto.BOOL),
        )
    ]
    same = helper.make_node("Identity", ["go"], ["on"])
    body = helper.make_graph(
        [same, conv], "body", [*flags[:2], state[0]], [flags[2], state[1]]
    )
    made.graph.initializer.append(numpy_helper.from_array(np.int64(3), "count"))
    loop = helper.make_node("Loop", ["count", "", "x"], ["y"], body=body)
    made.graph.node[0].CopyFrom(loop)
    onnx2py.compile_model(made, tmp_path / "pkg")
    assert "ops.requantize(" in (tmp_path / "pkg/model.py").read_text()
    x = np.random.default_rng(1).integers(0, 120, (1, 6, 9, 9)).astype(np.uint8)
    session = onnxruntime.InferenceSession(made.SerializeToString())
    (expected,) = session.run(None, {"x": x})
    np.testing.assert_array_equal(onnx2py.load_model(made)(x), expected)


def test_q1_leaves_what_is_computed(tmp_path):
    made = model([1, 8, 9, 9], [6, 8, 1, 1])
    scale = next(t for t in made.graph.initializer if t.name == "x_scale")
    made.graph.initializer.remove(scale)
    made.graph.input.append(
        helper.make_tensor_value_info("x_scale", TensorProto.FLOAT, [])
    )
    onnx2py.compile_model(made, tmp_path / "pkg")
    assert "ops.qlinear_conv(" in (tmp_path / "pkg/model.py").read_text()


@pytest.mark.parametrize(("zero", "joined"), [(3, True), (4, False)])
def test_q4_joins_what_one_zero_point_makes_and_takes_in_bodies_too(zero, joined):
    head = """
        g (x: float32[1, 4, 9, 9]) => (y)
          scale: float32[] = {0.5}
        calls
          y = branch(x)
            then () [x] => (c)
        """
    made = "      q = ops.requantize(x, scale, 3)  # a: QLinearConv"
    taken = f"      c = ops.subtract_zero_point(q, {zero})  # b: QLinearConv"
    end = "    else () [x] => (x)"
    before = "\n".join((block(head), made, taken, end))
    together = "      c = ops.requantize_centered(x, scale, 3)  # a: QLinearConv"
    expected = "\n".join((block(head), together, end)) if joined else before
    assert after(take_quantized_apart, before) == expected


def assert_exact(made, x) -> None:
    """Compare with onnxruntime, which then rounds where the model does."""
    session = unoptimized(made)
    (expected,) = session.run(None, {"x": x})
    np.testing.assert_array_equal(onnx2py.load_model(made)(x), expected)


QDQ = """<ir_version: 8, opset_import: ["" : 13]> g (float[n, 3, 70] x) => (float[n, 3, 70] y)
    <float s = {{0.05}}, float t = {{{scale}}}, {kind} z = {{3}}>
    {{ a = Neg (x) q = QuantizeLinear (a, s, z) d = DequantizeLinear (q, t, z) y = Abs (d) }}"""


@pytest.mark.parametrize("kind", ["uint8", "int8"])
@pytest.mark.parametrize(("scale", "joined"), [("0.05", True), ("0.06", False)])
def test_q2_numbers_are_rounded_but_not_stored(kind, scale, joined, tmp_path):
    made = onnx.parser.parse_model(QDQ.format(kind=kind, scale=scale))
    onnx2py.compile_model(made, tmp_path / "pkg")
    source = (tmp_path / "pkg/model.py").read_text()
    assert ("ops.fake_quantize(" in source) is joined
    x = np.random.default_rng(0).normal(size=(200, 3, 70)).astype(np.float32) * 5
    x[0, 0, :5] = np.inf, -np.inf, 0.025, 0.075, np.nan
    assert_exact(made, x)


def test_q2_leaves_integers_that_others_read(tmp_path):
    text = QDQ.format(kind="uint8", scale="0.05").replace(
        "=> (float[n, 3, 70] y)", "=> (float[n, 3, 70] y, uint8[n, 3, 70] q)"
    )
    onnx2py.compile_model(onnx.parser.parse_model(text), tmp_path / "pkg")
    assert "ops.fake_quantize(" not in (tmp_path / "pkg/model.py").read_text()


TWICE = """<ir_version: 8, opset_import: ["" : 13]> g (float[n, 3, 8, 8] x) => (float[n, p, q, r] y)
    <float s = {{0.05}}, float t = {{0.06}}, uint8 z = {{3}}> {{
    a = QuantizeLinear (x, s, z) b = DequantizeLinear (a, s, z) {move}
    d = QuantizeLinear (c, {scale}, z) e = DequantizeLinear (d, {scale}, z) y = {end} }}"""


@pytest.mark.parametrize(
    ("move", "scale", "end", "times"),
    [
        ("c = MaxPool <kernel_shape=[3,3], pads=[1,1,1,1]> (b)", "s", "Abs (e)", 1),
        ("c = Transpose <perm=[0,2,1,3]> (b)", "s", "Abs (e)", 1),
        ("f = MaxPool <kernel_shape=[2,2]> (b) c = Transpose (f)", "s", "Abs (e)", 1),
        ("c = AveragePool <kernel_shape=[2,2]> (b)", "s", "Abs (e)", 2),
        ("c = Neg (b)", "s", "Abs (e)", 2),
        ("c = Transpose (b)", "t", "Abs (e)", 2),
        ("c = Transpose (b)", "s", "Sub (c, e)", 2),
    ],
)
def test_q5_rounded_once(move, scale, end, times, tmp_path):
    text = TWICE.format(move=move, scale=scale, end=end)
    made = onnx.parser.parse_model(text)
    onnx2py.compile_model(made, tmp_path / "pkg")
    source = (tmp_path / "pkg/model.py").read_text()
    assert source.count("ops.fake_quantize(") == times
    x = np.random.default_rng(0).normal(size=(5, 3, 8, 8)).astype(np.float32) * 5
    x[0, 0, 0, :6] = np.inf, -np.inf, 0.025, 0.075, 0, -0.0
    assert_exact(made, x)


def chain(*, outputs=("y",), zero=5, other_zero=5, scale=0.05) -> onnx.ModelProto:
    """Two convolutions, the second of which reads what the first one made."""
    rng = np.random.default_rng(2)
    values = {
        "x_scale": np.float32(0.02), "x_zero": np.uint8(7), "w_zero": np.int8(0),
        "w": rng.integers(-63, 63, (8, 4, 3, 3)).astype(np.int8),
        "w_scale": rng.uniform(0.01, 0.02, 8).astype(np.float32),
        "h_scale": np.float32(scale), "h_zero": np.uint8(zero),
        "v_zero": np.uint8(other_zero), "y_scale": np.float32(0.1),
        "v": rng.integers(-63, 63, (4, 8, 1, 1)).astype(np.int8),
        "v_scale": np.float32(0.01),
    }  # fmt: skip
    values["w_zero"] = np.zeros(8, np.int8)
    values["v_weight_zero"] = np.int8(0)
    first = ["x", "x_scale", "x_zero", "w", "w_scale", "w_zero", "h_scale", "h_zero"]
    second = ["h", "h_scale", "v_zero", "v", "v_scale", "v_weight_zero"]
    nodes = [
        helper.make_node("QLinearConv", first, ["h"], pads=[1, 1, 1, 1]),
        helper.make_node("QLinearConv", [*second, "y_scale", "h_zero"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes, "g",
        [helper.make_tensor_value_info("x", TensorProto.UINT8, ["n", 4, 300, 30])],
        [helper.make_tensor_value_info(o, TensorProto.UINT8, None) for o in outputs],
        [numpy_helper.from_array(np.asarray(v), k) for k, v in values.items()],
    )  # fmt: skip
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 8
    return made


@pytest.mark.parametrize(
    ("options", "joined"),
    [
        ({}, True),
        ({"zero": 0, "other_zero": 0}, True),
        ({"scale": 0.003}, True),  # most results are clipped
        ({"other_zero": 6}, False),
        ({"outputs": ("y", "h")}, False),
    ],
)
def test_q4(options, joined, tmp_path):
    made = chain(**options)
    onnx2py.compile_model(made, tmp_path / "pkg")
    source = (tmp_path / "pkg/model.py").read_text()
    assert ("ops.requantize_centered(" in source) == joined
    package = onnx2py.load_model(made)
    session = onnxruntime.InferenceSession(made.SerializeToString())
    for shape in ((1, 4, 300, 30), (3, 4, 300, 30), (0, 4, 300, 30)):
        x = np.random.default_rng(1).integers(0, 120, shape).astype(np.uint8)
        found = package(x)
        found = found if isinstance(found, tuple) else (found,)
        expected = session.run(None, {"x": x}) if x.size else found
        for ours, theirs in zip(found, expected):
            np.testing.assert_array_equal(ours, theirs)
