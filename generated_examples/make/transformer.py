"""A transformer block that decodes with a KV cache, as exporters lay one out.

The keys and values of earlier tokens come in and go out longer; the causal mask is computed
from the shapes, so that one file serves a prompt of any length and the single tokens
after it. The weights are random, but the same on every machine.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 20  # the first with Gelu
HEADS, HEAD_WIDTH = 4, 8
WIDTH = HEADS * HEAD_WIDTH
HIDDEN = 4 * WIDTH

Array = NDArray[Any]


def make_model() -> onnx.ModelProto:
    """Build the block."""
    graph = helper.make_graph(
        [*_attention(), *_feed_forward()],
        "transformer_block",
        [
            _value("hidden", ["batch", "sequence", WIDTH]),
            _value("past_key", ["batch", HEADS, "past", HEAD_WIDTH]),
            _value("past_value", ["batch", HEADS, "past", HEAD_WIDTH]),
        ],
        [
            _value("output", ["batch", "sequence", WIDTH]),
            _value("key", ["batch", HEADS, "total", HEAD_WIDTH]),
            _value("value", ["batch", HEADS, "total", HEAD_WIDTH]),
        ],
        [numpy_helper.from_array(v, k) for k, v in _weights().items()],
    )
    opset = helper.make_opsetid("", OPSET)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=9)
    model.producer_name = "generated_examples.make.transformer"
    return model


def make_inputs() -> list[Array]:
    """Return two sequences of three tokens each, with five tokens before them."""
    rng = np.random.default_rng(1)
    past = (2, HEADS, 5, HEAD_WIDTH)
    return [_draw(rng, shape) for shape in ((2, 3, WIDTH), past, past)]


def _attention() -> list[onnx.NodeProto]:
    return [
        *_layer_norm("attention_norm", "hidden"),
        *_linear("qkv", "attention_norm"),
        _node("Split", "split_qkv", ["qkv"], ["q", "k", "v"], axis=2, num_outputs=3),
        *(node for name in "qkv" for node in _split_heads(name)),
        _node("Concat", "append_key", ["past_key", "k_heads"], ["key"], axis=2),
        _node("Concat", "append_value", ["past_value", "v_heads"], ["value"], axis=2),
        _node("Transpose", "transpose_key", ["key"], ["key_t"], perm=[0, 1, 3, 2]),
        _node("MatMul", "scores", ["q_heads", "key_t"]),
        _node("Mul", "scaled_scores", ["scores", "scale"]),
        *_causal_mask(),
        _node("Where", "masked_scores", ["causal", "scaled_scores", "minus_infinity"]),
        _node("Softmax", "attention", ["masked_scores"], axis=-1),
        _node("MatMul", "context", ["attention", "value"]),
        _node("Transpose", "context_t", ["context"], perm=[0, 2, 1, 3]),
        _node("Reshape", "merged", ["context_t", "merged_shape"]),
        *_linear("projection", "merged"),
        _node("Add", "after_attention", ["hidden", "projection"]),
    ]


def _feed_forward() -> list[onnx.NodeProto]:
    return [
        *_layer_norm("mlp_norm", "after_attention"),
        *_linear("mlp_up", "mlp_norm"),
        _node("Gelu", "mlp_act", ["mlp_up"], approximate="tanh"),
        *_linear("mlp_down", "mlp_act"),
        _node("Add", "add_mlp", ["after_attention", "mlp_down"], ["output"]),
    ]


def _causal_mask() -> list[onnx.NodeProto]:
    """A token sees those before it and itself: key position <= query position."""
    return [
        _node("Shape", "sequence_length", ["hidden"], start=1, end=2),
        _node("Shape", "total_length", ["key"], start=2, end=3),
        _node("Squeeze", "sequence", ["sequence_length"]),
        _node("Squeeze", "total", ["total_length"]),
        _node("Sub", "first", ["total", "sequence"]),
        _node("Range", "key_positions", ["zero", "total", "one"]),
        _node("Range", "query_positions", ["first", "total", "one"]),
        _node("Unsqueeze", "query_column", ["query_positions", "last_axis"]),
        _node("LessOrEqual", "causal", ["key_positions", "query_column"]),
    ]


def _split_heads(name: str) -> list[onnx.NodeProto]:
    """[batch, sequence, width] -> [batch, heads, sequence, width of a head]."""
    return [
        _node("Reshape", f"{name}_split", [name, "heads_shape"]),
        _node("Transpose", f"{name}_heads", [f"{name}_split"], perm=[0, 2, 1, 3]),
    ]


def _layer_norm(name: str, x: str) -> list[onnx.NodeProto]:
    inputs = [x, f"{name}.weight", f"{name}.bias"]
    return [_node("LayerNormalization", name, inputs, axis=-1, epsilon=1e-5)]


def _linear(name: str, x: str) -> list[onnx.NodeProto]:
    product = f"{name}_matmul"
    return [
        _node("MatMul", product, [x, f"{name}.weight"]),
        _node("Add", name, [product, f"{name}.bias"]),
    ]


def _node(
    operator: str,
    name: str,
    inputs: list[str],
    outputs: list[str] | None = None,
    **attributes: Any,
) -> onnx.NodeProto:
    """Make a node, whose output has its name unless others are given."""
    return helper.make_node(operator, inputs, outputs or [name], name, **attributes)


def _value(name: str, shape: list[int | str]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _weights() -> dict[str, Array]:
    rng = np.random.default_rng(0)
    weights: dict[str, Array] = {}
    for name in ("attention_norm", "mlp_norm"):
        weights[f"{name}.weight"] = 1 + _draw(rng, (WIDTH,)) / 8
        weights[f"{name}.bias"] = _draw(rng, (WIDTH,)) / 8
    for name, (columns, rows) in {
        "qkv": (3 * WIDTH, WIDTH),
        "projection": (WIDTH, WIDTH),
        "mlp_up": (HIDDEN, WIDTH),
        "mlp_down": (WIDTH, HIDDEN),
    }.items():
        weights[f"{name}.weight"] = _draw(rng, (rows, columns)) / 4
        weights[f"{name}.bias"] = _draw(rng, (columns,)) / 8
    return {
        **weights,
        "heads_shape": np.array([0, 0, HEADS, HEAD_WIDTH]),
        "merged_shape": np.array([0, 0, WIDTH]),
        "scale": np.array(HEAD_WIDTH**-0.5, np.float32),
        "minus_infinity": np.array(-np.inf, np.float32),
        "zero": np.array(0),
        "one": np.array(1),
        "last_axis": np.array([1]),
    }


def _draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draw from -1 to 1 in steps of 1/1024: exact, hence the same on every machine."""
    drawn = rng.integers(-1024, 1025, shape).astype(np.float32)
    return np.asarray(drawn / np.float32(1024))
