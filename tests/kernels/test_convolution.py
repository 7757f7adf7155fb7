"""Convolutions as objects compute what their kernels do, with the weights that they load."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from onnx2py.kernels.conv import conv
from onnx2py.kernels.conv_packed import conv_packed, packed_weight
from onnx2py.kernels.conv_winograd import conv_winograd, winograd_weight
from onnx2py.kernels.convolution import Conv

RANDOM = np.random.default_rng(3)
X = RANDOM.normal(size=(2, 4, 9, 10)).astype(np.float32)
WEIGHT = RANDOM.normal(size=(5, 4, 3, 3)).astype(np.float32)
BIAS = RANDOM.normal(size=5).astype(np.float32)


def loader(asked, **arrays):
    def load(name, kind):
        asked.append((name, kind))
        return arrays[name.rpartition(".")[2]]

    return load


@pytest.mark.parametrize(
    "kernel, prepare",
    [(conv_packed, None), (conv_winograd, partial(winograd_weight, tile=4))],
)
def test_a_convolution_loads_and_prepares_its_weights(kernel, prepare):
    asked = []
    load = loader(asked, weight=packed_weight(WEIGHT), bias=BIAS)
    layer = Conv(
        load,
        "layers.0.conv",
        "float32[3, 3, *, *]",
        kernel,
        prepare=prepare,
        pads=(1, 1, 1, 1),
    )
    assert asked == [
        ("layers.0.conv.weight", "float32[3, 3, *, *]"),
        ("layers.0.conv.bias", "float32[*]"),
    ]
    expected = conv(X, WEIGHT, BIAS, pads=(1, 1, 1, 1))
    np.testing.assert_allclose(layer(X), expected, rtol=1e-4, atol=1e-4)


def test_a_convolution_without_a_bias_loads_one_weight():
    asked = []
    load = loader(asked, weight=packed_weight(WEIGHT))
    layer = Conv(load, "conv", "float32[3, 3, 4, 5]", conv_packed, bias=False)
    assert asked == [("conv.weight", "float32[3, 3, 4, 5]")]
    np.testing.assert_allclose(layer(X), conv(X, WEIGHT), rtol=1e-4, atol=1e-4)
