"""Rules C1 to C5: convolutions with constant weights, compared with onnxruntime."""

from __future__ import annotations

import re
import sys

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

import onnx2py

DTYPES = {"float32": TensorProto.FLOAT, "float16": TensorProto.FLOAT16}


def model(
    x,
    weight,
    *,
    operator="Conv",
    dtype="float32",
    quantized=None,
    constant=True,
    **attributes,
):
    """Conv -> Relu of one input, with a bias."""
    rng = np.random.default_rng(0)
    w = rng.normal(size=weight).astype(dtype)
    inputs = [helper.make_tensor_value_info("x", DTYPES[dtype], x)]
    results = (
        weight[0] if operator == "Conv" else weight[1] * attributes.get("group", 1)
    )
    tensors = [numpy_helper.from_array(rng.normal(size=results).astype(dtype), "b")]
    nodes = []
    if quantized is not None:  # the shape of the scale
        steps = rng.integers(-127, 127, weight).astype(np.int8)
        tensors += [
            numpy_helper.from_array(steps, "q"),
            numpy_helper.from_array(rng.random(quantized, np.float32) / 50, "scale"),
        ]
        axis = {"axis": 0} if quantized else {}
        nodes.append(
            helper.make_node("DequantizeLinear", ["q", "scale"], ["w"], **axis)
        )
    elif constant:
        tensors.append(numpy_helper.from_array(w, "w"))
    else:
        inputs.append(helper.make_tensor_value_info("w", DTYPES[dtype], weight))
    nodes.append(
        helper.make_node(operator, ["x", "w", "b"], ["c"], "conv", **attributes)
    )
    nodes.append(helper.make_node("Relu", ["c"], ["y"], "relu"))
    outputs = [helper.make_tensor_value_info("y", DTYPES[dtype], None)]
    graph = helper.make_graph(nodes, "g", inputs, outputs, tensors)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 8
    return made


def kernel_of(made, folder) -> str:
    """Return which kernel the package calls, once its result is what onnxruntime has."""
    onnx2py.compile_model(made, folder / "pkg", overridable=True)
    source = (folder / "pkg/model.py").read_text()
    shapes = {
        i.name: [d.dim_value or 2 for d in i.type.tensor_type.shape.dim]
        for i in made.graph.input
    }
    kind = helper.tensor_dtype_to_np_dtype(
        made.graph.input[0].type.tensor_type.elem_type
    )
    rng = np.random.default_rng(1)
    feeds = {name: rng.normal(size=s).astype(kind) for name, s in shapes.items()}
    expected = onnxruntime.InferenceSession(made.SerializeToString()).run(None, feeds)[
        0
    ]
    loaded = onnx2py.load_model(made, overridable=True)
    session = sys.modules[type(loaded).__module__.rpartition(".")[0]].InferenceSession()
    (actual,) = session.run(None, feeds)
    assert actual.flags.c_contiguous
    tolerance = 3e-3 if kind == np.float16 else 1e-5
    np.testing.assert_allclose(
        actual, expected, rtol=tolerance, atol=tolerance * abs(expected).max()
    )
    found = re.search(r"ops\.(conv\w*)\(", source[source.index("def __call__") :])
    assert found is not None
    return found[1]


PADS = {"pads": [1, 1, 1, 1]}


@pytest.mark.parametrize(
    ("kernel", "x", "weight", "attributes"),
    [
        ("conv_packed", ["n", 3, 9, 9], [5, 3, 3, 3], PADS),
        ("conv_packed", ["n", 4, 9, 9], [6, 2, 3, 3], {"group": 2}),
        ("conv_packed", ["n", 3, 9], [5, 3, 3], {"auto_pad": "SAME_LOWER"}),
        ("conv_packed", [1, 2, 5, 6, 7], [4, 2, 2, 3, 2], {"strides": [1, 2, 3]}),
        ("conv_packed", [1, 4, 9, 9], [4, 2, 1, 1], {"group": 2}),
        ("conv_packed", [1, 4, 9, 9], [4, 4, 1, 1], PADS),
        ("conv_packed", [1, 3, 9, 9], [6, 1, 3, 3], {"group": 3}),
        ("conv_pointwise", ["n", 4, 9, 9], [6, 4, 1, 1], {}),
        ("conv_pointwise", ["n", 4, 9, 9], [6, 4, 1, 1], {"strides": [2, 3]}),
        ("conv_pointwise", ["n", 4, 9], [6, 4, 1], {"auto_pad": "SAME_UPPER"}),
        ("conv_depthwise", ["n", 6, 9, 9], [6, 1, 3, 3], {"group": 6, **PADS}),
        ("conv_depthwise", ["n", 6, 9], [6, 1, 4], {"group": 6, "strides": [2]}),
        ("conv_winograd", ["n", 32, 24, 21], [40, 32, 3, 3], PADS),
        ("conv_winograd", ["n", 32, 24, 12], [40, 32, 3, 3], PADS),
        ("conv_packed", ["n", 32, 24, 9], [40, 32, 3, 3], PADS),
        ("conv_packed", ["n", 31, 24, 24], [40, 31, 3, 3], PADS),
        ("conv_packed", ["n", 32, 24, 24], [40, 32, 3, 3], {"strides": [2, 2]}),
        ("conv_packed", ["n", 32, 24, 24], [40, 32, 3, 3], {"dilations": [2, 2]}),
        (
            "conv_winograd",
            ["n", 32, 24, 24],
            [40, 32, 3, 3],
            {"auto_pad": "SAME_UPPER"},
        ),
    ],
)
def test_constant_weights(kernel, x, weight, attributes, tmp_path):
    assert kernel_of(model(x, weight, **attributes), tmp_path) == kernel


