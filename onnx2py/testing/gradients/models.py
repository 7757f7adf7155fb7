"""Models with a Gradient node, and the differences of the model that they differentiate.

That model is computed by packages for NumPy, whose kernels the other suites hold: onnx's
ReferenceEvaluator rounds Erf to float32, and applies the newest Softmax to old models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ..engines import engine
from .cases import Derivative, anything


def arrays_of(inputs: Sequence[Any], seed: int) -> list[Any]:
    """Draw the inputs of a node."""
    random = np.random.default_rng(seed)
    found = []
    for given in inputs:
        if isinstance(given, tuple):
            shape, draw = (
                given if len(given) == 2 and callable(given[1]) else (given, anything)
            )
            found.append(np.asarray(draw(random, shape), np.float64).reshape(shape))
        else:
            found.append(given)
    return found


def models(
    which: Derivative, arrays: list[Any]
) -> tuple[Any, Any, dict[str, np.ndarray]]:
    """Return two models and their inputs: a number, and its gradients.

    The number is the sum of the outputs, each element with a weight of its own.
    """
    operator, given, attributes = which.operator, which.inputs, which.attributes
    opset, count = which.opset, which.outputs
    feeds, weights, names = {}, [], []
    for i, (array, kind) in enumerate(zip(arrays, given)):
        names.append("" if array is None else f"x{i}")
        if isinstance(kind, tuple) or array is not None and array.dtype == np.float64:
            feeds[f"x{i}"] = array
        elif array is not None:
            weights.append(numpy_helper.from_array(array, f"x{i}"))
    outputs = [f"y{i}" for i in range(count)]
    node = helper.make_node(operator, names, outputs, name="it", **attributes)
    results = _run(_model([node], feeds, weights, outputs, opset), feeds)
    random, nodes, terms = np.random.default_rng(7), [node], []
    for name, y in zip(outputs, results):
        if y.dtype == np.float64:
            factor = random.uniform(0.5, 2, y.shape)
            weights.append(numpy_helper.from_array(factor, f"{name}w"))
            nodes.append(helper.make_node("Mul", [name, f"{name}w"], [f"{name}p"]))
            nodes.append(
                helper.make_node("ReduceSum", [f"{name}p"], [f"{name}s"], keepdims=0)
            )
            terms.append(f"{name}s")
    nodes.append(helper.make_node("Sum", terms, ["loss"]))
    plain = _model(nodes, feeds, weights, ["loss"], opset)
    gradients = [f"d_{name}" for name in feeds]
    nodes.insert(0, helper.make_node(  # it has no edge to what it differentiates
        "Gradient", list(feeds), gradients, xs=list(feeds), y="loss",
        domain="ai.onnx.preview.training",
    ))  # fmt: skip
    return plain, _model(nodes, feeds, weights, gradients, opset), feeds


def _run(model: onnx.ModelProto, feeds: Mapping[str, Any]) -> list[Any]:
    return list(engine("numpy").prepare(model)(feeds))


def _model(
    nodes: list[Any],
    feeds: dict[str, Any],
    weights: list[Any],
    outputs: list[str],
    opset: int,
) -> onnx.ModelProto:
    inputs = [
        helper.make_tensor_value_info(n, TensorProto.DOUBLE, a.shape)
        for n, a in feeds.items()
    ]
    ends = [onnx.ValueInfoProto(name=name) for name in outputs]
    graph = helper.make_graph(nodes, "g", inputs, ends, weights)
    opsets = [
        helper.make_opsetid("", opset),
        helper.make_opsetid("ai.onnx.preview.training", 1),
    ]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def differences(
    run: Any, feeds: dict[str, np.ndarray], step: float
) -> list[np.ndarray]:
    """Estimate the gradient of a number with respect to each input."""
    found = []
    for name, array in feeds.items():
        slope = np.empty(array.shape)
        for place in np.ndindex(*array.shape):
            ends = []
            for sign in (1, -1):
                moved = array.copy()
                moved[place] += sign * step
                ends.append(run({**feeds, name: moved}))
            slope[place] = (ends[0] - ends[1]) / (2 * step)
        found.append(slope)
    return found


def slopes(
    plain: onnx.ModelProto, feeds: dict[str, np.ndarray], step: float
) -> list[Any]:
    """Return the differences of a model of one number with respect to each input."""
    run = engine("numpy").prepare(plain)
    return differences(lambda moved: run(moved)[0], feeds, step)
