"""Rules of onnxruntime's operators on quantized tensors; integers must be the same."""

from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest

from onnx2py.ir.types import TensorType
from onnx2py.lowering.evaluate import evaluate_node
from tests.support import (
    check_against_onnxruntime,
    compute,
    lowered,
    make_node,
    node_model,
    onnxruntime_outputs,
)

MICROSOFT = {"opset": 1, "domain": "com.microsoft"}
BYTES = (np.uint8, np.int8)
SCALES = (0.5, 0.02, 0.3, 1.5, 0.013)


@pytest.fixture
def random():
    return np.random.default_rng(1)


def draw(random, dtype, *shape):
    info = np.iinfo(dtype)
    return np.asarray(random.integers(info.min, info.max + 1, shape)).astype(dtype)


def scale(random):
    return np.asarray(random.choice(SCALES), np.float32)


def parameters(random, dtype):
    return [scale(random), draw(random, dtype)]


def test_parameters_become_literals():
    names = ["a", "s", "z", "b", "s", "z", "s", "z"]
    constants = {"s": np.array(0.5, np.float32), "z": np.array(3, np.uint8)}
    assert (
        lowered("QLinearAdd", names, constants=constants, **MICROSOFT)
        == "ops.qlinear_add(a, 0.5, 3, b, 0.5, 3, 0.5, 3)"
    )


def test_k4():
    names = ["x", "s", "z", "s", "z"]
    constants = {"s": np.array(0.5, np.float32), "z": np.array(3, np.uint8)}
    types = {"x": TensorType("uint8", (2,))}
    of = {"constants": constants, "types": types, **MICROSOFT}
    call = lowered("QLinearSigmoid", names, prepared=True, **of)
    assert call == "y.table.take(x)"
    call = lowered("QLinearSigmoid", names, **of)
    assert call == "ops.qlinear_sigmoid(x, 0.5, 3, 0.5, 3)"
    assert (
        lowered("QLinearSigmoid", names, **MICROSOFT)
        == "ops.qlinear_sigmoid(x, s, z, s, z)"
    )


@pytest.mark.parametrize("dtype", BYTES)
@pytest.mark.parametrize("operator", ["QLinearAdd", "QLinearMul"])
@pytest.mark.parametrize(
    "a, b",
    [
        ((30, 50), (30, 50)),
        ((30, 50), (50,)),
        ((30, 50), (30, 1)),
        ((30, 1), (30, 50)),
        ((30, 50), ()),
        ((), (30, 50)),
        ((4, 5, 6), (4, 1, 6)),
        ((0, 3), (3,)),
    ],
)
def test_sums_and_products_agree(random, operator, dtype, a, b):
    for _ in range(4):
        arrays = [draw(random, dtype, *a), *parameters(random, dtype)]
        arrays += [draw(random, dtype, *b), *parameters(random, dtype)]
        arrays += parameters(random, dtype)
        check_against_onnxruntime(operator, arrays, **MICROSOFT)


@pytest.mark.parametrize("dtype", BYTES)
def test_functions_of_one_byte_agree(random, dtype):
    x = np.arange(256).astype(dtype)
    for _ in range(4):
        arrays = [x, *parameters(random, dtype), *parameters(random, dtype)]
        check_against_onnxruntime("QLinearLeakyRelu", arrays, alpha=0.1, **MICROSOFT)
        arrays[1] = np.asarray(0.05, np.float32)
        arrays[3] = np.asarray(0.004, np.float32)
        check_against_onnxruntime("QLinearSigmoid", arrays, **MICROSOFT)


@pytest.mark.parametrize("dtype", BYTES)
def test_concat_agrees(random, dtype):
    arrays = parameters(random, dtype)
    arrays += [draw(random, dtype, 3, 4), *arrays]
    arrays += [draw(random, dtype, 3, 2), *parameters(random, dtype)]
    check_against_onnxruntime("QLinearConcat", arrays, axis=1, **MICROSOFT)


