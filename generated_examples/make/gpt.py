"""A GPT of four layers that decodes with a KV cache, as PyTorch's exporter lays one out.

Nodes and values are called after the modules that they belong to: ``/layers.2/mlp/up/MatMul``.
The keys and values of earlier tokens come in and go out longer. The weights are random, but the
same on every machine.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 20  # the first with Gelu
LAYERS, HEADS, HEAD_WIDTH = 4, 4, 8
WIDTH = HEADS * HEAD_WIDTH
TOKENS, POSITIONS = 96, 256

Array = NDArray[Any]


def make_model() -> onnx.ModelProto:
    """Build the network."""
    network = _Network()
    network.decode()
    caches = [f"{kind}_{i}" for i in range(LAYERS) for kind in ("key", "value")]
    graph = helper.make_graph(
        network.nodes,
        "gpt",
        [
            _value("tokens", ["batch", "sequence"], TensorProto.INT64),
            *(_value(f"past_{name}", _cache("past")) for name in caches),
        ],
        [
            _value("logits", ["batch", "sequence", TOKENS]),
            *(_value(f"present_{name}", _cache("total")) for name in caches),
        ],
        [numpy_helper.from_array(v, k) for k, v in network.weights.items()],
    )
    opset = helper.make_opsetid("", OPSET)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=9)
    model.producer_name = "generated_examples.make.gpt"
    return model


def make_inputs() -> list[Array]:
    """Return two sequences of three tokens each, with five tokens before them."""
    rng = np.random.default_rng(1)
    caches = [_draw(rng, (2, HEADS, 5, HEAD_WIDTH)) for _ in range(2 * LAYERS)]
    return [rng.integers(0, TOKENS, (2, 3)), *caches]


class _Network:
    """The nodes and weights, added in the order of the computation."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: dict[str, Array] = {}
        self.rng = np.random.default_rng(0)

    def decode(self) -> None:
        """Compute the logits of the next token after each."""
        positions, mask = self.positions()
        token = self.embedding("token_embedding", TOKENS, "tokens")
        position = self.embedding("position_embedding", POSITIONS, positions)
        hidden = self.add("Add", "", [token, position])
        for i in range(LAYERS):
            hidden = self.layer(f"layers.{i}", i, hidden, mask)
        normed = self.layer_norm("norm", hidden)
        self.linear("head", normed, TOKENS, output="logits")

    def positions(self) -> tuple[str, str]:
        """Number the tokens; one sees those before it and itself: key <= query."""
        past = self.add("Shape", "mask", ["past_key_0"], start=2, end=3)
        sequence = self.add("Shape", "mask", ["tokens"], start=1, end=2)
        total = self.add("Add", "mask", [past, sequence])
        zero, one = self.number("mask.zero", 0), self.number("mask.one", 1)
        axes = self.weight("mask.axes", np.array([0]))
        first, end = (self.add("Squeeze", "mask", [n, axes]) for n in (past, total))
        queries = self.add("Range", "mask", [first, end, one], ["positions"])
        keys = self.add("Range", "mask", [zero, end, one], ["key_positions"])
        last = self.weight("mask.last_axis", np.array([1]))
        column = self.add("Unsqueeze", "mask", [queries, last])
        return queries, self.add("LessOrEqual", "mask", [keys, column], ["mask"])

    def layer(self, scope: str, number: int, hidden: str, mask: str) -> str:
        """Add attention and a network of two layers to the hidden state."""
        normed = self.layer_norm(f"{scope}.attention_norm", hidden)
        attended = self.attention(f"{scope}.attention", number, normed, mask)
        hidden = self.add("Add", scope, [hidden, attended])
        normed = self.layer_norm(f"{scope}.mlp_norm", hidden)
        up = self.linear(f"{scope}.mlp.up", normed, 4 * WIDTH)
        active = self.add("Gelu", f"{scope}.mlp.act", [up], approximate="tanh")
        down = self.linear(f"{scope}.mlp.down", active, WIDTH, 4 * WIDTH)
        return self.add("Add", scope, [hidden, down])

    def attention(self, scope: str, number: int, x: str, mask: str) -> str:
        """Attend to the tokens before, whose keys and values are in the cache."""
        qkv = self.linear(f"{scope}.qkv", x, 3 * WIDTH)
        path = "/".join(("", *_modules(scope), ""))
        parts = [f"{path}{name}" for name in "qkv"]
        self.add("Split", scope, [qkv], parts, axis=2, num_outputs=3)
        query, key, value = (self.heads(scope, part) for part in parts)
        key, value = (
            self.add("Concat", scope, [f"past_{n}", new], [f"present_{n}"], axis=2)
            for n, new in ((f"key_{number}", key), (f"value_{number}", value))
        )
        columns = self.add("Transpose", scope, [key], perm=[0, 1, 3, 2])
        scores = self.add("MatMul", scope, [query, columns])
        scale = self.number(f"{path}Constant", np.float32(HEAD_WIDTH**-0.5))
        scores = self.add("Mul", scope, [scores, scale])
        least = self.number(f"{path}Constant_1", np.float32(-np.inf))
        scores = self.add("Where", scope, [mask, scores, least])
        weights = self.add("Softmax", scope, [scores], axis=-1)
        context = self.add("MatMul", scope, [weights, value])
        context = self.add("Transpose", scope, [context], perm=[0, 2, 1, 3])
        shape = self.weight(f"{scope}.merged_shape", np.array([0, 0, WIDTH]))
        merged = self.add("Reshape", scope, [context, shape])
        return self.linear(f"{scope}.projection", merged, WIDTH)

    def heads(self, scope: str, x: str) -> str:
        """[batch, sequence, width] -> [batch, heads, sequence, width of a head]."""
        shape = np.array([0, 0, HEADS, HEAD_WIDTH])
        split = self.add("Reshape", scope, [x, self.weight(f"{scope}.heads", shape)])
        return self.add("Transpose", scope, [split], [f"{x}_heads"], perm=[0, 2, 1, 3])

    def embedding(self, scope: str, count: int, indices: str) -> str:
        """Look up a row for each index."""
        table = self.weight(f"{scope}.weight", _draw(self.rng, (count, WIDTH)))
        return self.add("Gather", scope, [table, indices])

    def layer_norm(self, scope: str, x: str) -> str:
        """Normalize the last axis."""
        scale = self.weight(f"{scope}.weight", 1 + _draw(self.rng, (WIDTH,)) / 8)
        bias = self.weight(f"{scope}.bias", _draw(self.rng, (WIDTH,)) / 8)
        return self.add(
            "LayerNormalization", scope, [x, scale, bias], axis=-1, epsilon=1e-5
        )

    def linear(
        self, scope: str, x: str, columns: int, rows: int = WIDTH, output: str = ""
    ) -> str:
        """Multiply by a matrix, which is turned and has lost its name, and add a bias."""
        matrix = _draw(self.rng, (rows, columns)) / 4
        turned = self.weight(f"onnx::MatMul_{len(self.weights)}", matrix)
        bias = self.weight(f"{scope}.bias", _draw(self.rng, (columns,)) / 8)
        product = self.add("MatMul", scope, [x, turned])
        return self.add("Add", scope, [product, bias], [output] if output else None)

    def add(
        self,
        operator: str,
        scope: str,
        inputs: list[str],
        outputs: list[str] | None = None,
        **attributes: Any,
    ) -> str:
        """Add a node, called after its module and operator, and return its first output."""
        path = "/".join(("", *_modules(scope), operator))
        taken = sum(n.name == path or n.name.startswith(f"{path}_") for n in self.nodes)
        name = f"{path}_{taken}" if taken else path
        made = outputs or [f"{name}_output_0"]
        self.nodes.append(helper.make_node(operator, inputs, made, name, **attributes))
        return made[0]

    def weight(self, name: str, array: Array) -> str:
        """Add a tensor to the weights."""
        self.weights[name] = array
        return name

    def number(self, name: str, value: object) -> str:
        """Add a tensor without axes to the weights."""
        return self.weight(name, np.array(value))


def _modules(scope: str) -> list[str]:
    """``layers.2.mlp.up`` -> ``layers.2``, ``mlp``, ``up``: items stand with their list."""
    parts: list[str] = []
    for part in filter(None, scope.split(".")):
        if part.isdigit():
            parts[-1] += f".{part}"
        else:
            parts.append(part)
    return parts


def _cache(length: str) -> list[int | str]:
    return ["batch", HEADS, length, HEAD_WIDTH]


def _value(
    name: str, shape: list[int | str], kind: int = TensorProto.FLOAT
) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def _draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draw from -1 to 1 in steps of 1/1024: exact, hence the same on every machine."""
    drawn = rng.integers(-1024, 1025, shape).astype(np.float32)
    return np.asarray(drawn / np.float32(1024))
