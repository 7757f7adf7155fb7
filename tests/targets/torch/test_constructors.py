"""The arguments of constructors, compared with what PyTorch's classes take."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from torch import nn

from onnx2py.errors import InternalError
from onnx2py.ir.program import Call, Program
from onnx2py.kernels.conv import conv
from onnx2py.plan.outline.tokens import form_of
from onnx2py.targets.network.constructors import (
    ALWAYS,
    all_arguments,
    constructor_of,
    written_arguments,
)
from onnx2py.targets.network.layers import find_layers
from tests.targets.torch.layers_support import draw, program, step

NAMES = [
    *(f"{name}{axes}d" for name in ("Conv", "ConvTranspose") for axes in (1, 2, 3)),
    *(f"{name}{axes}d" for name in ("BatchNorm", "InstanceNorm") for axes in (1, 2, 3)),
    *("Linear", "LayerNorm", "RMSNorm", "GroupNorm", "Embedding", "PReLU", "Dropout"),
]
RECURRENT = ["LSTM", "GRU", "RNN"]


@pytest.mark.parametrize("name", NAMES)
def test_constructors_are_those_of_pytorch(name: str) -> None:
    theirs = inspect.signature(getattr(nn, name)).parameters
    ours = constructor_of(name)
    assert [*theirs][: len(ours.places)] == [*ours.places]
    for key, default in {**ours.places, **ours.options}.items():
        if default is not ALWAYS:
            assert theirs[key].default == default
            assert type(theirs[key].default) is type(default)


@pytest.mark.parametrize("name", RECURRENT)
def test_recurrent_layers_have_the_defaults_of_pytorch(name: str) -> None:
    module, made = getattr(nn, name)(3, 5), constructor_of(name)
    assert [*made.places] == ["input_size", "hidden_size"]
    assert (module.input_size, module.hidden_size) == (3, 5)
    for key, default in made.options.items():
        assert getattr(module, key) == default


def test_only_what_is_no_default_is_written() -> None:
    given = all_arguments("Conv2d", (3, 8, 1), {"stride": 2, "padding": None})
    assert given == {
        "in_channels": 3, "out_channels": 8, "kernel_size": 1, "stride": 2,
        "padding": 0, "dilation": 1, "groups": 1, "bias": True,
    }  # fmt: skip
    assert written_arguments("Conv2d", given) == ([3, 8, 1], {"stride": 2})
    assert written_arguments("PReLU", all_arguments("PReLU", (), {})) == ([], {})
    assert written_arguments("Dropout", {"p": 0.5}) == ([], {"p": 0.5})


def test_mistaken_arguments_are_refused() -> None:
    with pytest.raises(InternalError, match="nn.GRU"):
        all_arguments("GRU", (3, 5), {"nonlinearity": "relu"})
    with pytest.raises(InternalError, match="nn.Linear"):
        all_arguments("Linear", (3,), {})


def test_layers_of_other_sizes_are_alike() -> None:
    one, two = _convolution(4, 8, 1), _convolution(8, 16, 2)
    assert one.function == two.function
    assert form_of(one, {"w": 0}).key == form_of(two, {"w": 0}).key
    assert form_of(one, {"w": 0}).literals != form_of(two, {"w": 0}).literals


def _convolution(channels: int, out: int, stride: int) -> Call:
    x, w = draw(1, channels, 8, 8), draw(out, channels, 3, 3)
    call = step(conv, ("x", "w"), "y", "net.conv", strides=(stride, stride))
    found: Program = find_layers(program({"x": x}, {"w": w}, call))
    (statement,) = found.statements
    assert isinstance(statement.operation, Call)
    assert np.shape(found.weights["w"]) == (out, channels, 3, 3)
    return statement.operation
