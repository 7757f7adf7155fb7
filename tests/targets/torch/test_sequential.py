"""Modules whose parts have numbers alone: ``nn.Sequential``, of which the file has the layers."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import onnx2py

from .networks import onnx_file, randomized

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::UserWarning"
)


class Residual(nn.Sequential):
    """Four layers, to whose result the input is added."""

    def __init__(self) -> None:
        super().__init__(
            nn.LayerNorm(6),
            nn.Linear(6, 9),
            nn.ReLU(),
            nn.Linear(9, 9),
            nn.Linear(9, 6),
        )

    def forward(self, x):
        y = self[3](torch.sin(self[2](self[1](self[0](x)))))
        return x + self[4](torch.tanh(y)) * torch.sigmoid(x)


class Deep(nn.Module):
    """Such parts in a list."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Residual() for _ in range(4))

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


class Scaled(nn.Sequential):
    """A function of a parameter of the first layer."""

    def forward(self, x):
        return self[1](nn.functional.linear(x, self[0].weight * 2, self[0].bias))


NETWORKS = {
    "layers": nn.Sequential(nn.Linear(6, 9), nn.ReLU(), nn.Linear(9, 6)),
    "the first is none": nn.Sequential(nn.Tanh(), nn.Linear(6, 9)),
    "lists inside": nn.Sequential(
        nn.Sequential(nn.Linear(6, 9), nn.ReLU()), nn.LayerNorm(9)
    ),
    "classes": Deep(),
    "parts": nn.Sequential(nn.Linear(6, 6), *(Residual() for _ in range(4))),
    "a function": Scaled(nn.Linear(6, 9), nn.Linear(9, 6)),
}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("flat", [False, True])
def test_the_state_and_the_result_are_the_originals(name, flat):
    original, x = randomized(NETWORKS[name]), torch.rand(2, 6)
    file = onnx_file(original, x, do_constant_folding=False)
    module = onnx2py.load_model(file, target="torch", flat=flat)
    found, expected = module.state_dict(), original.state_dict()
    assert {*found} == {*expected}
    for key, value in expected.items():
        torch.testing.assert_close(found[key], value, rtol=0.0, atol=0.0)
    torch.testing.assert_close(module(x), original(x))


def test_layers_are_items(tmp_path):
    file = onnx_file(NETWORKS["layers"], torch.rand(2, 6))
    onnx2py.compile_model(file, tmp_path / "net", target="torch")
    text = (tmp_path / "net" / "model.py").read_text("utf-8")
    assert "class Model(nn.Sequential):" in text
    assert "self[0](" in text and "self[2](" in text and "get_submodule" not in text
