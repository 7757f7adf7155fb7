"""Values and weights whose ONNX names say nothing are called by their role."""

from __future__ import annotations

import json

import numpy as np
import onnx
import onnx.parser
import pytest

import onnx2py
from onnx2py.emit.naming_generic import has_generic_name, parameter_of
from onnx2py.emit.naming_roles import role_of
from onnx2py.options import options_of
from onnx2py.pipeline import compiled


@pytest.mark.parametrize(
    "name",
    [
        "495", "onnx::MaxPool_33", "input.4", "val_74", "getitem", "getitem_21", "v42", "r0",
        "out.3", "x_1", "MatMul_2", "relu_4", "max_pool2d", "ReLU32_Output_0", "Plus214_Output_0",
        "/m/encoder/layer.0/query/Add_output_0", "Equal_0_C", "If_0_outputs_1", "p2o.Add.3",
        "batch_norm_67.tmp_2", "onnx::Conv_468_quantized", "model/dense/BiasAdd:0",
        "val_8_linear_1_val_24.scaled", "split_split_0", "view_10.product", "add_1_mul_2",
        "model/add/y", "/q/Add_output_0.scaled", "layer_norm_3.normalized", "const_fold_opt__664",
    ],
)  # fmt: skip
def test_names_of_exporters_are_generic(name):
    assert has_generic_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "hidden", "conv1", "pool5", "conv1_1", "relu6", "hidden_states.3", "mask", "x", "y", "w",
        "layer_1_relu_2", "scale_product",
        "embedding", "scale", "mean", "bert.encoder.layer.0.output.dense.bias", "logits:0",
    ],
)  # fmt: skip
def test_names_of_authors_are_not(name):
    assert not has_generic_name(name)


def test_a_parameter_says_what_it_is_one_of():
    assert parameter_of("layer1.0.conv1.weight;1") == "layer1.0.conv1"
    assert parameter_of("97.r_b") == "97"
    assert parameter_of("conv1_1_w_0") == "conv1_1"
    assert parameter_of("pos_embed") == ""


def test_roles_are_those_of_parameters_unless_these_say_nothing():
    assert role_of("weight", "Conv", 1) == "weight"
    assert role_of("r", "LSTM", 2) == "recurrent_weight"
    assert role_of("b", "MatMul", 1) == "weight"
    assert role_of("operand", "Where", 2) == "otherwise"


def python_names(text: str, **options: object) -> dict[str, str]:
    """Return the Python name of each value by its ONNX name, and those of weights' files."""
    package = compiled(
        onnx.parser.parse_model(text), "net", options_of(options), lambda *_: None
    ).package
    names = json.loads(str(package.files["tools/names.json"]))["values"]
    return {onnx_name: python for python, onnx_name in names.items()}


def net(body: str) -> str:
    return f"""<ir_version: 8, opset_import: ["" : 17]>
        net (float[1, 3, 8, 8] image) => (float[n, c, h, w] y) {{ {body} }}"""


def test_results_are_numbered_by_operator():
    found = python_names(net(
        "v1 = Relu (image) v2 = MaxPool <kernel_shape = [2, 2]> (v1) v3 = Exp (v2) v4 = Relu (v3) "
        "v5 = Exp (v4) y = Neg (v5)"
    ), level=0)  # fmt: skip
    assert list(found.values()) == [
        "relu1", "pool", "exponential1", "relu2", "exponential2", "y",
    ]  # fmt: skip


def test_what_a_parameter_tells_is_the_name_if_all_readers_agree():
    text = """<ir_version: 8, opset_import: ["" : 17]>
        net (float[4, 3] table, float[n] a, float[n] b) => (float[n, 3] y, float[n] s) {
            v1 = Cast <to = 7> (a) v2 = Cast <to = 7> (b) y1 = Gather (table, v1)
            y2 = Gather (table, v2) y = Add (y1, y2) v5 = Cast <to = 1> (v2) s = Neg (v5) }"""
    found = python_names(text, level=0)
    assert found["v1"] == "indices" and found["v2"] == "converted1"


