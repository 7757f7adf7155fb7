"""Keras models in HDF5 files as ONNX: what a small convolutional network needs of it.

Keras keeps pictures as [batch, height, width, channels] and ONNX as [batch, channels,
height, width]. The model's inputs and outputs stay as Keras has them; inside, it is ONNX's
order, with one Transpose at each border.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import onnx
from onnx import helper

from .keras_graph import Array, Config, Graph, KerasError, Layer, Tensor, Weights
from .keras_layers import LAYERS

OPSET = 17


def read_hdf5(path: Path) -> tuple[Config, dict[str, dict[str, Array]]]:
    """Return a model's configuration, and of each layer the weights by their names."""
    try:
        import h5py
    except ModuleNotFoundError:
        raise KerasError(
            "h5py: expected it to be installed, got none; pip install '.[demo]'"
        ) from None
    with h5py.File(path) as file:
        config = json.loads(file.attrs["model_config"])
        groups = file["model_weights"]
        weights = {
            layer: {
                _short(name): group[name][()] for name in group.attrs["weight_names"]
            }
            for layer, group in groups.items()
        }
    return config, weights


def _short(name: str | bytes) -> str:
    """``b"conv2d_1_1/kernel:0"`` -> ``"kernel"``."""
    text = name.decode() if isinstance(name, bytes) else name
    return text.split("/")[-1].removesuffix(":0")


def convert(
    config: Config, weights: Mapping[str, Weights], name: str = "keras"
) -> onnx.ModelProto:
    """Convert a functional model.

    Raises
    ------
    KerasError
        If a layer, or an option of one, is not known here.
    """
    if config["class_name"] not in ("Model", "Functional"):
        raise KerasError(
            f"model: expected Model or Functional, got {config['class_name']}"
        )
    graph = Graph()
    known: dict[str, Tensor] = {}
    for layer in config["config"]["layers"]:
        kind, layer_name = layer["class_name"], layer["config"]["name"]
        if kind not in LAYERS:
            raise KerasError(
                f"{layer_name}: expected one of {', '.join(LAYERS)}, got {kind}"
            )
        if len(layer["inbound_nodes"]) > 1:
            raise KerasError(f"{layer_name}: expected one use, got several")
        inputs = [known[use[0]] for uses in layer["inbound_nodes"] for use in uses]
        step = Layer(graph, layer["config"], weights.get(layer_name, {}))
        known[layer_name] = LAYERS[kind](step, *inputs)
    for output in config["config"]["output_layers"]:
        graph.add_output(output[0], known[output[0]])
    return _finished(graph, name)


def _finished(parts: Graph, name: str) -> onnx.ModelProto:
    graph = helper.make_graph(
        parts.nodes, name, parts.inputs, parts.outputs, parts.weights
    )
    opset = helper.make_opsetid("", OPSET)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=8)
    model.producer_name = "generated_examples.make.keras"
    onnx.checker.check_model(model, full_check=True)
    return model