@pytest.mark.parametrize("dtype", BYTES)
@pytest.mark.parametrize("k", [10, 300])
@pytest.mark.parametrize("bias", [True, False])
def test_matrix_products_agree(random, dtype, k, bias):
    c = random.integers(-9999, 9999, 7).astype(np.int32) if bias else None
    columns = [random.uniform(0.01, 0.1, 7).astype(np.float32), draw(random, dtype, 7)]
    a = [draw(random, dtype, 5, k), *parameters(random, dtype)]
    b = [draw(random, dtype, k, 7), *columns]
    y = [np.asarray(3.0, np.float32), draw(random, dtype)]
    check_against_onnxruntime("QGemm", [*a, *b, c, *y], **MICROSOFT)
    a = [draw(random, dtype, k, 5), *parameters(random, dtype)]
    b = [draw(random, dtype, 7, k), *parameters(random, dtype)]
    options = {"alpha": 0.5, "transA": 1, "transB": 1}
    check_against_onnxruntime("QGemm", [*a, *b, c], **options, **MICROSOFT)


@pytest.mark.parametrize("dtype", BYTES)
@pytest.mark.parametrize("opset", [12, 13])
@pytest.mark.parametrize(
    "shape, axis", [((3, 10), 1), ((3, 4, 5), 1), ((3, 300, 2), -2), ((1, 12), -1)]
)
def test_softmax_agrees(random, dtype, opset, shape, axis):
    """Its attribute ``opset`` is not the model's, so that the node is made by hand."""
    names = [f"x{i}" for i in range(5)]
    for x_scale, y_scale, zero_point in ((0.05, 1 / 256, 0), (0.3, 1 / 256, -128)):
        arrays = [
            draw(random, dtype, *shape),
            np.asarray(x_scale, np.float32),
            np.asarray(0, dtype),
            np.asarray(y_scale, np.float32),
            np.asarray(zero_point).astype(dtype),
        ]
        model = node_model("QLinearSoftmax", arrays, axis=axis, **MICROSOFT)
        attribute = onnx.helper.make_attribute("opset", opset)
        model.graph.node[0].attribute.append(attribute)
        session = onnxruntime.InferenceSession(model.SerializeToString())
        values = dict(zip(names, arrays))
        (expected,) = session.run(None, values)
        node = make_node("QLinearSoftmax", names, axis=axis, **MICROSOFT)
        node = replace(node, attributes={"opset": opset, **node.attributes})
        actual = evaluate_node(node, values)["y"]
        assert actual.dtype == expected.dtype
        np.testing.assert_array_equal(actual, expected)


def test_softmax_is_along_the_last_axis_by_default(random):
    """Before opset 13, too; and nothing is left of nothing."""
    parameters = [np.asarray(v, np.float32) for v in (0.05, 1 / 256)]
    zero = np.asarray(0, np.uint8)
    names = [f"x{i}" for i in range(5)]
    for shape in ((3, 4, 5), (0, 4)):
        x = draw(random, np.uint8, *shape)
        values = dict(zip(names, [x, parameters[0], zero, parameters[1], zero]))
        node = make_node("QLinearSoftmax", names, **MICROSOFT)
        old, new = (
            evaluate_node(replace(node, attributes={"opset": opset}), values)["y"]
            for opset in (12, 13)
        )
        assert old.shape == shape
        np.testing.assert_array_equal(old, new)


def test_parameters_of_one_element_do_not_add_an_axis(random):
    one = [np.array([0.5], np.float32), np.array([3], np.uint8)]
    x = draw(random, np.uint8)
    for operator in ("QLinearAdd", "QLinearMul"):
        (y,) = compute(operator, [x, *one, x, *one, *one], **MICROSOFT)
        none = [parameter.reshape(()) for parameter in one]
        arrays = [x, *none, x, *none, *none]
        assert y.shape == ()
        assert y == onnxruntime_outputs(operator, arrays, **MICROSOFT)[0]
