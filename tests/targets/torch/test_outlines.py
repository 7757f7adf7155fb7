"""What repeats in exported networks: objects are the modules that the networks have."""

from __future__ import annotations

from dataclasses import replace

import onnx
import pytest
import torch
from torch import nn

import onnx2py
from onnx2py.front import read
from onnx2py.ir.blocks import Block, Outline
from onnx2py.ir.program import Call, Ref, walk
from onnx2py.options import options_of
from onnx2py.targets.network.layer import Layer
from tests.targets.torch.networks import onnx_file, randomized

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::UserWarning"
)


class Part(nn.Module):
    """A part of a residual network, of any width and any step."""

    def __init__(self, channels: int, out: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + x.mean())


class Residual(nn.Module):
    """Stages of parts of other widths, as ResNet has them."""

    part = Part

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3)
        self.layer1 = nn.Sequential(Part(4, 4), Part(4, 4))
        self.layer2 = nn.Sequential(Part(4, 8, 2), Part(8, 8))
        self.layer3 = nn.Sequential(Part(8, 12, 2), Part(12, 12))
        self.head = nn.Linear(12, 5)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(torch.relu(self.stem(x)))))
        return self.head(x.mean((2, 3)))


class Token(nn.Module):
    """A layer of a transformer: parts of its own, and a parameter of no layer."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(8), nn.LayerNorm(8)
        self.attn = nn.MultiheadAttention(8, 2)
        self.mlp = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 8))
        self.gamma = nn.Parameter(torch.ones(8))

    def forward(self, x, mask):
        y = self.norm1(x)
        x = x + self.attn(y, y, y, attn_mask=mask, need_weights=False)[0]
        return x + self.gamma * self.mlp(self.norm2(x))


class Tokens(nn.Module):
    """Equal layers, with norms before and after, that are given a mask."""

    part = Token

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.ModuleDict(
            {"layers": nn.ModuleList(Token() for _ in range(5))}
        )
        self.first, self.last = nn.LayerNorm(8), nn.LayerNorm(8)
        mask = torch.full((6, 6), -torch.inf).triu(1)
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, x):
        x = self.first(x)
        for layer in self.encoder["layers"]:
            x = layer(x, self.mask)
        return self.last(x)


class Scaled(nn.Module):
    """A residual part with a scale for each channel, which begins with ones."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(channels, 1, 1))
        self.conv1 = nn.Conv2d(channels, channels, 3, 1, 1)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1)

    def forward(self, x):
        y = torch.tanh(self.conv2(torch.relu(self.conv1(x))))
        return x + self.gamma * torch.sin(y)


class Scales(nn.Module):
    """Stages of such parts, of other widths."""

    part = Scaled

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.between = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 6, 2, 2)
        self.first = nn.ModuleList(Scaled(4) for _ in range(3))
        self.second = nn.ModuleList(Scaled(6) for _ in range(3))

    def forward(self, x):
        x = self.stem(x)
        for part in self.first:
            x = part(x)
        x = self.between(x)
        for part in self.second:
            x = part(x)
        return x


NETWORKS = {
    Residual: torch.rand(2, 3, 12, 12),
    Tokens: torch.rand(6, 2, 8),
    Scales: torch.rand(2, 3, 12, 12),
}


def outline_of(
    module: nn.Module, example: torch.Tensor, scopes: bool = True
) -> Outline:
    """Return the outline of a network, as if names of nodes said nothing unless ``scopes``."""
    front = read(onnx_file(module, example), options_of({"target": "torch"}))
    graph = front.decoded.graph
    if not scopes:
        graph = replace(graph, nodes=tuple(replace(n, scopes=()) for n in graph.nodes))
    front = replace(
        front,
        decoded=replace(front.decoded, graph=graph),
        target=replace(front.target, blocks=True),
    )
    outline = front.program().outline
    assert outline is not None
    return outline


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("scopes", [True, False])
def test_objects_are_the_modules_of_the_original(network, scopes: bool) -> None:
    torch.manual_seed(0)
    module = randomized(network())
    outline = outline_of(module, NETWORKS[network], scopes)
    found = {i.path for block in outline.blocks.values() for i in block.instances}
    own = {n for n, m in module.named_modules() if isinstance(m, network.part)}
    assert found == own
    (block,) = outline.blocks.values()
    assert held(block) == {
        name
        for name, part in module.get_submodule(min(own)).named_modules()
        if isinstance(part, (nn.Conv2d, nn.BatchNorm2d, nn.LayerNorm, nn.Linear))
        and not name.startswith("attn")
    }


