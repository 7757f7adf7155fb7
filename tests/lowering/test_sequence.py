"""Rules of sequences and optional values."""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from onnx2py.lowering.evaluate import evaluate_node
from tests.support import assert_same, lowered, make_node

X = np.arange(12, dtype=np.float32).reshape(4, 3)


def ints(*values):
    return np.array(values, np.int64)


def check(nodes, output, kind="tensor", opset=16, **feeds):
    """Compare a chain of nodes ``(operator, inputs, output, attributes)``."""
    values = dict(feeds)
    for operator, inputs, name, attributes in nodes:
        node = make_node(operator, inputs, [name], opset=opset, **attributes)
        values.update(evaluate_node(node, values))

    protos = [helper.make_node(o, i, [n], **a) for o, i, n, a in nodes]
    inputs = [
        helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape
        )
        for name, array in feeds.items()
    ]
    outputs = {
        "tensor": onnx.ValueInfoProto(name=output),
        "sequence": helper.make_tensor_sequence_value_info(
            output, TensorProto.FLOAT, None
        ),
    }
    graph = helper.make_graph(protos, "graph", inputs, [outputs[kind]])
    opsets = [helper.make_opsetid("", opset)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    assert_same(values[output], session.run(None, feeds)[0])


THREE = ("SequenceConstruct", ["a", "b", "a"], "s", {})
AB = {"a": X, "b": X + 1}


@pytest.mark.parametrize("position", [0, 2, -1, -3])
def test_sequence_at(position):
    chain = [THREE, ("SequenceAt", ["s", "p"], "y", {})]
    check(chain, "y", p=np.array(position), **AB)


@pytest.mark.parametrize("position", [None, 0, 3, -1, -3])
def test_sequence_insert(position):
    inputs = ["s", "b"] if position is None else ["s", "b", "p"]
    given = {} if position is None else {"p": np.array(position)}
    chain = [THREE, ("SequenceInsert", inputs, "t", {})]
    check(chain, "t", "sequence", **given, **AB)


@pytest.mark.parametrize("position", [None, 0, 1, -3])
def test_sequence_erase(position):
    inputs = ["s"] if position is None else ["s", "p"]
    given = {} if position is None else {"p": np.array(position)}
    check([THREE, ("SequenceErase", inputs, "t", {})], "t", "sequence", **given, **AB)


def test_sequence_length():
    check([THREE, ("SequenceLength", ["s"], "y", {})], "y", **AB)
    empty = ("SequenceEmpty", [], "s", {"dtype": TensorProto.FLOAT})
    check([empty, ("SequenceLength", ["s"], "y", {})], "y")
    grown = ("SequenceInsert", ["s", "a"], "t", {})
    check([empty, grown], "t", "sequence", a=X)


@pytest.mark.parametrize("new_axis", [0, 1])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_concat_from_sequence(axis, new_axis):
    attributes = {"axis": axis, "new_axis": new_axis}
    check([THREE, ("ConcatFromSequence", ["s"], "y", attributes)], "y", **AB)


@pytest.mark.parametrize(
    "split, attributes",
    [
        (None, {}),
        (None, {"keepdims": 0}),
        (None, {"keepdims": 0, "axis": -1}),
        (np.array(3), {}),
        (np.array(1), {"axis": 1, "keepdims": 0}),
        (ints(1, 3), {"keepdims": 0}),
        (ints(1, 2), {"axis": 1}),
        (ints(3), {"axis": -1}),
    ],
)
def test_split_to_sequence(split, attributes):
    inputs, given = (["x"], {}) if split is None else (["x", "n"], {"n": split})
    node = ("SplitToSequence", inputs, "s", attributes)
    check([node], "s", "sequence", x=X, **given)


def test_parts_that_are_longer_keep_their_axis():
    node = make_node("SplitToSequence", ["x", "n"], ["s"], opset=11, keepdims=0)
    parts = evaluate_node(node, {"x": X, "n": np.array(3)})["s"]
    assert_same(parts, [X[:3], X[3:]])


def test_optional_values():
    given = ("Optional", ["a"], "o", {})
    check([given, ("OptionalHasElement", ["o"], "y", {})], "y", a=X)
    check([given, ("OptionalGetElement", ["o"], "y", {})], "y", a=X)
    kind = helper.make_tensor_type_proto(TensorProto.FLOAT, None)
    empty = make_node("Optional", [], ["o"], opset=15, type=())
    assert kind.tensor_type.elem_type == 1
    values = evaluate_node(empty, {})
    has = make_node("OptionalHasElement", ["o"], ["y"], opset=15)
    assert_same(evaluate_node(has, values)["y"], np.array(False))
    get = make_node("OptionalGetElement", ["o"], ["y"], opset=15)
    with pytest.raises(ValueError, match="empty optional"):
        evaluate_node(get, values)


def test_a_plain_value_is_an_optional_since_opset_18():
    check([("OptionalHasElement", ["a"], "y", {})], "y", opset=18, a=X)
    check([("OptionalGetElement", ["a"], "y", {})], "y", opset=18, a=X)
    check([("OptionalHasElement", [], "y", {})], "y", opset=18)


@pytest.mark.parametrize(
    "operator, inputs, attributes, expected",
    [
        ("SequenceConstruct", "ab", {}, "ops.sequence_construct(a, b)"),
        ("SequenceEmpty", "", {"dtype": 1}, "ops.sequence_empty()"),
        ("SequenceAt", "sp", {}, "ops.sequence_at(s, p)"),
        ("SequenceInsert", "sa", {}, "ops.sequence_insert(s, a)"),
        ("SequenceInsert", "sac", {}, "ops.sequence_insert(s, a, -1)"),
        ("SequenceErase", "s", {}, "ops.sequence_erase(s)"),
        ("SequenceErase", "sc", {}, "ops.sequence_erase(s, -1)"),
        ("SequenceLength", "s", {}, "ops.sequence_length(s)"),
        ("SplitToSequence", "x", {"axis": 1}, "ops.split_to_sequence(x, axis=1)"),
        ("SplitToSequence", "xn", {}, "ops.split_to_sequence(x, n)"),
        ("ConcatFromSequence", "s", {"axis": 1}, "np.concatenate(s, axis=1)"),
        ("ConcatFromSequence", "s", {"axis": 0, "new_axis": 1}, "np.stack(s, axis=0)"),
        ("Optional", "a", {}, "ops.optional(a)"),
        ("Optional", "", {}, "ops.optional()"),
        ("OptionalHasElement", "o", {}, "ops.optional_has_element(o)"),
        ("OptionalGetElement", "o", {}, "ops.optional_get_element(o)"),
    ],
)
def test_calls(operator, inputs, attributes, expected):
    constants = {"c": np.array(-1)} if "c" in inputs else {}
    found = lowered(operator, list(inputs), opset=18, constants=constants, **attributes)
    assert found == expected
