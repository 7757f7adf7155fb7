"""Rules S2 to S4: weights of few bits become floats once, compared with onnxruntime."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

import onnx2py
from onnx2py.plan import unpack

N, K, BLOCK = 6, 70, 32
RNG = np.random.default_rng(3)


def model_of(node, weights, inputs, opset=21) -> ModelProto:
    """Return a model of one node of com.microsoft, whose result has an unknown type."""
    graph = helper.make_graph(
        [node],
        "g",
        inputs,
        [
            helper.make_tensor_value_info(
                node.output[0], inputs[0].type.tensor_type.elem_type, None
            )
        ],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def product(dtype=np.float32, bits=4, zeros=True, bias=True, level=0, listed=()):
    """Return a model of one MatMulNBits; ``listed`` are weights that a caller may change."""
    blocks = -(-K // BLOCK)
    weights = {
        "b": RNG.integers(0, 256, (N, blocks, BLOCK * bits // 8)).astype(np.uint8),
        "scales": RNG.uniform(-0.1, 0.1, (N, blocks)).astype(dtype),
    }
    if zeros:
        shape = (N, -(-blocks * bits // 8))
        weights["zeros"] = RNG.integers(0, 256, shape).astype(np.uint8)
    if bias:
        weights["bias"] = RNG.standard_normal(N).astype(dtype)
    names = ["a", "b", "scales", "zeros" if zeros else "", "", "bias" if bias else ""]
    node = helper.make_node(
        *("MatMulNBits", names, ["y"], "product", None, "com.microsoft"),
        **{"N": N, "K": K, "block_size": BLOCK, "bits": bits, "accuracy_level": level},
    )
    element = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    inputs = [helper.make_tensor_value_info("a", element, ["batch", "rows", K])]
    inputs += [
        helper.make_tensor_value_info(
            name,
            helper.np_dtype_to_tensor_dtype(weights[name].dtype),
            weights[name].shape,
        )
        for name in listed
    ]
    return model_of(node, weights, inputs)


def check(model, tmp_path, *feeds, tolerance=1e-4):
    """Compile, compare with onnxruntime, and return the source of a call."""
    names = [i.name for i in model.graph.input][: len(feeds)]
    session = onnxruntime.InferenceSession(model.SerializeToString())
    expected = session.run(None, dict(zip(names, feeds)))
    onnx2py.compile_model(model, tmp_path / "pkg", overridable=True)
    results = onnx2py.load_model(model, overridable=True)(*feeds)
    results = results if isinstance(results, tuple) else (results,)
    for ours, theirs in zip(results, expected):
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(
            ours.astype("f8"), theirs.astype("f8"), rtol=tolerance, atol=tolerance
        )
    source = (tmp_path / "pkg/model.py").read_text()
    return source[source.index("def __call__") :]


@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("zeros", [True, False])
@pytest.mark.parametrize("level", [0, 4])
def test_s2_a_product_with_integers_in_blocks(tmp_path, bits, zeros, level):
    a = RNG.standard_normal((2, 3, K)).astype(np.float32)
    source = check(product(bits=bits, zeros=zeros, level=level), tmp_path, a)
    assert "ops.matmul_nbits_unpacked(" in source
    assert ("block_size=32" in source) is (level == 4)


def test_s2_half_floats(tmp_path):
    a = RNG.standard_normal((2, 3, K)).astype(np.float16)
    source = check(product(np.float16, bias=False), tmp_path, a, tolerance=5e-3)
    assert "ops.matmul_nbits_unpacked(" in source


def test_s2_leaves_weights_that_a_caller_may_change(tmp_path):
    a = RNG.standard_normal((1, 1, K)).astype(np.float32)
    source = check(product(listed=["scales"]), tmp_path, a)
    assert "ops.matmul_nbits(" in source


def test_s2_leaves_what_would_take_too_much_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(unpack, "UNPACKED_BYTES", 4 * N * K - 1)
    a = RNG.standard_normal((1, 1, K)).astype(np.float32)
    assert "ops.matmul_nbits(" in check(product(), tmp_path, a)


@pytest.mark.parametrize("transposed", [0, 1])
def test_s3_a_product_with_floats_of_four_bits(tmp_path, transposed):
    weights = {
        "b": RNG.integers(0, 256, -(-N * K // 2)).astype(np.uint8),
        "absmax": RNG.uniform(0.5, 2, -(-N * K // 16)).astype(np.float32),
    }
    node = helper.make_node(
        *("MatMulBnb4", ["a", *weights], ["y"], "product", None, "com.microsoft"),
        **{"N": N, "K": K, "block_size": 16, "quant_type": 1, "transB": transposed},
    )
    length = K if transposed else N
    inputs = [helper.make_tensor_value_info("a", TensorProto.FLOAT, ["rows", length])]
    a = RNG.standard_normal((3, length)).astype(np.float32)
    model = model_of(node, weights, inputs)
    if transposed:
        assert "bnb4" not in check(model, tmp_path, a)
    # Without transB, onnxruntime returns what lay in memory before.
    plain, planned = (onnx2py.load_model(model, level=level)(a) for level in (0, 1))
    np.testing.assert_allclose(planned, plain, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("each", [True, False])
def test_s4_an_lstm_with_weights_of_eight_bits(tmp_path, each):
    directions, size, hidden = 2, 5, 7
    per = (directions, 4 * hidden) if each else (directions,)
    weights = {
        "w": RNG.integers(-128, 128, (directions, size, 4 * hidden)).astype(np.int8),
        "r": RNG.integers(-128, 128, (directions, hidden, 4 * hidden)).astype(np.int8),
        "b": RNG.standard_normal((directions, 8 * hidden)).astype(np.float32),
        "w_scale": RNG.uniform(0.001, 0.01, per).astype(np.float32),
        "w_zero": np.zeros(per, np.int8),
        "r_scale": RNG.uniform(0.001, 0.01, per).astype(np.float32),
        "r_zero": np.zeros(per, np.int8),
    }
    names = [
        "x",
        "w",
        "r",
        "b",
        "",
        "",
        "",
        "",
        "w_scale",
        "w_zero",
        "r_scale",
        "r_zero",
    ]
    node = helper.make_node(
        *("DynamicQuantizeLSTM", names, ["y", "h", "c"], "lstm", None, "com.microsoft"),
        **{"direction": "bidirectional", "hidden_size": hidden},
    )
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [4, "batch", size])]
    x = RNG.standard_normal((4, 3, size)).astype(np.float32)
    # A hidden state between two steps may be rounded to the other one.
    source = check(model_of(node, weights, inputs), tmp_path, x, tolerance=1e-2)
    assert "self.w_unpacked" in source and "self.r_unpacked" in source