def held(block: Block) -> set[str]:
    """Return the paths of layers within the first instance of a block, attention's apart."""
    start = len(block.instances[0].path) + 1
    functions = (s.operation.function for s in walk(block.statements) if calls(s))
    paths = (f.path[start:] for f in functions if isinstance(f, Layer))
    return {path for path in paths if not path.startswith("attn")}


def calls(statement) -> bool:
    return isinstance(statement.operation, Call)


def test_widths_and_steps_are_settings() -> None:
    outline = outline_of(randomized(Residual()), NETWORKS[Residual])
    (block,) = outline.blocks.values()
    assert len(block.settings) == 3
    given = [tuple(i.settings.values()) for i in block.instances]
    assert given == [
        (4, 4, 1), (4, 4, 1), (4, 8, 2), (8, 8, 1), (8, 12, 2), (12, 12, 1)
    ]  # fmt: skip
    first, norm = (s.operation for s in block.statements[:2])
    channels, out, stride = map(Ref, block.settings)
    assert first.kwargs == {
        "in_channels": channels, "out_channels": out, "kernel_size": 3, "stride": stride,
        "padding": 1, "dilation": 1, "groups": 1, "bias": False,
    }  # fmt: skip
    assert norm.kwargs["num_features"] == out


def test_a_shared_module_is_one_object() -> None:
    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.layer = nn.Conv2d(3, 4, 3), Part(4, 4)

        def forward(self, x):
            x = self.stem(x)
            for _ in range(4):
                x = self.layer(x)
            return x

    outline = outline_of(randomized(Shared()), NETWORKS[Residual])
    (block,) = outline.blocks.values()
    assert [i.path for i in block.instances] == ["layer"]
    assert len(block.applications) == 4


def test_others_own_nothing_of_a_module_that_is_written_flat() -> None:
    network = randomized(Tokens())

    class Reading(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = network

        def forward(self, x):
            return self.inner(x) * self.inner.encoder["layers"][2].gamma

    outline = outline_of(Reading(), NETWORKS[Tokens])
    inner, outer = outline.blocks.values()
    layers = "inner.encoder.layers"
    assert [i.path for i in inner.instances] == [f"{layers}.{i}.attn" for i in range(5)]
    assert [i.path for i in outer.instances] == [f"{layers}.{i}" for i in (0, 1, 3, 4)]


def test_lengths_of_parameters_are_arguments(tmp_path) -> None:
    module, x = randomized(Scales()), NETWORKS[Scales]
    ours = onnx2py.load_model(onnx_file(module, x), target="torch")
    assert {*ours.state_dict()} == {*module.state_dict()}
    torch.testing.assert_close(ours(x), module(x), rtol=1e-5, atol=1e-6)
    assert ours.first[2].gamma.shape == (4, 1, 1)
    assert ours.second[0].gamma.shape == (6, 1, 1)
    assert type(ours.first[2]) is type(ours.second[0])


@pytest.mark.parametrize("names", [True, False])
def test_scales_that_exporters_put_together_are_of_each_module(names: bool) -> None:
    """As PyTorch's newer exporter stores them: one constant for all that are equal."""
    module, x = Scales(), NETWORKS[Scales]
    file = onnx.load_from_string(onnx_file(module, x))
    keep = {4: "first.0.gamma", 6: "second.0.gamma"}
    for node in file.graph.node:
        for i, name in enumerate(node.input):
            if name.endswith(".gamma"):
                own = keep[4 if name.startswith("first") else 6]
                node.input[i] = own if names else f"view_{len(own)}"
    for tensor in [*file.graph.initializer]:
        if tensor.name.endswith(".gamma"):
            file.graph.initializer.remove(tensor)
            if tensor.name in keep.values():
                tensor.name = tensor.name if names else f"view_{len(tensor.name)}"
                file.graph.initializer.append(tensor)
    ours = onnx2py.load_model(file.SerializeToString(), target="torch")
    torch.testing.assert_close(ours(x), module(x), rtol=1e-5, atol=1e-6)
    theirs = {*module.state_dict()}
    if not names:
        theirs = {key.replace("gamma", "view") for key in theirs}
    assert {*ours.state_dict()} == theirs
    assert len({id(p) for p in ours.parameters()}) == len(theirs)
