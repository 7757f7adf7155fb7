"""What repeats in a network: classes of modules, at the places of the originals."""

from __future__ import annotations

import importlib
import re
import sys

import pytest
import torch
from torch import nn

import onnx2py
from tests.targets.torch.networks import onnx_file, randomized

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::UserWarning"
)


class Mlp(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, 12), nn.Linear(12, width)

    def forward(self, x):
        y = torch.tanh(self.fc1(x)) * torch.sigmoid(x.mean())
        return self.fc2(torch.sin(y) + torch.cos(y) * 0.5)


class Layer(nn.Module):
    """A layer with parts of its own, and a parameter that is in no layer."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(6)
        self.attn = nn.MultiheadAttention(6, 2)
        self.mlp = Mlp(6)
        self.gain = nn.Parameter(torch.ones(6))
        self.scale = nn.Parameter(torch.tensor(0.5))

    def forward(self, x, table):
        y = self.norm(x) + table
        y, _ = self.attn(y, y, y, need_weights=False)
        x = x + self.gain * torch.tanh(y)
        return x + torch.cos(self.mlp(torch.sin(x))) * self.scale


class Tower(nn.Module):
    """Four layers in a list, which are given a table that none of them holds."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(3, 6)
        self.layers = nn.ModuleList([Layer() for _ in range(4)])
        self.head = nn.Linear(6, 2)
        self.register_buffer("table", torch.linspace(0, 1, 30).reshape(5, 6), False)

    def forward(self, x):
        x = self.embed(x)
        for layer in self.layers:
            x = layer(x, self.table * 2 + 1)
        return self.head(x)


class Twice(nn.Module):
    """Two towers of the same layers, one after the other, below one module."""

    def __init__(self) -> None:
        super().__init__()
        self.towers = nn.ModuleDict({"a": Tower(), "b": Tower()})
        self.between = nn.Linear(2, 3)

    def forward(self, x):
        return self.towers["b"](torch.relu(self.between(self.towers["a"](x))))


class Stages(nn.Module):
    """Layers that belong together in pairs, apart from each other."""

    def __init__(self) -> None:
        super().__init__()
        self.layer1 = nn.ModuleList([Layer(), Layer()])
        self.layer2 = nn.ModuleList([Layer(), Layer()])
        self.between = nn.Linear(6, 6)
        self.register_buffer("table", torch.linspace(0, 1, 30).reshape(5, 6), False)

    def forward(self, x):
        for layer in self.layer1:
            x = layer(x, self.table)
        x = self.between(torch.relu(x))
        for layer in self.layer2:
            x = layer(x, self.table)
        return x


NETWORKS = {
    Tower: torch.rand(2, 5, 3),
    Twice: torch.rand(2, 5, 3),
    Stages: torch.rand(2, 5, 6),
}


def compiled(file: bytes, folder, **options):
    """Compile for PyTorch into a package with classes; return its module and its text."""
    name = f"made_{abs(hash(file))}"
    onnx2py.compile_model(file, folder / name, target="torch", **options)
    sys.path.insert(0, str(folder))
    try:
        package = importlib.import_module(name)
    finally:
        sys.path.remove(str(folder))
    return package.Model(), (folder / name / "model.py").read_text("utf-8")


@pytest.fixture(scope="module", params=NETWORKS, ids=lambda n: n.__name__)
def network(request, tmp_path_factory):
    """A network, its input, the module made of it and the text of that."""
    module = randomized(request.param())
    x = NETWORKS[request.param]
    file = onnx_file(module, x)
    return module, x, *compiled(file, tmp_path_factory.mktemp("blocks"))


def test_results_and_states_are_the_originals(network):
    module, x, ours, text = network
    assert re.search(r"^class (Tower)?Layer\(nn\.Module\):", text, re.MULTILINE)
    own, theirs = ours.state_dict(), module.state_dict()
    assert {*own} == {*theirs}
    for key, value in theirs.items():
        torch.testing.assert_close(own[key], value, rtol=0, atol=0)
    torch.testing.assert_close(ours(x), module(x), rtol=1e-4, atol=1e-5)


def test_checkpoints_and_gradients_are_the_originals(network):
    module, x, ours, _ = network
    other = randomized(type(module)()).eval()
    again = type(ours)(weights=None)
    again.load_state_dict(other.state_dict(), strict=True)
    torch.testing.assert_close(again(x), other(x), rtol=1e-4, atol=1e-5)
    for each in (again, other):
        (each(x) ** 2).sum().backward()
    theirs = dict(other.named_parameters())
    for key, parameter in again.named_parameters():
        torch.testing.assert_close(
            parameter.grad, theirs[key].grad, rtol=1e-3, atol=1e-4
        )


def test_modules_are_where_the_originals_are(network):
    module, _, ours, _ = network
    for path, each in module.named_modules():
        if isinstance(each, Layer):
            own = type(ours.get_submodule(path)).__name__
            assert own == ("TowerLayer" if path.startswith("towers") else "Layer")


def test_one_page(tmp_path):
    """What a reader sees: a class that has its own layers, a list of instances, a loop."""
    module = randomized(Tower())
    _, text = compiled(onnx_file(module, NETWORKS[Tower]), tmp_path)
    layer = text[text.index("class Layer(") : text.index("class Model(")]
    assert "self.gain = nn.Parameter(torch.zeros(6))" in layer
    assert "self.norm = nn.LayerNorm(6)" in layer and "self.norm(" in layer
    assert "self.layers = nn.ModuleList([Layer() for _ in range(4)])" in text
    loop = re.search(r"for layer in self\.layers:\n\s+(\w+) = layer\((.*)\)", text)
    assert loop and loop[2].startswith(f"{loop[1]}, ")  # and the table


def test_parts_of_lists(tmp_path):
    module = randomized(Stages())
    _, text = compiled(onnx_file(module, NETWORKS[Stages]), tmp_path)
    assert re.search(r"for \w+ in self.layer1:", text)
    assert re.search(r"for \w+ in self.layer2:", text)


def test_flat_packages_have_no_classes(tmp_path):
    module = randomized(Tower())
    x = NETWORKS[Tower]
    ours, text = compiled(onnx_file(module, x), tmp_path, flat=True)
    assert text.count("\nclass ") == 1
    assert {*ours.state_dict()} == {*module.state_dict()}
    torch.testing.assert_close(ours(x), module(x), rtol=1e-4, atol=1e-5)


def test_devices_and_types(network):
    """Tensors that a block makes are where the model is."""
    _, x, ours, _ = network
    there = type(ours)(weights=None).to("meta")
    assert there(x.to("meta")).device.type == "meta"
    doubled = type(ours)().double()
    with pytest.raises(ValueError, match="expected"):
        doubled(x.to(torch.int32))
