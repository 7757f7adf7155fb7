"""Rule R5: what the file computes of parameters alone is trained: the module computes it."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from onnx import helper, numpy_helper
from torch import nn

from .models import loaded, model, source
from .networks import onnx_file, randomized


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


def older(module: nn.Module, *inputs: torch.Tensor) -> bytes:
    return onnx_file(module, *inputs, do_constant_folding=False)


def newer(module: nn.Module, *inputs: torch.Tensor) -> bytes:
    file = io.BytesIO()
    options = {"dynamo": True, "optimize": False, "verbose": False}
    torch.onnx.export(module.eval(), inputs, **options).save(file)
    return file.getvalue()


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.parametrize("export", [older, newer])
def test_tables_and_tokens_are_trained(export):
    original, x = randomized(Positions()), torch.randn(3, 3, 6)
    module = loaded(export(original, x))
    assert {k: v.shape for k, v in module.state_dict().items()} == {
        k: v.shape for k, v in original.state_dict().items()
    }
    weights = torch.rand(3, 2, 4, 4)
    for each in (original, module):
        (each(x) * weights).sum().backward()
    gradients = dict(module.named_parameters())
    for key, parameter in original.named_parameters():
        torch.testing.assert_close(parameter, gradients[key])
        torch.testing.assert_close(parameter.grad, gradients[key].grad)
    assert gradients["table"].grad.any() and gradients["token"].grad.any()


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
