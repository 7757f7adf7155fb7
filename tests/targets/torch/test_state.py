"""Keys and arrays of the state: programs by hand, and what PyTorch's exporter writes."""

import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from onnx2py.emit.kernel_modules import KERNELS
from onnx2py.front import read
from onnx2py.ir.check import check_program
from onnx2py.kernels.normalization import layer_normalization
from onnx2py.options import options_of
from onnx2py.targets.target import Target
from onnx2py.targets.torch.layers import find_layers
from onnx2py.targets.torch.state import state_of
from tests.targets.torch.layers_support import check, draw, layers, step

PLAIN = Target(
    "plain", ("torch",), KERNELS, rules=(), left_out=frozenset(["fold_batch_norm"])
)
"""Programs of kernels, with what can be trained."""


class Block(nn.Module):
    """A convolution with batch normalization around attention, of one kind of each layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(4)
        self.ln_1 = nn.LayerNorm(6)
        self.ln_2 = nn.LayerNorm(6)
        self.fc = nn.ModuleList([nn.Linear(6, 8), nn.Linear(8, 6, bias=False)])
        self.gamma = nn.Parameter(torch.randn(6))

    def forward(self, x):
        x = torch.relu(self.bn(self.conv(x)))
        y = self.fc[1](torch.relu(self.fc[0](self.ln_1(x))))
        return self.ln_2(x + self.gamma * y)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), nn.ReLU())
        self.blocks = nn.ModuleList([Block(), Block()])
        self.act = nn.PReLU(4)
        self.up = nn.ConvTranspose2d(4, 2, 2, stride=2)
        self.head = nn.Linear(12, 5)

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.head(self.up(self.act(x)))


class Words(nn.Module):
    """Words in, words out by the same table."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(9, 6)
        self.rnn = nn.LSTM(6, 4, 2, bidirectional=True, batch_first=True)
        self.out = nn.Linear(8, 6)
        self.words = nn.Linear(6, 9, bias=False)
        self.words.weight = self.table.weight

    def forward(self, ids):
        return self.words(self.out(self.rnn(self.table(ids))[0]))


class Attending(nn.Module):
    """Attention to what comes in, then to other tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.own, self.other = (nn.MultiheadAttention(8, 2) for _ in range(2))

    def forward(self, x, y):
        x = self.own(x, x, x, need_weights=False)[0]
        return self.other(x, y, y, need_weights=False)[0]


def exported(module: nn.Module, *inputs: torch.Tensor):
    """Return the program of a module as PyTorch's older exporter writes it, with its layers."""
    file = io.BytesIO()
    keep = torch.onnx.TrainingMode.PRESERVE  # batch normalization stays by itself
    with torch.no_grad():
        torch.onnx.export(module.eval(), inputs, file, dynamo=False, training=keep)
    front = read(file.getvalue(), options_of({"flat": True}))
    program = find_layers(replace(front, target=PLAIN).program())
    check_program(program, "find_layers")
    return program


def randomized(module: nn.Module) -> nn.Module:
    """Give a module the numbers of one that was trained: none are equal."""
    with torch.no_grad():
        for key, value in module.state_dict().items():
            if value.is_floating_point():
                value.copy_(torch.rand_like(value) + len(key) / 100)
    return module


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.parametrize("trained", [True, False])
def test_state_of_an_exported_network_is_the_modules_own(trained):
    module = randomized(Net()) if trained else Net()
    state = state_of(exported(module, torch.rand(1, 3, 13, 13)))
    own = module.state_dict()
    assert {*state.arrays} == {*own} and not state.missing
    for key, value in own.items():
        np.testing.assert_array_equal(state.arrays[key], value.numpy())
    assert state.buffers == {key for key, _ in module.named_buffers()}
    assert not state.tied


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.parametrize("trained", [True, False])
def test_state_of_attention_to_itself_and_to_others(trained):
    module = Attending()
    module = randomized(module) if trained else module
    state = state_of(exported(module, torch.rand(3, 2, 8), torch.rand(4, 2, 8)))
    own = module.state_dict()
    assert {*state.arrays} - state.constants == {*own}
    for key, value in own.items():
        np.testing.assert_array_equal(state.arrays[key], value.numpy())


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_state_of_recurrent_layers_and_tied_tables():
    module = Words()
    state = state_of(exported(module, torch.zeros(2, 3, dtype=torch.int64)))
    own = module.state_dict()
    assert {*own} <= {*state.arrays}
    for key, value in own.items():
        np.testing.assert_array_equal(state.arrays[key], value.numpy())
    assert state.tied == {"words.weight": "table.weight"}


def test_each_layer_has_its_own_zeros_and_ones():
    weights = {
        "a.norm.weight": np.ones(4, np.float32),
        "a.norm.bias": np.zeros(4, np.float32),
    }
    made = check(
        {"x": draw(3, 4)},
        weights,
        step(layer_normalization, ["x", *weights], "y", "a.norm", "LayerNorm"),
        step(layer_normalization, ["y", *weights], "z", "b.norm", "LayerNorm"),
    )
    state = state_of(made)
    keys = {f"{m}.norm.{p}" for m in "ab" for p in ("weight", "bias")}
    assert {*state.arrays} == keys and not state.tied


def test_other_weights_of_several_layers_are_tied():
    weights = {"a.norm.weight": draw(4)}
    made = check(
        {"x": draw(3, 4)},
        weights,
        step(layer_normalization, ["x", *weights], "y", "a.norm"),
        step(layer_normalization, ["y", *weights], "z", "b.norm"),
    )
    assert state_of(made).tied == {"b.norm.weight": "a.norm.weight"}


def test_a_module_that_is_called_twice_is_one():
    weights = {"a.norm.weight": draw(4)}
    made = check(
        {"x": draw(3, 4)},
        weights,
        step(layer_normalization, ["x", *weights], "y", "a.norm"),
        step(layer_normalization, ["y", *weights], "z", "a.norm_1"),
    )
    assert layers(made) == {"a.norm": "nn.LayerNorm(4, bias=False)"}
    assert {*state_of(made).arrays} == {"a.norm.weight"}


@pytest.mark.parametrize("second", [2, 1, 0])
def test_layers_without_names_are_one_if_their_numbers_are(second):
    weights = {"v1": draw(4, 4), "v2": draw(4, 4) * second}
    made = check(
        {"x": draw(3, 4)},
        weights,
        step(np.matmul, ["x", "v1"], "y", "attn"),
        step(np.matmul, ["y", "v2"], "z", "attn"),
    )
    others = {"attn_2.weight"} if second != 1 else set()
    assert {*state_of(made).arrays} == {"attn.weight"} | others


def test_equal_zeros_of_one_place_are_of_two_layers():
    zeros = np.zeros((4, 4), np.float32)
    made = check(
        {"x": draw(3, 4)},
        {"v1": zeros, "v2": zeros.copy()},
        step(np.matmul, ["x", "v1"], "y", "attn"),
        step(np.matmul, ["y", "v2"], "z", "attn"),
    )
    assert {*state_of(made).arrays} == {"attn.weight", "attn_2.weight"}


def test_a_weight_without_a_name_says_why():
    made = check(
        {"x": draw(3, 4)},
        {"onnx::Mul_7": draw(4)},
        step(np.multiply, ["x", "onnx::Mul_7"], "y"),
    )
    assert state_of(made).missing == {"mul_7": "the file calls it onnx::Mul_7"}
