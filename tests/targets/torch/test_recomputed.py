"""Rule R5: what the file computes of parameters alone is trained: the module computes it."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from onnx import helper, numpy_helper
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

import onnx2py

from .models import loaded, model, source
from .networks import onnx_file, randomized
from .versions import EXPORTED_NORMS, NEWER_EXPORTER


class Positions(nn.Module):
    """Attention with a table of relative positions, after a token that each text begins with."""

    def __init__(self) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.zeros(1, 1, 6))
        self.table = nn.Parameter(torch.zeros(7, 2))
        places = torch.arange(4)[:, None] - torch.arange(4) + 3
        self.register_buffer("places", places, persistent=False)
        self.qkv = nn.Linear(6, 12)

    def forward(self, x):
        x = torch.cat((self.token.expand(x.shape[0], -1, -1), x), 1)
        q, k = self.qkv(x).reshape(x.shape[0], 4, 2, 2, 3).permute(2, 0, 3, 1, 4)
        bias = self.table[self.places.view(-1)].view(4, 4, 2).permute(2, 0, 1)
        return (q @ k.transpose(-2, -1) + bias[None]).softmax(-1)


class Computed(nn.Module):
    """Weights of layers that are computed of parameters in each call."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(6, 18, bias=False)
        self.q_bias, self.v_bias = (nn.Parameter(torch.zeros(6)) for _ in range(2))
        self.register_buffer("k_bias", torch.zeros(6), persistent=False)
        self.conv = weight_norm(nn.Conv1d(18, 4, 3), dim=2)
        self.scaled = nn.Linear(8, 5)
        self.scale = nn.Parameter(torch.ones(5, 1))

    def forward(self, x):
        bias = torch.cat((self.q_bias, self.k_bias, self.v_bias))
        x = nn.functional.linear(x, self.qkv.weight, bias)
        x = self.conv(x.transpose(1, 2))
        weight = self.scaled.weight * self.scale
        return nn.functional.linear(x, weight, self.scaled.bias)


class Positioned(nn.Module):
    """Tables that the state has, and that it does not have; neither is trained."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("inv_freq", torch.rand(6) + 1, persistent=False)
        self.register_buffer("table", torch.rand(10, 6))
        self.register_buffer("filter", torch.rand(4, 4, 3))
        self.norm = nn.BatchNorm1d(4)
        self.fc = nn.Linear(6, 6)

    def forward(self, x):
        x = self.fc(x) * torch.sin(x * self.inv_freq) + self.table[: x.shape[1]]
        return self.norm(nn.functional.conv1d(x, self.filter))


def older(module: nn.Module, *inputs: torch.Tensor) -> bytes:
    return onnx_file(module, *inputs, do_constant_folding=False)


def newer(module: nn.Module, *inputs: torch.Tensor) -> bytes:
    file = io.BytesIO()
    options = {"dynamo": True, "optimize": False, "verbose": False}
    torch.onnx.export(module.eval(), inputs, **options).save(file)
    return file.getvalue()


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.parametrize("export", [older, pytest.param(newer, marks=NEWER_EXPORTER)])
def test_tables_and_tokens_are_trained(export):
    gradients = compared(randomized(Positions()), torch.randn(3, 3, 6), export)
    assert gradients["table"].any() and gradients["token"].any()


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.parametrize("export", [older, pytest.param(newer, marks=NEWER_EXPORTER)])
def test_weights_of_layers_are_computed_of_what_is_trained(export):
    gradients = compared(randomized(Computed()), torch.randn(3, 10, 6), export)
    assert gradients["q_bias"].any() and gradients["scale"].any()
    assert gradients["conv.parametrizations.weight.original0"].any()


@EXPORTED_NORMS
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_buffers_are_what_the_exporter_says():
    original = randomized(Positioned())
    gradients = compared(original, torch.randn(3, 4, 6), newer)
    assert {*gradients} == {"fc.weight", "fc.bias", "norm.weight", "norm.bias"}


def compared(original: nn.Module, x: torch.Tensor, export) -> dict[str, torch.Tensor]:
    """Compare states, results and gradients with the original's; return the gradients."""
    module = loaded(export(original, x))
    assert {k: v.shape for k, v in module.state_dict().items()} == {
        k: v.shape for k, v in original.state_dict().items()
    }
    y, expected = module(x), original(x)
    torch.testing.assert_close(y, expected, rtol=1e-4, atol=1e-5)
    weights = torch.rand(y.shape)
    for each in (y, expected):
        (each * weights).sum().backward()
    parameters = dict(module.named_parameters())
    assert {*parameters} == {*dict(original.named_parameters())}
    for key, parameter in original.named_parameters():
        torch.testing.assert_close(parameter, parameters[key])
        found = parameters[key].grad
        torch.testing.assert_close(found, parameter.grad, rtol=1e-4, atol=1e-4)
    return {key: parameter.grad for key, parameter in parameters.items()}