def test_c1_weights_that_are_inputs_stay_as_they_are(tmp_path):
    assert kernel_of(model([1, 3, 9, 9], [5, 3, 3, 3], constant=False), tmp_path) == (
        "conv"
    )


def test_c1_weights_that_are_inputs_with_a_default(tmp_path):
    made = model([1, 32, 24, 24], [40, 32, 3, 3], **PADS)
    made.graph.input.append(
        helper.make_tensor_value_info("w", TensorProto.FLOAT, [40, 32, 3, 3])
    )
    assert kernel_of(made, tmp_path) == "conv_packed"


def test_c1_half_floats_that_are_inputs_with_a_default(tmp_path):
    made = model([1, 32, 24, 24], [40, 32, 3, 3], dtype="float16", **PADS)
    made.graph.input.append(
        helper.make_tensor_value_info("w", TensorProto.FLOAT16, [40, 32, 3, 3])
    )
    assert kernel_of(made, tmp_path) == "conv_packed"


AT_LOAD = [
    ("conv_packed", [1, 32, 24, 24], [600, 32, 5, 5], {}),
    ("conv_winograd", [1, 128, 24, 24], [600, 128, 3, 3], {}),
    ("conv_pointwise", [1, 512, 4, 4], [1200, 512, 1, 1], {}),
    ("conv_depthwise", [1, 2700, 16, 16], [2700, 1, 15, 15], {"group": 2700}),
]


@pytest.mark.parametrize("scale", [(), "one for each result"])
@pytest.mark.parametrize(("kernel", "x", "weight", "attributes"), AT_LOAD)
def test_c1_weights_that_are_computed_at_load(
    kernel, x, weight, attributes, scale, tmp_path
):
    # 8-bit weights are made floats when they are loaded, lest the package grow.
    made = model(x, weight, quantized=scale and weight[0], **attributes)
    assert kernel_of(made, tmp_path) == kernel
    source = (tmp_path / "pkg/model.py").read_text()
    # The bytes were packed by the compiler, and nothing remains of what tiles are made of.
    assert "ops.packed_weight(" not in source
    assert f"ops.{kernel[5:]}_weight(" not in source or kernel == "conv_winograd"
    assert source.count("ops.dequantize_linear") == 1
    assert ("del w\n" in source) is (kernel == "conv_winograd")


def test_c4_is_for_half_floats_too(tmp_path):
    made = model([1, 32, 24, 24], [40, 32, 3, 3], dtype="float16")
    assert kernel_of(made, tmp_path) == "conv_winograd"


def test_weights_that_two_share_are_packed_once(tmp_path):
    made = model([1, 32, 24, 24], [32, 32, 3, 3], **PADS)
    again = helper.make_node("Conv", ["y", "w"], ["z"], "again", **PADS)
    made.graph.node.append(again)
    made.graph.output[0].name = "z"
    assert kernel_of(made, tmp_path) == "conv_winograd"
    source = (tmp_path / "pkg/model.py").read_text()
    assert source.count("ops.winograd_weight(") == 1
    assert len(list((tmp_path / "pkg/weights").glob("*.npy"))) == 2


@pytest.mark.parametrize(
    ("kernel", "x", "weight", "attributes"),
    [
        ("conv_transpose_packed", ["n", 3, 5, 6], [3, 4, 2, 2], {"strides": [2, 2]}),
        (
            "conv_transpose_packed",
            ["n", 3, 5],
            [3, 4, 4],
            {"strides": [2], "pads": [1, 2]},
        ),
        ("conv_transpose_packed", [1, 3, 5, 6], [3, 4, 3, 2], {"dilations": [2, 1]}),
        (
            "conv_transpose_packed",
            [1, 3, 5, 6],
            [3, 4, 3, 3],
            {"strides": [2, 3], "output_padding": [1, 2], **PADS},
        ),
        (
            "conv_transpose_packed",
            [1, 3, 5, 6],
            [3, 4, 3, 3],
            {"strides": [2, 2], "auto_pad": "SAME_UPPER"},
        ),
        ("conv_transpose", ["n", 4, 5, 6], [4, 3, 2, 2], {"group": 2}),
    ],
)
def test_c5_transposed(kernel, x, weight, attributes, tmp_path):
    made = model(x, weight, operator="ConvTranspose", **attributes)
    assert kernel_of(made, tmp_path) == kernel


def test_level_0_is_plain(tmp_path):
    made = model([1, 32, 24, 24], [40, 32, 3, 3], **PADS)
    onnx2py.compile_model(made, tmp_path / "pkg", level=0)
    assert "ops.conv(" in (tmp_path / "pkg/model.py").read_text()


def test_convolutions_in_branches(tmp_path):
    made = model([1, 3, 9, 9], [5, 3, 3, 3], **PADS)
    then = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["t"], "inner", **PADS)],
        "then",
        [],
        [helper.make_tensor_value_info("t", TensorProto.FLOAT, None)],
    )
    other = helper.make_graph(
        [helper.make_node("Identity", ["c"], ["e"])],
        "else",
        [],
        [helper.make_tensor_value_info("e", TensorProto.FLOAT, None)],
    )
    made.graph.node.extend(
        [
            helper.make_node("ReduceSum", ["x"], ["s"], keepdims=0),
            helper.make_node("Cast", ["s"], ["go"], to=TensorProto.BOOL),
            helper.make_node("If", ["go"], ["z"], then_branch=then, else_branch=other),
        ]
    )
    made.graph.output[0].name = "z"
    assert kernel_of(made, tmp_path) == "conv_packed"
    assert "ops.conv(" not in (tmp_path / "pkg/model.py").read_text()
