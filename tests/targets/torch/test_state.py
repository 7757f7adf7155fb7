"""Keys and arrays of the state: programs by hand, and what PyTorch's exporter writes."""

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
from onnx2py.targets.network.layers import find_layers
from onnx2py.targets.network.state import state_of
from onnx2py.targets.target import Target
from tests.targets.torch.layers_support import check, draw, layers, step
from tests.targets.torch.models import loaded
from tests.targets.torch.networks import Attending, Net, Words, onnx_file, randomized

PLAIN = Target(
    "plain", ("torch",), KERNELS, rules=(), left_out=frozenset(["fold_batch_norm"])
)
"""Programs of kernels, with what can be trained."""


def exported(module: nn.Module, *inputs: torch.Tensor):
    """Return the program of a module as PyTorch's older exporter writes it, with its layers."""
    front = read(onnx_file(module, *inputs), options_of({"flat": True}))
    program = find_layers(replace(front, target=PLAIN).program())
    check_program(program, "find_layers")
    return program


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


class Tied(nn.Module):
    """Modules that have each other's parameters: the older exporter stores each once."""

    def __init__(self) -> None:
        super().__init__()
        self.shared, self.encoder = nn.Embedding(9, 6), Encoder()
        self.encoder.embed.weight = self.shared.weight
        self.head = Head()

    def forward(self, ids):
        return self.head(self.encoder(ids))


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed, self.norm = nn.Embedding(9, 6), nn.LayerNorm(6)

    def forward(self, ids):
        return self.norm(self.embed(ids))


class Head(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.dense, self.decoder = nn.Linear(6, 6), nn.Linear(6, 7)
        self.bias = nn.Parameter(torch.zeros(7))
        self.decoder.bias = self.bias

    def forward(self, x):
        return self.decoder(torch.tanh(self.dense(x)))


class Reading(nn.Module):
    """Functions of the parameters of other modules, which are no modules themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.inner = nn.Linear(6, 6), Reader()
        self.inner.other = self.table

    def forward(self, x):
        return self.inner(x)


class Reader(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(6)
        self.other: nn.Module

    def forward(self, x):
        return nn.functional.linear(self.norm(x), self.other.weight)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_tied_weights_have_all_keys_that_the_file_tells():
    module = randomized(Tied())
    ids = torch.zeros(2, 3, dtype=torch.int64)
    ours = loaded(onnx_file(module, ids, do_constant_folding=False))
    found = ours.state_dict()
    assert {*found} == {*module.state_dict()}
    for key, value in module.state_dict().items():
        torch.testing.assert_close(found[key], value, rtol=0.0, atol=0.0)
    assert ours.shared.weight is ours.encoder.embed.weight
    assert ours.head.bias is ours.head.decoder.bias


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_a_function_of_the_weight_of_another_module_is_no_module():
    module = randomized(Reading())
    file = onnx_file(module, torch.rand(2, 6), do_constant_folding=False)
    found = loaded(file).state_dict()
    # the file has no bias, which nothing reads, and the first name of the table alone
    assert {*found} == {"table.weight", "inner.norm.weight", "inner.norm.bias"}


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