def test_what_is_computed_of_other_constants_stays_folded():
    text = """net (float[2, 3] x) => (float[2, 3] y)
        <float[3] val_1 = {1, 2, 3}, float one = {1}, float[3] w = {3, 4, 5}> {
        a = Exp (val_1) b = Add (a, one) c = Mul (x, b) d = Sin (w) y = Add (c, d) }"""
    module = loaded(model(text))
    assert {*module.state_dict()} == {"w"}
    assert "torch.sin(self.w)" in source(module) and "exp" not in source(module)
    x = torch.ones(2, 3)
    expected = np.exp([1, 2, 3]) + 1 + np.sin([3, 4, 5])
    np.testing.assert_allclose(
        module(x).detach().numpy(), expected[None].repeat(2, 0), rtol=1e-6
    )


@pytest.mark.parametrize("fresh", [True, False])
def test_fresh_zeros_are_of_the_module_that_reads_them(fresh):
    """Exporters store them once: they are not the parameter of the module with their name."""
    bias = np.zeros(6, np.float32) if fresh else np.arange(6, dtype=np.float32)
    bounds = {"0": [0], "3": [3], "6": [6]}
    nodes = [
        helper.make_node("Slice", ["a.bias", "0", "3"], ["first"], "/a/Slice"),
        helper.make_node("Add", ["x", "first"], ["y"], "/a/Add"),
        helper.make_node("Slice", ["a.bias", "3", "6"], ["second"], "/b/Slice"),
        helper.make_node("Add", ["y", "second"], ["z"], "/b/Add"),
    ]
    x, z = (helper.make_tensor_value_info(name, 1, ["n", 3]) for name in "xz")
    weights = [numpy_helper.from_array(bias, "a.bias")]
    weights += [numpy_helper.from_array(np.array(v), k) for k, v in bounds.items()]
    graph = helper.make_graph(nodes, "net", [x], [z], weights)
    opset = [helper.make_opsetid("", 21)]
    module = loaded(helper.make_model(graph, opset_imports=opset, ir_version=10))
    text = source(module)
    assert "self.a.bias[:3]" in text and ("self.a.bias[3:" in text) != fresh
    expected = 1 + bias[:3] + bias[3:]
    np.testing.assert_allclose(module(torch.ones(1, 3)).detach().numpy()[0], expected)


class Dilated(nn.Module):
    """Residual parts whose weights are normalized, each with another step between taps."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ModuleList(Part(dilation) for dilation in (2, 3, 4))

    def forward(self, x):
        for part in self.parts:
            x = part(x)
        return x


class Part(nn.Module):
    def __init__(self, dilation: int) -> None:
        super().__init__()
        conv = nn.Conv1d(6, 6, 3, dilation=dilation, padding=dilation)
        self.conv1, self.conv2 = weight_norm(conv), nn.Conv1d(6, 6, 1)
        self.conv3 = nn.Conv1d(6, 6, 3, padding=1)

    def forward(self, x):
        y = torch.sigmoid(self.conv1(torch.tanh(x)))
        return x + self.conv3(torch.relu(self.conv2(torch.tanh(y)))) * torch.sin(y)


class Scaled(nn.Module):
    """Rows of a table that are scaled, and layers without a bias."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.norm = nn.Embedding(9, 6), nn.LayerNorm(6, bias=False)
        self.conv = nn.Conv1d(3, 4, 2, bias=False)

    def forward(self, ids):
        return self.conv(self.norm(self.table(ids) * 6**0.5))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.parametrize("export", [older, pytest.param(newer, marks=NEWER_EXPORTER)])
def test_tables_stay_and_zeros_are_no_bias(export):
    original, ids = randomized(Scaled()), torch.randint(9, (2, 3))
    compared(original, ids, export)
    text = source(loaded(export(original, ids)))
    assert "nn.LayerNorm(6, bias=False)" in text
    assert "nn.Conv1d(3, 4, 2, bias=False)" in text


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.parametrize("export", [older, pytest.param(newer, marks=NEWER_EXPORTER)])
def test_classes_of_functions_with_other_options(export, tmp_path):
    original, x = randomized(Dilated()), torch.randn(1, 6, 10)
    compared(original, x, export)
    file = export(original, x)
    onnx2py.compile_model(file, tmp_path / "net", target="torch")
    text = (tmp_path / "net" / "model.py").read_text("utf-8")
    assert "class Part(nn.Module)" in text and "in self.parts:" in text
