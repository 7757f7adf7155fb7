"""Rule L12: attention by JAX's own function, where it means the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

import onnx2py

CASES: dict[str, tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], bool]] = {
    "usual": ((2, 5, 4, 8), (2, 6, 4, 8), (2, 6, 4, 8), True),
    "values of another width": ((2, 5, 4, 8), (2, 6, 4, 8), (2, 6, 4, 3), False),
    "one batch of keys": ((2, 5, 4, 8), (1, 6, 4, 8), (1, 6, 4, 8), False),
    "one head of keys": ((2, 5, 4, 8), (2, 6, 1, 8), (2, 6, 1, 8), True),
}
"""Shapes of queries, keys and values, and whether JAX's function takes them."""


def attention(shapes: tuple[tuple[int, ...], ...], mask: Any) -> onnx.ModelProto:
    """Return attention as exporters write it out, of heads that are brought to the front."""
    nodes = [
        helper.make_node("Transpose", ["q"], ["qt"], perm=[0, 2, 1, 3]),
        helper.make_node("Transpose", ["k"], ["kt"], perm=[0, 2, 3, 1]),
        helper.make_node("Transpose", ["v"], ["vt"], perm=[0, 2, 1, 3]),
        helper.make_node("Mul", ["qt", "scale"], ["qs"]),
        helper.make_node("MatMul", ["qs", "kt"], ["scores"]),
        helper.make_node("Add", ["scores", "mask"], ["masked"]),
        helper.make_node("Softmax", ["masked"], ["weights"]),
        helper.make_node("MatMul", ["weights", "vt"], ["mixed"]),
        helper.make_node("Transpose", ["mixed"], ["y"], perm=[0, 2, 1, 3]),
    ]
    kind = TensorProto.FLOAT
    inputs = [helper.make_tensor_value_info(n, kind, s) for n, s in zip("qkv", shapes)]
    arrays = {"scale": np.float32(8**-0.5), "mask": mask}
    graph = helper.make_graph(
        nodes,
        "g",
        inputs,
        [helper.make_tensor_value_info("y", kind, None)],
        [numpy_helper.from_array(np.asarray(a), n) for n, a in arrays.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("axes", [1, 2, 4])
def test_attention(case: str, axes: int, tmp_path: Path) -> None:
    *shapes, fits = CASES[case]
    random = np.random.default_rng(0)
    whole = (2, 4, 5, 6)
    mask = random.normal(size=whole[-axes:]).astype(np.float32)
    mask[..., 2] = -np.inf
    model = attention(tuple(shapes), mask)
    given = {n: random.normal(size=s).astype(np.float32) for n, s in zip("qkv", shapes)}
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (theirs,) = session.run(None, given)
    onnx2py.compile_model(model, tmp_path / "attending", target="jax")
    text = (tmp_path / "attending" / "model.py").read_text("utf-8")
    assert ("jax.nn.dot_product_attention(" in text) == fits
    ours = onnx2py.load_model(model, target="jax")(**given)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
