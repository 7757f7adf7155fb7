"""Inputs of blocks, and what calls of them return, are called by their roles."""

from __future__ import annotations

import ast

import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper
import pytest

from onnx2py.emit.naming_blocks import agreed
from onnx2py.options import options_of
from onnx2py.pipeline import compiled


@pytest.mark.parametrize(
    ("names", "name"),
    [
        (["past.0.key", "past.1.key"], "past_key"),
        (["h.0.fc1.weight", "h.1.fc1.weight"], "h.fc1.weight"),
        (["/l.0/mask", "/l.1/mask"], "/l/mask"),
        (["fc1.bias"] * 2, "fc1.bias"),
        (["query.bias", "key.bias"], ""),
        (["val_3", "val_5"], ""),
        (["input.4", "input.9"], ""),
        (["onnx::MatMul_370"] * 2, ""),
    ],
)
def test_names_of_all_applications_agree_but_for_numbers(names, name):
    assert agreed(names) == name


def encoder(layers: int) -> bytes:
    """Return layers of attention and a network, with the names of PyTorch's exporter."""
    rng = np.random.default_rng(0)
    nodes, weights = [], []

    def weight(name: str, *shape: int) -> str:
        array = rng.standard_normal(shape).astype(np.float32)
        weights.append(onnx.numpy_helper.from_array(array, name))
        return name

    def node(operator: str, path: str, *inputs: str, **attributes: object) -> str:
        output = f"{path}_output_0"
        nodes.append(
            onnx.helper.make_node(operator, inputs, [output], path, **attributes)
        )
        return output

    x = node("Exp", "/embed/Exp", "x")
    hidden_mask = node("Neg", "/Neg", "visible")
    weight("half", 1)
    for i in range(layers):
        at = f"/layer.{i}"
        heads = {}
        for part in ("query", "key", "value"):
            number = f"onnx::MatMul_{100 * i + len(weights)}"
            bias = weight(f"layer.{i}.attn.{part}.bias", 16)
            product = node(
                "MatMul", f"{at}/attn/{part}/MatMul", x, weight(number, 16, 16)
            )
            heads[part] = node("Add", f"{at}/attn/{part}/Add", product, bias)
        turned = node("Transpose", f"{at}/attn/Transpose", heads["key"], perm=[0, 2, 1])
        scores = node("MatMul", f"{at}/attn/MatMul", heads["query"], turned)
        scaled = node("Mul", f"{at}/attn/Mul", scores, "half")
        masked = node("Add", f"{at}/attn/Add", scaled, hidden_mask)
        weighted = node("Softmax", f"{at}/attn/Softmax", masked, axis=-1)
        context = node("MatMul", f"{at}/attn/MatMul_1", weighted, heads["value"])
        total = node("Add", f"{at}/Add", context, x)
        number = f"onnx::MatMul_{100 * i + len(weights)}"
        product = node("MatMul", f"{at}/fc/MatMul", total, weight(number, 16, 16))
        biased = node("Add", f"{at}/fc/Add", product, weight(f"layer.{i}.fc.bias", 16))
        x = node("Relu", f"{at}/act/Relu", biased)
    nodes.append(onnx.helper.make_node("Neg", [x], ["y"], "/Neg_1"))
    value, floats = onnx.helper.make_tensor_value_info, onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        nodes, "net",
        [value("x", floats, [2, 5, 16]), value("visible", floats, [2, 5, 5])],
        [value("y", floats, [2, 5, 16])], weights,
    )  # fmt: skip
    model = onnx.helper.make_model(
        graph, opset_imports=[onnx.helper.make_opsetid("", 17)]
    )
    return model.SerializeToString()


def test_layers_transform_what_is_hidden():
    package = compiled(encoder(4), "net", options_of({}), lambda *_: None).package
    text = str(package.files["model.py"])
    (layer,) = (
        c
        for c in ast.parse(text).body
        if isinstance(c, ast.ClassDef) and c.name == "Layer"
    )
    (call,) = (f for f in layer.body if getattr(f, "name", "") == "__call__")
    assert [a.arg for a in call.args.args] == ["self", "hidden", "mask"]
    assert "for layer in self.layers:\n            hidden = layer(hidden, mask)" in text
    assert "hidden = np.exp(x)" in text and "mask = -visible" in text
    assert "weights/layers.3.qkv_weight.npy" in package.files
    assert "weights/layers.3.qkv_bias.npy" in package.files
    assert "weights/layers.0.fc_weight.npy" in package.files