def test_modules_name_their_results_and_weights():
    weight = onnx.numpy_helper.from_array(np.ones((8, 8), np.float32), "onnx::MatMul_7")
    nodes, before = [], "x"
    for layer in range(2):
        for name in ("query", "output/dense"):
            path = f"/layer.{layer}/{name}"
            bias = f"layer.{layer}.{name.replace('/', '.')}.bias"
            made = f"{path}/MatMul_output_0"
            nodes.append(onnx.helper.make_node(
                "MatMul", [before, "onnx::MatMul_7"], [made], f"{path}/MatMul"
            ))  # fmt: skip
            before = f"{path}/Add_output_0"
            nodes.append(
                onnx.helper.make_node("Add", [made, bias], [before], f"{path}/Add")
            )
    nodes.append(onnx.helper.make_node("Relu", [before], ["y"], "/Relu"))
    value = onnx.helper.make_tensor_value_info
    floats = onnx.TensorProto.FLOAT
    biases = [n.input[1] for n in nodes if n.op_type == "Add"]
    graph = onnx.helper.make_graph(
        nodes, "net", [value("x", floats, [2, 8])], [value("y", floats, [2, 8])],
        [weight, *(
            onnx.numpy_helper.from_array(np.arange(i, i + 8, dtype=np.float32), name)
            for i, name in enumerate(biases)
        )],
    )  # fmt: skip
    model = onnx.helper.make_model(
        graph, opset_imports=[onnx.helper.make_opsetid("", 17)]
    )
    chosen = options_of({"level": 0})
    package = compiled(model, "net", chosen, lambda *_: None).package
    names = json.loads(str(package.files["tools/names.json"]))["values"]
    assert list(names) == [
        "layer_0_query_product", "layer_0_query", "layer_0_dense_product", "layer_0_dense",
        "layer_1_query_product", "layer_1_query", "layer_1_dense_product", "layer_1_dense", "y",
    ]  # fmt: skip
    source = str(package.files["model.py"])
    assert "self.layer_0_query_weight = " in source
    assert "self.layer_1_dense_bias = " in source
    assert "mat_mul" not in source and "_output_0 =" not in source


def test_values_of_bodies_are_numbered_within_their_function():
    text = """<ir_version: 8, opset_import: ["" : 17]>
        net (float[3] x, bool c) => (float[3] y) {
            v1 = Relu (x)
            v2 = If (c) <then_branch = a () => (float[3] v3) { v4 = Relu (v1) v3 = Exp (v4) },
                        else_branch = b () => (float[3] v5) { v6 = Relu (v1) v5 = Exp (v6) }>
            y = Neg (v2) }"""
    found = python_names(text, level=0)
    assert found["v1"] == "relu"
    assert found["v4"].endswith(".relu_2") and found["v6"].endswith(".relu_2")
    assert found["v3"] == "chosen.then.chosen" and found["v5"] == "chosen.else.chosen"
    assert found["v2"] == "chosen"


def test_values_of_methods_are_numbered_within_them():
    text = """<ir_version: 8, opset_import: ["" : 17]>
        net (float[3] x, bool c) => (float[3] y) {
            v1 = Relu (x)
            v2 = If (c) <then_branch = a () => (float[3] v3)
                            { v4 = Relu (v1) v7 = Sin (v4) v3 = Exp (v7) },
                        else_branch = b () => (float[3] v5) { v6 = Relu (v1) v5 = Exp (v6) }>
            y = Neg (v2) }"""
    found = python_names(text, level=0)
    assert found["v1"] == "relu"
    assert found["v4"].endswith(".relu_2") and found["v6"].endswith(".relu_2")
    assert found["v3"].endswith(".exponential") and found["v5"].endswith(".exponential")


def test_outputs_keep_their_names_and_what_replaces_them_has_them():
    text = """<ir_version: 8, opset_import: ["" : 17]>
        net (float[3] x) => (float[3] relu_4, float[3] last) {
            relu_4 = Relu (x) val_7 = Exp (relu_4) last = Identity (val_7) }"""
    found = python_names(text)
    assert found["relu_4"] == "relu_4"
    assert "last" in found.values()


def test_modules_that_are_numbers(tmp_path):
    """PyTorch calls the parts of a Sequential so; a name cannot begin with a digit."""
    model = onnx.parser.parse_model(
        """<ir_version: 8, opset_import: ["" : 17]> g (float[2, 3] x) => (float[2, 3] y)
        <float[3, 3] w = {1, 2, 3, 4, 5, 6, 7, 8, 9}, float[3, 3] v = {9, 8, 7, 6, 5, 4, 3, 2, 1}>
        { a = MatMul (x, w) b = Relu (a) y = MatMul (b, v) }"""
    )
    for node, scope in zip(model.graph.node, ("0/f0", "0/f1", "1/f0")):
        node.name = f"/{scope}/{node.op_type}"
    for i, tensor in enumerate(model.graph.initializer):
        tensor.name = f"onnx::MatMul_{10 + i}"
        model.graph.node[2 * i].input[1] = tensor.name
    x = np.float32([[1, -2, 3], [0, 5, 6]])
    w, v = (onnx.numpy_helper.to_array(t) for t in model.graph.initializer)
    for level in (0, 1):
        onnx2py.compile_model(model, tmp_path / f"net{level}", level=level)
        found = onnx2py.load_model(model, level=level)(x)
        np.testing.assert_allclose(found, np.maximum(x @ w, 0) @ v)
    assert "v0_f0_weight" in (tmp_path / "net0/model.py").read_text()
