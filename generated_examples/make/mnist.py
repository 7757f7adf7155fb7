"""The MNIST classifier as an ONNX file, and ten real digits to try it on.

The weights come from ``train_mnist``, which takes minutes; they are read back from the
committed file, so that regenerating the examples does not train again.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from .digits import Digits

OPSET = 17

Array = NDArray[Any]


def save_model(
    path: Path, parameters: Mapping[str, Array], accuracy: float, held_out: int
) -> None:
    """Write the network with its trained weights."""
    nodes = [
        *_convolution("1", "image"),
        *_convolution("2", "pool1"),
        helper.make_node("Flatten", ["pool2"], ["flat"], "flatten", axis=1),
        _dense("dense1", "flat", "dense1"),
        helper.make_node("Relu", ["dense1"], ["relu3"], "relu3"),
        _dense("dense2", "relu3", "logits"),
        helper.make_node("Softmax", ["logits"], ["probabilities"], "softmax", axis=-1),
    ]
    image = helper.make_tensor_value_info(
        "image", TensorProto.FLOAT, ["batch", 1, 28, 28], "ink from 0 to 1"
    )
    probabilities = helper.make_tensor_value_info(
        "probabilities", TensorProto.FLOAT, ["batch", 10], "one for each digit, 0 to 9"
    )
    weights = [numpy_helper.from_array(v, k) for k, v in parameters.items()]
    graph = helper.make_graph(nodes, "mnist", [image], [probabilities], weights)
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=8,
        producer_name="generated_examples.make.train_mnist",
        doc_string="Recognises handwritten digits.",  # codespell:ignore
    )
    helper.set_model_props(
        model, {"accuracy": f"{accuracy:.4f}", "held_out_digits": str(held_out)}
    )
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def _convolution(number: str, x: str) -> list[onnx.NodeProto]:
    conv, relu, pool = f"conv{number}", f"relu{number}", f"pool{number}"
    return [
        helper.make_node(
            "Conv",
            [x, f"{conv}.weight", f"{conv}.bias"],
            [conv],
            conv,
            kernel_shape=[5, 5],
            pads=[2, 2, 2, 2],
        ),
        helper.make_node("Relu", [conv], [relu], relu),
        helper.make_node(
            "MaxPool", [relu], [pool], pool, kernel_shape=[2, 2], strides=[2, 2]
        ),
    ]


def _dense(layer: str, x: str, y: str) -> onnx.NodeProto:
    inputs = [x, f"{layer}.weight", f"{layer}.bias"]
    return helper.make_node("Gemm", inputs, [y], layer, transB=1)


def save_digits(path: Path, held_out: Digits) -> None:
    """Write the first held-out picture of each digit, as bytes from 0 to 255."""
    first = [int(np.argmax(held_out.labels == label)) for label in range(10)]
    pixels = np.round(held_out.images[first] * 255).astype(np.uint8)
    np.savez_compressed(path, images=pixels, labels=held_out.labels[first])
