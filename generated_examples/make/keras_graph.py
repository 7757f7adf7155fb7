"""An ONNX graph that grows by one layer of Keras after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

ACTIVATIONS = {"relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh"}

Array = NDArray[Any]
Config = Mapping[str, Any]
Weights = Mapping[str, Array]


class KerasError(ValueError):
    """A model that is not converted; the message says why."""


class Tensor(NamedTuple):
    """An ONNX value: its name, and its shape in ONNX's order without the batch."""

    name: str
    shape: tuple[int, ...]


class Graph:
    """The ONNX graph as it grows."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []

    def add_output(self, layer: str, x: Tensor) -> None:
        """Return the last value of a layer, in the order of Keras."""
        name, shape = x.name, x.shape
        if len(shape) == 3:
            shape = (*shape[1:], shape[0])
            name = f"{layer}_nhwc"
            transpose = helper.make_node(
                "Transpose", [x.name], [name], name, perm=[0, 2, 3, 1]
            )
            self.nodes.append(transpose)
        self.outputs.append(value_info(name, shape))


class Layer:
    """One layer on its way into the graph."""

    def __init__(self, graph: Graph, config: Config, weights: Weights) -> None:
        """Keep the three."""
        self.graph, self.config, self.weights = graph, config, weights
        self.name: str = config["name"]

    def expect(self, option: str, *accepted: Any) -> None:
        """Refuse a value of an option that no rule here is for."""
        value = self.config.get(option, accepted[0])
        if value not in accepted:
            wanted = " or ".join(map(str, accepted))
            raise KerasError(f"{self.name}: expected {option} {wanted}, got {value}")

    def node(
        self, operator: str, inputs: list[str], output: str = "", **attributes: Any
    ) -> str:
        """Add a node; its output has the layer's name unless another is given."""
        name = output or self.name
        self.graph.nodes.append(
            helper.make_node(operator, inputs, [name], name, **attributes)
        )
        return name

    def weight(self, name: str, array: Array) -> str:
        """Add a weight of the layer."""
        full = f"{self.name}.{name}"
        value = np.ascontiguousarray(array, np.float32)
        self.graph.weights.append(numpy_helper.from_array(value, full))
        return full

    def window(
        self, x: Tensor, size: list[int]
    ) -> tuple[dict[str, Any], tuple[int, ...]]:
        """Return the attributes of a window that moves over ``x``, and the output's size.

        With the padding "same" an uneven rest goes to the end, as in TensorFlow.
        """
        self.expect("data_format", "channels_last")
        self.expect("padding", "valid", "same")
        strides = list(self.config["strides"] or size)
        dilations = list(self.config.get("dilation_rate", [1, 1]))
        begin, end, out = [], [], []
        for length, kernel, stride, dilation in zip(
            x.shape[1:], size, strides, dilations
        ):
            reach = (kernel - 1) * dilation + 1
            places, pad = (length - reach) // stride + 1, 0
            if self.config["padding"] == "same":
                places = -(-length // stride)
                pad = max((places - 1) * stride + reach - length, 0)
            begin.append(pad // 2)
            end.append(pad - pad // 2)
            out.append(places)
        attributes = {"kernel_shape": size, "strides": strides, "pads": [*begin, *end]}
        if dilations != [1, 1]:
            attributes["dilations"] = dilations
        return attributes, tuple(out)

    def activated(self, x: Tensor) -> Tensor:
        """Apply the activation that the layer names, if it names one."""
        function = self.config.get("activation") or "linear"
        if function == "linear":
            return x
        name = self.name
        if function == "softmax":
            # Keras takes the softmax over channels, which are last there.
            axis = 1 if len(x.shape) == 3 else -1
            return Tensor(self.node("Softmax", [x.name], name, axis=axis), x.shape)
        if function not in ACTIVATIONS:
            known = ", ".join(["linear", "softmax", *ACTIVATIONS])
            raise KerasError(f"{name}: expected one of {known}, got {function}")
        return Tensor(self.node(ACTIVATIONS[function], [x.name], name), x.shape)

    @property
    def inner(self) -> str:
        """Name what comes before the activation: the layer's name is for the last value."""
        plain = (self.config.get("activation") or "linear") == "linear"
        return self.name if plain else f"{self.name}_linear"

    def bias(self) -> list[str]:
        """Return the bias among inputs, if there is one."""
        if not self.config.get("use_bias", True):
            return []
        return [self.weight("bias", self.weights["bias"])]


def value_info(name: str, shape: tuple[int, ...] | list[int]) -> onnx.ValueInfoProto:
    """Describe a float32 input or output, of any batch."""
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape])
