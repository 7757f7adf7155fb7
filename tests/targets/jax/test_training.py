"""Packages for JAX learn: what the README shows, and a GPT."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import onnx
import optax
import pytest
from onnx import TensorProto, helper, numpy_helper

import onnx2py
from benchmarks.pages import ROOT
from tests.docs.support import blocks

EXAMPLES = ROOT / "generated_examples"


def test_the_readme_trains_a_classifier(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    onnx2py.compile_model(EXAMPLES / "mnist.onnx", tmp_path / "mnist_jax", target="jax")
    (code,) = (b for b in blocks("README.md", "python") if "mnist_jax" in b)
    namespace: dict[str, Any] = {}
    exec(code, namespace)
    digits = np.load(EXAMPLES / "digits.npz")
    pictures = digits["images"][:32].reshape(-1, 1, 28, 28).astype(np.float32) / 255
    # The classifier is good at these, so it learns other names for them.
    names = (digits["labels"][:32] + 1) % 10
    params, state, losses = namespace["params"], namespace["state"], []
    for _ in range(40):
        params, state, loss = namespace["step"](params, state, pictures, names)
        losses.append(float(loss))
    assert losses[-1] < losses[0] / 10
    probabilities = namespace["forward"](params, pictures)
    assert (probabilities.argmax(1) == names).mean() > 0.9


def test_a_gpt_learns_a_sequence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    onnx2py.compile_model(
        EXAMPLES / "gpt.onnx", tmp_path / "gpt_to_train", target="jax"
    )
    package = import_module("gpt_to_train")
    tokens = jnp.array([[5, 17, 2, 60, 33, 5, 17, 2, 60, 33, 5]])
    past = [jnp.zeros((1, 4, 0, 8))] * 8
    params = package.load_params()
    adam = optax.adamw(3e-3)

    def loss(params: Any) -> Any:
        logits = package.forward(params, tokens[:, :-1], *past).logits
        return optax.softmax_cross_entropy_with_integer_labels(
            logits, tokens[:, 1:]
        ).mean()

    @jax.jit
    def step(params: Any, state: Any) -> Any:
        value, gradient = jax.value_and_grad(loss)(params)
        changes, state = adam.update(gradient, state, params)
        return optax.apply_updates(params, changes), state, value

    state, losses = adam.init(params), []
    for _ in range(40):
        params, state, value = step(params, state)
        losses.append(float(value))
    assert losses[-1] < losses[0] / 10


def test_statistics_of_batch_normalization_are_not_trained(tmp_path: Path) -> None:
    names = ["weight", "bias", "running_mean", "running_var"]
    node = helper.make_node(
        "BatchNormalization", ["x", *(f"bn.{n}" for n in names)], ["y"]
    )
    kind = TensorProto.FLOAT
    random = np.random.default_rng(0)
    arrays = [random.random(3).astype(np.float32) + 0.5 for _ in names]
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", kind, ["n", 3, 4])],
        [helper.make_tensor_value_info("y", kind, ["n", 3, 4])],
        [numpy_helper.from_array(a, f"bn.{n}") for n, a in zip(names, arrays)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    onnx.checker.check_model(model)
    made: Any = onnx2py.load_model(model, target="jax")
    x = random.normal(size=(2, 3, 4)).astype(np.float32)
    scale, bias, mean, var = (a.reshape(1, 3, 1) for a in arrays)
    by_hand = (x - mean) / np.sqrt(var + 1e-5) * scale + bias
    np.testing.assert_allclose(made(x), by_hand, rtol=1e-5, atol=1e-6)
    forward = import_module(type(made).__module__).forward
    slopes = jax.grad(lambda p: jnp.square(forward(p, x)).sum())(made.params)["bn"]
    assert sorted(slopes) == sorted(names)
    assert not slopes["running_mean"].any() and not slopes["running_var"].any()
    assert slopes["weight"].all() and slopes["bias"].all()


def test_a_tied_table_is_one_weight(tmp_path: Path) -> None:
    """Exporters store the table of embeddings again, turned, for the last product."""
    random = np.random.default_rng(0)
    table = random.normal(size=(7, 4)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Gather", ["wte.weight", "ids"], ["h"]),
            helper.make_node("Tanh", ["h"], ["t"]),
            helper.make_node("MatMul", ["t", "onnx::MatMul_9"], ["y"]),
        ],
        "g",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, ["n"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 7])],
        [
            numpy_helper.from_array(table, "wte.weight"),
            numpy_helper.from_array(table.T.copy(), "onnx::MatMul_9"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made: Any = onnx2py.load_model(model, target="jax")
    assert jax.tree.map(jnp.shape, made.params) == {"wte": {"weight": (7, 4)}}
    ids = np.array([3, 0])
    np.testing.assert_allclose(made(ids), np.tanh(table[ids]) @ table.T, rtol=1e-5)
    forward = import_module(type(made).__module__).forward
    slope = jax.grad(lambda p: forward(p, ids).sum())(made.params)["wte"]["weight"]
    alone = np.tanh(table[ids]).sum(0)  # of rows that are not looked up
    np.testing.assert_allclose(slope[1], alone, rtol=1e-5)
