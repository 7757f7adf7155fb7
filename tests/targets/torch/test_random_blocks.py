"""Random networks of alike layers: classes have the results and the state of flat modules."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import helper, numpy_helper

from tests.targets.torch.models import computed, expected, loaded, source

WIDTH = 4
STEPS = ("linear", "bias", "gain", "norm", "tanh", "add", "shared", "cache", "table")


class Network:
    """Layers of the same steps, with what may differ between them."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.rng = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.weights: dict[str, np.ndarray] = {}
        self.caches: list[str] = []
        self.wide = self.draw.choice([WIDTH, 2 * WIDTH])
        lists = self.draw.choice(["layers", "net.stages.0.blocks", "encoder.layer"])
        steps = [self.draw.choice(STEPS) for _ in range(self.draw.randint(3, 6))]
        nested = self.draw.random() < 0.5
        self.outputs: list[str] = []
        x = "x"
        for number in range(self.draw.randint(2, 5)):
            module = f"{lists}.{number}"
            made = [x]
            for place, step in enumerate(steps):
                inner = f"{module}.sub" if nested and place > 1 else module
                made.append(self.step(step, f"{inner}.{step}{place}", made, number))
            x = self.node("Add", [made[-1], made[0]], f"{module}.end")
            if self.draw.random() < 0.2:  # something between two layers
                x = self.node("Tanh", [x], f"between{number}")
            if self.draw.random() < 0.2:
                self.outputs.append(made[1])
        self.outputs.append(x)

    def step(self, step: str, path: str, made: list[str], number: int) -> str:
        x = made[-1]
        if step == "linear":
            wide = self.wide if self.draw.random() < 0.3 else WIDTH
            up = self.weight(f"{path}.up.weight", wide, WIDTH)
            down = self.weight(f"{path}.down.weight", WIDTH, wide)
            bias = self.weight(f"{path}.down.bias", WIDTH)
            hidden = self.node("Gemm", [x, up], f"{path}.up", transB=1)
            return self.node("Gemm", [hidden, down, bias], f"{path}.down", transB=1)
        if step in ("bias", "gain"):
            one = self.draw.random() < 0.2
            weight = self.weight(path, *(() if one else (WIDTH,)))
            return self.node("Add" if step == "bias" else "Mul", [x, weight], path)
        if step == "norm":
            scale = self.weight(f"{path}.weight", WIDTH)
            shift = self.weight(f"{path}.bias", WIDTH)
            return self.node("LayerNormalization", [x, scale, shift], path)
        if step == "add":
            return self.node("Add", [x, self.draw.choice(made)], path)
        if step == "shared":
            weight = self.weight("shared.weight", WIDTH, WIDTH)
            return self.node("Gemm", [x, weight], path, transB=1)
        if step == "cache":
            name = f"cache{number}"
            if name not in self.caches:
                self.caches.append(name)
            return self.node("Mul", [x, name], path)
        if step == "table":
            own = self.draw.random() < 0.5
            table = self.weight(f"val_{number if own else 99}", 3, WIDTH)
            return self.node("Mul", [x, table], path)
        return self.node("Tanh", [x], path)

    def weight(self, name: str, *shape: int) -> str:
        if name not in self.weights:
            self.weights[name] = self.rng.standard_normal(shape).astype(np.float32)
        return name

    def node(self, operator: str, inputs: list[str], path: str, **more: Any) -> str:
        self.nodes.append(
            helper.make_node(
                operator, inputs, [f"{path}.y"], f"/{path}/{operator}", **more
            )
        )
        return f"{path}.y"

    def model(self) -> onnx.ModelProto:
        def value(name: str) -> onnx.ValueInfoProto:
            return helper.make_tensor_value_info(name, 1, [3, WIDTH])

        graph = helper.make_graph(
            self.nodes,
            "net",
            [*map(value, ["x", *self.caches])],
            [*map(value, dict.fromkeys(self.outputs))],
            [numpy_helper.from_array(array, n) for n, array in self.weights.items()],
        )
        opset = [helper.make_opsetid("", 21)]
        return helper.make_model(graph, opset_imports=opset, ir_version=10)


@pytest.mark.parametrize("seed", range(40))
def test_classes_compute_and_hold_what_flat_modules_do(seed):
    network = Network(seed)
    proto = network.model()
    feeds = {
        name: network.rng.standard_normal((3, WIDTH)).astype(np.float32)
        for name in ("x", *network.caches)
    }
    flat, module = loaded(proto), loaded(proto, flat=False)
    theirs = expected(proto, feeds)
    for ours, other in zip(computed(module, feeds), theirs):
        np.testing.assert_allclose(ours, other, rtol=1e-3, atol=1e-4)
    state, own = flat.state_dict(), module.state_dict()
    assert {*own} == {*state}
    for key, tensor in state.items():
        torch.testing.assert_close(own[key], tensor, rtol=0, atol=0)
    assert {*dict(module.named_parameters())} == {*dict(flat.named_parameters())}
    changed = {key: tensor + 0.25 for key, tensor in state.items()}
    for each in (flat, module):
        each.load_state_dict(changed)
    for ours, other in zip(computed(module, feeds), computed(flat, feeds)):
        np.testing.assert_allclose(ours, other, rtol=1e-3, atol=1e-4)


def test_some_have_classes():
    """Else the test above would compare nothing."""
    texts = [source(loaded(Network(s).model(), flat=False)) for s in range(12)]
    assert sum(text.count("\nclass ") > 1 for text in texts) > 4
