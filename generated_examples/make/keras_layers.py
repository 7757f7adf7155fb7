"""The layers of Keras that :mod:`.keras` knows, each as nodes of ONNX."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .keras_graph import Array, KerasError, Layer, Tensor, value_info


def _input(layer: Layer) -> Tensor:
    shape = layer.config.get("batch_input_shape") or layer.config["batch_shape"]
    if not all(shape[1:]):
        raise KerasError(f"{layer.name}: expected a fixed size, got {shape}")
    layer.graph.inputs.append(value_info(layer.name, shape[1:]))
    if len(shape) != 4:
        return Tensor(layer.name, tuple(shape[1:]))
    _, height, width, channels = shape
    inner = f"{layer.name}_nchw"
    layer.node("Transpose", [layer.name], inner, perm=[0, 3, 1, 2])
    return Tensor(inner, (channels, height, width))


def _conv(layer: Layer, x: Tensor) -> Tensor:
    kernel = layer.weights["kernel"]  # [height, width, channels in, channels out]
    attributes, size = layer.window(x, list(kernel.shape[:2]))
    groups = layer.config.get("groups", 1)
    weight = layer.weight("weight", kernel.transpose(3, 2, 0, 1))
    inputs = [x.name, weight, *layer.bias()]
    y = layer.node("Conv", inputs, layer.inner, group=groups, **attributes)
    return layer.activated(Tensor(y, (kernel.shape[3], *size)))


def _depthwise(
    layer: Layer, x: Tensor, kernel: Array, y: str, bias: list[str]
) -> Tensor:
    """Filter each channel alone; ``kernel`` is [height, width, channels, filters of each]."""
    height, width, channels, each = kernel.shape
    attributes, size = layer.window(x, [height, width])
    filters = kernel.transpose(2, 3, 0, 1).reshape(channels * each, 1, height, width)
    inputs = [x.name, layer.weight("depthwise_weight", filters), *bias]
    layer.node("Conv", inputs, y, group=channels, **attributes)
    return Tensor(y, (channels * each, *size))


def _depthwise_conv(layer: Layer, x: Tensor) -> Tensor:
    kernel = layer.weights["depthwise_kernel"]
    return layer.activated(_depthwise(layer, x, kernel, layer.inner, layer.bias()))


def _separable_conv(layer: Layer, x: Tensor) -> Tensor:
    kernel = layer.weights["depthwise_kernel"]
    apart = _depthwise(layer, x, kernel, f"{layer.name}_depthwise", [])
    mix = layer.weights["pointwise_kernel"].transpose(3, 2, 0, 1)
    inputs = [apart.name, layer.weight("pointwise_weight", mix), *layer.bias()]
    y = layer.node("Conv", inputs, layer.inner)
    return layer.activated(Tensor(y, (len(mix), *apart.shape[1:])))


def _batch_normalization(layer: Layer, x: Tensor) -> Tensor:
    layer.expect("axis", -1, len(x.shape), [len(x.shape)])  # the channels
    mean = layer.weights["moving_mean"]
    parameters = {
        "gamma": layer.weights.get("gamma", np.ones_like(mean)),
        "beta": layer.weights.get("beta", np.zeros_like(mean)),
        "moving_mean": mean,
        "moving_variance": layer.weights["moving_variance"],
    }
    names = [layer.weight(name, array) for name, array in parameters.items()]
    epsilon = layer.config["epsilon"]
    y = layer.node("BatchNormalization", [x.name, *names], epsilon=epsilon)
    return Tensor(y, x.shape)


def _max_pooling(layer: Layer, x: Tensor) -> Tensor:
    attributes, size = layer.window(x, list(layer.config["pool_size"]))
    return Tensor(layer.node("MaxPool", [x.name], **attributes), (x.shape[0], *size))


def _global_average_pooling(layer: Layer, x: Tensor) -> Tensor:
    layer.expect("data_format", "channels_last")
    layer.expect("keepdims", False)
    y = layer.node("ReduceMean", [x.name], axes=[2, 3], keepdims=0)
    return Tensor(y, x.shape[:1])


def _add(layer: Layer, *inputs: Tensor) -> Tensor:
    total = inputs[0].name
    for i, x in enumerate(inputs[1:], 2):
        last = i == len(inputs)
        total = layer.node("Add", [total, x.name], "" if last else f"{layer.name}_{i}")
    return Tensor(total, inputs[0].shape)


def _flatten(layer: Layer, x: Tensor) -> Tensor:
    name = x.name
    if len(x.shape) == 3:  # the order of Keras is what the next layer's weights are for
        name = layer.node("Transpose", [name], f"{layer.name}_nhwc", perm=[0, 2, 3, 1])
    return Tensor(layer.node("Flatten", [name]), (int(np.prod(x.shape)),))


def _dense(layer: Layer, x: Tensor) -> Tensor:
    if len(x.shape) != 1:
        raise KerasError(f"{layer.name}: expected a flat input, got {x.shape}")
    kernel = layer.weights["kernel"]
    inputs = [x.name, layer.weight("weight", kernel), *layer.bias()]
    y = layer.node("Gemm", inputs, layer.inner)
    return layer.activated(Tensor(y, (kernel.shape[1],)))


def _activation(layer: Layer, x: Tensor) -> Tensor:
    return layer.activated(x)


def _nothing(layer: Layer, x: Tensor) -> Tensor:
    return x  # dropout does something in training alone


LAYERS: dict[str, Callable[..., Tensor]] = {
    "InputLayer": _input,
    "Conv2D": _conv,
    "DepthwiseConv2D": _depthwise_conv,
    "SeparableConv2D": _separable_conv,
    "BatchNormalization": _batch_normalization,
    "MaxPooling2D": _max_pooling,
    "GlobalAveragePooling2D": _global_average_pooling,
    "Add": _add,
    "Flatten": _flatten,
    "Dense": _dense,
    "Activation": _activation,
    "Dropout": _nothing,
}
