"""Networks as people write them, that PyTorch exports."""

from __future__ import annotations

import io

import torch
from torch import nn


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


def randomized(module: nn.Module) -> nn.Module:
    """Give a module the numbers of one that was trained: none are equal."""
    with torch.no_grad():
        for key, value in module.state_dict().items():
            if value.is_floating_point():
                value.copy_(torch.rand_like(value) + len(key) / 100)
    return module


def onnx_file(module: nn.Module, *inputs: torch.Tensor, **options: object) -> bytes:
    """Return a module as PyTorch's older exporter writes it, batch normalization by itself."""
    file = io.BytesIO()
    keep = torch.onnx.TrainingMode.PRESERVE
    with torch.no_grad():
        torch.onnx.export(
            module.eval(), inputs, file, dynamo=False, training=keep, **options
        )
    return file.getvalue()
