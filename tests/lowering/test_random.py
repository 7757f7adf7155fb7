"""Rules of random numbers and of dropout."""

import numpy as np
import pytest
from onnx import TensorProto, helper

from onnx2py import load_model
from onnx2py.ir.program import Call
from onnx2py.lowering.context import NodeContext
from onnx2py.lowering.lower import lower_node
from tests.support import (
    assert_same,
    check_against_onnxruntime,
    compute,
    lowered,
    make_node,
)


@pytest.mark.parametrize(
    ("operator", "inputs", "attributes", "source"),
    [
        ("RandomNormal", [], {"shape": [2, 3]}, "ops.random_normal((2, 3))"),
        (
            "RandomNormal",
            [],
            {"shape": [2], "dtype": 11, "mean": 1.0, "scale": 2.0, "seed": 3.0},
            "ops.random_normal((2,), dtype=np.float64, mean=1.0, scale=2.0, seed=3)",
        ),
        ("RandomNormalLike", ["x"], {}, "ops.random_normal_like(x)"),
        (
            "RandomUniform",
            [],
            {"shape": [4], "low": -1.0, "seed": 0.5},
            "ops.random_uniform((4,), low=-1.0, seed=1056964608)",
        ),
        (
            "RandomUniformLike",
            ["x"],
            {"dtype": 10, "high": 2.0},
            "ops.random_uniform_like(x, dtype=np.float16, high=2.0)",
        ),
        ("Bernoulli", ["x"], {"dtype": 9}, "ops.bernoulli(x, dtype=np.bool_)"),
        ("Multinomial", ["x"], {"sample_size": 9}, "ops.multinomial(x, sample_size=9)"),
    ],
)
def test_random_numbers(operator, inputs, attributes, source):
    for opset in (15, 22):
        assert lowered(operator, inputs, opset=opset, **attributes) == source


def dropout_call(opset, inputs, outputs, constants=None, **attributes):
    node = make_node("Dropout", inputs, outputs, opset=opset, **attributes)
    operation = lower_node(NodeContext(node, {}, constants or {})).operation
    assert isinstance(operation, Call)
    return operation


@pytest.mark.parametrize("opset", [1, 6, 7, 10, 12, 13, 22])
def test_dropout_does_nothing_but_when_training(opset):
    attributes = {"ratio": 0.3} if opset < 12 else {"seed": 1}
    if opset < 7:
        attributes["is_test"] = 1
    assert lowered("Dropout", ["x"], opset=opset, **attributes) == "ops.identity(x)"
    call = dropout_call(opset, ["x"], ["y", "mask"], **attributes)
    assert call.results == 2
    x = np.float32([1, np.nan, -np.inf])
    if opset >= 7:
        attributes.pop("is_test", None)
        check_against_onnxruntime("Dropout", [x], opset=opset, outputs=2, **attributes)
        check_against_onnxruntime("Dropout", [x], opset=opset, **attributes)


def test_inputs_of_dropout():
    no, yes = np.array(False), np.array(True)
    inputs = ["x", "r", "t"]
    source = lowered("Dropout", inputs, opset=13, constants={"t": no})
    assert source == "ops.identity(x)"
    constants = {"t": yes, "r": np.array(0.25, np.float32)}
    source = lowered("Dropout", inputs, opset=13, constants=constants, seed=-1)
    assert source == "ops.dropout(x, 0.25, True, seed=4294967295)"
    source = lowered("Dropout", ["x", "", "t"], opset=13)
    assert source == "ops.dropout(x, 0.5, t)"


def test_dropout_in_training_draws_as_the_examples_of_onnx_do():
    x = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    arrays = [x, np.array(0.75, np.float32), np.array(True)]
    y, mask = compute("Dropout", arrays, opset=13, outputs=2, seed=5)
    kept = np.random.RandomState(5).uniform(0, 1, x.shape) >= 0.75
    assert_same(mask, kept)
    assert_same(y, np.where(kept, x * 4, np.float32(0)))


def drawing_model(**attributes):
    """A model of one node without inputs, which must not be folded into a constant."""
    value = helper.make_tensor_value_info("y", TensorProto.FLOAT, [400])
    node = helper.make_node("RandomNormal", [], ["y"], shape=[400], **attributes)
    graph = helper.make_graph([node], "graph", [], [value])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)])


def test_without_a_seed_each_call_draws_anew():
    model = load_model(drawing_model())
    assert (model() != model()).any()
    assert (model() != load_model(drawing_model())()).any()


def test_with_a_seed_all_calls_of_all_instances_draw_the_same():
    """In onnxruntime only the first calls of all sessions do: a model here has no state."""
    first, second = (load_model(drawing_model(seed=3.0)) for _ in range(2))
    y = first()
    assert_same([first(), second()], [y, y])
    assert (load_model(drawing_model(seed=4.0))() != y).any()
    assert abs(y.mean()) < 5 / 400**0.5
