"""Layers of Keras as ONNX, beside what their documentation says, written out in loops.

The loops keep pictures as Keras does, [batch, height, width, channels], and look at one
output element at a time; nothing of them is shared with the converter.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import onnxruntime
import pytest

from generated_examples.make.keras import convert, read_hdf5
from generated_examples.make.keras_graph import KerasError
from onnx2py import load_model

RNG = np.random.default_rng(5)


def draw(*shape: int) -> Any:
    return RNG.normal(size=shape).astype(np.float32)


def layer(kind: str, name: str, *inputs: str, **config: Any) -> dict[str, Any]:
    uses = [[[x, 0, 0, {}] for x in inputs]] if inputs else []
    config["name"] = name
    return {"class_name": kind, "name": name, "config": config, "inbound_nodes": uses}


def network(shape: tuple[int, ...], *layers: dict[str, Any]) -> dict[str, Any]:
    first = layer("InputLayer", "x", batch_input_shape=[None, *shape])
    last = layers[-1]["name"]
    config = {"layers": [first, *layers], "output_layers": [[last, 0, 0]]}
    return {"class_name": "Model", "config": config}


def both_run(config: dict[str, Any], weights: Any, x: Any) -> Any:
    """Run the converted model in onnxruntime and as a package, which must agree."""
    model = convert(config, weights)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (theirs,) = session.run(None, {"x": x})
    np.testing.assert_allclose(load_model(model)(x), theirs, rtol=1e-4, atol=1e-5)
    return theirs


# ------------------------------------------------------------------ what is expected


def places(length: int, reach: int, stride: int, padding: str) -> list[int]:
    """Where a window begins: TensorFlow puts an uneven rest of "same" to the end."""
    if padding == "valid":
        return list(range(0, length - reach + 1, stride))
    count = (length + stride - 1) // stride
    rest = max(0, (count - 1) * stride + reach - length)
    return [i * stride - rest // 2 for i in range(count)]


def windows(x: Any, size: Any, strides: Any, dilation: int, padding: str) -> Any:
    """Yield each place of the output with what is seen there, NaN beyond the border."""
    tops, lefts = (
        places(x.shape[i + 1], (size[i] - 1) * dilation + 1, strides[i], padding)
        for i in range(2)
    )
    seen = np.full((len(tops), len(lefts), len(x), *size, x.shape[3]), np.nan)
    for i, j, row, column in np.ndindex(len(tops), len(lefts), *size):
        y, z = tops[i] + row * dilation, lefts[j] + column * dilation
        if 0 <= y < x.shape[1] and 0 <= z < x.shape[2]:
            seen[i, j, :, row, column] = x[:, y, z]
    return seen.transpose(2, 0, 1, 3, 4, 5)  # [batch, i, j, row, column, channel]


def loops_conv(x: Any, kernel: Any, strides: Any, dilation: int, padding: str) -> Any:
    seen = np.nan_to_num(windows(x, kernel.shape[:2], strides, dilation, padding))
    y = np.zeros((*seen.shape[:3], kernel.shape[3]))
    for out in range(kernel.shape[3]):
        y[..., out] = (seen * kernel[..., out]).sum((3, 4, 5))
    return y


def loops_depthwise(x: Any, kernel: Any, *options: Any) -> Any:
    parts = []
    for channel in range(x.shape[3]):
        one = x[..., channel : channel + 1]
        for each in range(kernel.shape[3]):
            alone = kernel[:, :, channel : channel + 1, each : each + 1]
            parts.append(loops_conv(one, alone, *options))
    return np.concatenate(parts, -1)


# ------------------------------------------------------------------ layers


@pytest.mark.parametrize("kernel_size", [(3, 3), (2, 4), (1, 1)])
@pytest.mark.parametrize(
    "padding, stride, dilation",
    [("same", 1, 1), ("same", 2, 1), ("same", 3, 1), ("valid", 2, 1), ("same", 1, 2)],
)
def test_convolutions(
    kernel_size: Any, padding: str, stride: int, dilation: int
) -> None:
    x = draw(2, 7, 8, 3)
    options = {
        "padding": padding,
        "strides": [stride, stride],
        "dilation_rate": [dilation, dilation],
        "data_format": "channels_last",
    }
    plain = ([stride, stride], dilation, padding)

    kernel, bias = draw(*kernel_size, 3, 5), draw(5)
    conv = layer("Conv2D", "c", "x", use_bias=True, activation="linear", **options)
    found = both_run(
        network((7, 8, 3), conv), {"c": {"kernel": kernel, "bias": bias}}, x
    )
    expected = loops_conv(x, kernel, *plain) + bias
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)

    kernel = draw(*kernel_size, 3, 2)
    depth = layer("DepthwiseConv2D", "d", "x", use_bias=False, **options)
    found = both_run(network((7, 8, 3), depth), {"d": {"depthwise_kernel": kernel}}, x)
    expected = loops_depthwise(x, kernel, *plain)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_a_separable_convolution_with_bias_and_activation() -> None:
    x = draw(2, 6, 7, 3)
    weights = {
        "depthwise_kernel": draw(3, 3, 3, 2),
        "pointwise_kernel": draw(1, 1, 6, 4),
        "bias": draw(4),
    }
    options = {"padding": "same", "strides": [2, 2], "activation": "relu"}
    found = both_run(
        network((6, 7, 3), layer("SeparableConv2D", "s", "x", **options)),
        {"s": weights},
        x,
    )
    apart = loops_depthwise(x, weights["depthwise_kernel"], [2, 2], 1, "same")
    mixed = apart @ weights["pointwise_kernel"][0, 0] + weights["bias"]
    np.testing.assert_allclose(found, np.maximum(mixed, 0), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("pool", [[2, 2], [3, 3], [3, 2]])
def test_max_pooling_ignores_what_is_beyond_the_border(
    padding: str, pool: list[int]
) -> None:
    x = draw(2, 7, 8, 3) - 10  # a zero from beyond the border would be the largest
    options = {"pool_size": pool, "strides": [2, 2], "padding": padding}
    found = both_run(
        network((7, 8, 3), layer("MaxPooling2D", "p", "x", **options)), {}, x
    )
    expected = np.nanmax(windows(x, pool, [2, 2], 1, padding), axis=(3, 4))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("scale", [True, False])
def test_batch_normalization(scale: bool) -> None:
    x = draw(2, 3, 4, 5)
    weights = {"moving_mean": draw(5), "moving_variance": np.abs(draw(5))}
    if scale:
        weights |= {"gamma": draw(5), "beta": draw(5)}
    norm = layer("BatchNormalization", "n", "x", axis=-1, epsilon=0.01)
    found = both_run(network((3, 4, 5), norm), {"n": weights}, x)
    expected = (x - weights["moving_mean"]) / np.sqrt(weights["moving_variance"] + 0.01)
    expected = expected * weights.get("gamma", 1) + weights.get("beta", 0)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_a_dense_layer_after_flattening_sees_the_order_of_keras() -> None:
    x = draw(2, 3, 4, 5)
    kernel, bias = draw(60, 6), draw(6)
    config = network(
        (3, 4, 5),
        layer("Activation", "a", "x", activation="tanh"),
        layer("Flatten", "f", "a"),
        layer("Dropout", "o", "f", rate=0.5),
        layer("Dense", "d", "o", activation="softmax"),
    )
    found = both_run(config, {"d": {"kernel": kernel, "bias": bias}}, x)
    powers = np.exp(np.tanh(x).reshape(2, 60) @ kernel + bias)
    expected = powers / powers.sum(1, keepdims=True)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_sums_means_and_a_softmax_over_channels() -> None:
    x = draw(2, 3, 4, 5)
    config = network(
        (3, 4, 5),
        layer("Activation", "a", "x", activation="sigmoid"),
        layer("Add", "sum", "x", "a", "x"),
    )
    total = 2 * x + 1 / (1 + np.exp(-x))
    np.testing.assert_allclose(both_run(config, {}, x), total, rtol=1e-5, atol=1e-6)

    mean = layer("GlobalAveragePooling2D", "m", "x")
    found = both_run(network((3, 4, 5), mean), {}, x)
    np.testing.assert_allclose(found, x.mean((1, 2)), rtol=1e-5, atol=1e-6)

    softmax = layer("Activation", "s", "x", activation="softmax")
    powers = np.exp(x)
    expected = powers / powers.sum(3, keepdims=True)
    found = both_run(network((3, 4, 5), softmax), {}, x)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


# ------------------------------------------------------------------ files and refusals


def test_a_file_is_read_by_the_names_in_it(tmp_path: Path) -> None:
    config = network((2, 2, 1), layer("Conv2D", "c", "x"))
    kernel = draw(1, 1, 1, 3)
    with h5py.File(tmp_path / "model.hdf5", "w") as file:
        file.attrs["model_config"] = json.dumps(config)
        file.create_group("model_weights/x").attrs["weight_names"] = []
        group = file.create_group("model_weights/c")
        group.attrs["weight_names"] = [b"c_1/kernel:0"]
        group["c_1/kernel:0"] = kernel
    read, weights = read_hdf5(tmp_path / "model.hdf5")
    assert read == config
    assert weights.keys() == {"x", "c"} and weights["c"].keys() == {"kernel"}
    np.testing.assert_array_equal(weights["c"]["kernel"], kernel)


@pytest.mark.parametrize(
    "config, message",
    [
        ({"class_name": "Sequential"}, "model: expected Model or Functional, got Seq"),
        (network((4,), layer("LSTM", "l", "x")), "l: expected one of .*, got LSTM"),
        (
            network((4,), layer("Activation", "a", "x", activation="selu")),
            "a: expected one of linear, softmax, relu, .*, got selu",
        ),
        (network((4, None, 1), layer("Flatten", "f", "x")), "x: expected a fixed size"),
        (
            network(
                (4, 4, 1),
                layer(
                    "MaxPooling2D",
                    "p",
                    "x",
                    pool_size=[2, 2],
                    data_format="channels_first",
                ),
            ),
            "p: expected data_format channels_last, got channels_first",
        ),
        (
            network((4, 4, 2), layer("BatchNormalization", "n", "x", axis=1)),
            r"n: expected axis -1 or 3 or \[3\], got 1",
        ),
        (network((4, 4, 2), layer("Dense", "d", "x")), "d: expected a flat input"),
    ],
)
def test_what_is_not_known_is_refused(config: Any, message: str) -> None:
    with pytest.raises(KerasError, match=message):
        convert(config, {})
