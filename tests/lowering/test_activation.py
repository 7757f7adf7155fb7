"""Rules of the activation functions."""

import numpy as np
import onnx.parser
import pytest

import onnx2py
from onnx2py import UnsupportedError
from onnx2py.ir.types import TensorType
from tests.support import assert_same, check_against_onnxruntime, compute, lowered

EDGES = [np.nan, np.inf, -np.inf, -0.0, -90.0, -3.0, -0.5, 0.25, 1.0, 6.0, 90.0]
MICROSOFT = "com.microsoft"


@pytest.mark.parametrize(
    ("operator", "opset", "attributes", "source"),
    [
        ("Relu", 13, {}, "ops.relu(x)"),
        ("Relu", 1, {"consumed_inputs": [0]}, "ops.relu(x)"),
        ("LeakyRelu", 6, {"alpha": 0.01}, "ops.leaky_relu(x)"),
        ("LeakyRelu", 6, {"alpha": 0.5}, "ops.leaky_relu(x, alpha=0.5)"),
        ("ThresholdedRelu", 10, {}, "ops.thresholded_relu(x)"),
        ("ThresholdedRelu", 1, {"alpha": 0.5}, "ops.thresholded_relu(x, alpha=0.5)"),
        ("Shrink", 9, {"bias": 1.5}, "ops.shrink(x, bias=1.5)"),
        ("HardSigmoid", 6, {"alpha": 0.25}, "ops.hard_sigmoid(x, alpha=0.25)"),
        ("HardSwish", 14, {}, "ops.hard_swish(x)"),
        ("Sigmoid", 13, {}, "ops.sigmoid(x)"),
        ("Swish", 24, {"alpha": 2.0}, "ops.swish(x, alpha=2.0)"),
        ("Softplus", 1, {}, "ops.softplus(x)"),
        ("Softsign", 1, {}, "ops.softsign(x)"),
        ("Mish", 18, {}, "ops.mish(x)"),
        ("Elu", 6, {"alpha": 2.0}, "ops.elu(x, alpha=2.0)"),
        ("Selu", 1, {}, "ops.selu(x, alpha=1.6732, gamma=1.0507)"),
        ("Selu", 6, {}, "ops.selu(x)"),
        ("Celu", 12, {"alpha": 2.0}, "ops.celu(x, alpha=2.0)"),
        ("Erf", 13, {}, "ops.erf(x)"),
        ("Gelu", 20, {}, "ops.gelu(x)"),
        ("Gelu", 20, {"approximate": "tanh"}, "ops.gelu_tanh(x)"),
    ],
)
def test_one_node_is_one_call(operator, opset, attributes, source):
    assert lowered(operator, ["x"], opset=opset, **attributes) == source


@pytest.mark.parametrize(
    ("operator", "inputs", "source"),
    [
        ("Gelu", ["x"], "ops.gelu(x)"),
        ("BiasGelu", ["x", "b"], "ops.gelu(x, b)"),
        ("FastGelu", ["x"], "ops.gelu_tanh(x)"),
        ("FastGelu", ["x", "b"], "ops.gelu_tanh(x, b)"),
        ("QuickGelu", ["x"], "ops.swish(x, alpha=1.702)"),
    ],
)
def test_operators_of_onnxruntime(operator, inputs, source):
    assert lowered(operator, inputs, opset=1, domain=MICROSOFT) == source


def test_an_unknown_attribute_is_reported():
    with pytest.raises(UnsupportedError, match="attribute beta"):
        lowered("Relu", ["x"], opset=13, beta=1.0)
    with pytest.raises(UnsupportedError, match="expected none or tanh, got 'sigmoid'"):
        lowered("Gelu", ["x"], opset=20, approximate="sigmoid")


def test_slopes_of_old_versions_belong_to_channels():
    slope = np.float32([1, 2, 3])
    x = {"x": TensorType("float32", ("n", 3, 4, 4))}
    inputs = ["x", "s"]
    for types, constants, source in [
        ({}, {}, "ops.prelu_per_channel(x, s)"),
        (x, {}, "ops.prelu_per_channel(x, s)"),
        (x, {"s": slope}, "ops.prelu(x, y.slope)"),
        (x, {"s": slope[:1]}, "ops.prelu(x, s)"),
    ]:
        for opset in (1, 6):
            found = lowered(
                "PRelu", inputs, opset=opset, types=types, constants=constants
            )
            assert found == source
    assert lowered("PRelu", inputs, opset=7) == "ops.prelu(x, s)"
    data = np.random.default_rng(0).normal(size=(2, 3, 4, 4)).astype(np.float32)
    expected = np.where(data < 0, data * slope.reshape(3, 1, 1), data)
    assert_same(compute("PRelu", [data, slope], opset=6), [expected])


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (3, 4, 5), (3, 1, 1), (5,), (1,), ()])
def test_prelu_agrees(shape):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 3, 4, 5)).astype(np.float32)
    slope = rng.normal(size=shape).astype(np.float32)
    check_against_onnxruntime("PRelu", [x, slope], opset=9)


@pytest.mark.parametrize(
    ("opset", "dtype"),
    [(7, "float32"), (9, "float32"), *((16, f"float{n}") for n in (16, 32, 64))],
)
@pytest.mark.parametrize(
    ("shape", "slopes"),
    [((2, 1), (3,)), ((), (2,)), ((2, 3), (4, 1, 3)), ((0, 1), (3,)), ((2, 1), (0,))],
)
def test_prelu_broadcasts_x_to_its_slopes_too(shape, slopes, dtype, opset):
    """ONNX broadcasts the slopes alone, onnxruntime both."""
    rng = np.random.default_rng(0)
    arrays = [np.asarray(rng.normal(size=n)).astype(dtype) for n in (shape, slopes)]
    check_against_onnxruntime("PRelu", arrays, opset=opset)


def test_shapes_after_a_prelu_that_broadcasts_x_are_those_of_both():
    model = onnx.parser.parse_model(
        """<ir_version: 8, opset_import: ["" : 17]> g (float[2, 1] x, float[3] s) => (y, z)
        { p = PRelu (x, s) y = Shape (p) z = Flatten <axis = 0> (p) }"""
    )
    x, s = np.float32([[1], [-1]]), np.float32([1, 2, 3])
    for level in (0, 1):
        y, z = onnx2py.load_model(model, level=level)(x, s)
        assert y.tolist() == [2, 3]
        assert z.tolist() == [[1, 1, 1, -1, -2, -3]]


@pytest.mark.parametrize(
    ("operator", "opset", "attributes"),
    [
        ("Relu", 6, {}),
        ("Relu", 14, {}),
        ("LeakyRelu", 6, {}),
        ("LeakyRelu", 16, {"alpha": 0.3}),
        ("LeakyRelu", 16, {"alpha": -0.5}),
        ("LeakyRelu", 16, {"alpha": 3.0}),
        ("ThresholdedRelu", 10, {"alpha": 0.5}),
        ("Shrink", 9, {"bias": 1.5, "lambd": 0.75}),
        ("HardSigmoid", 6, {}),
        ("HardSigmoid", 22, {"alpha": 0.3, "beta": 0.1}),
        ("HardSwish", 14, {}),
        ("Sigmoid", 6, {}),
        ("Sigmoid", 13, {}),
        ("Softplus", 1, {}),
        ("Softsign", 1, {}),
        ("Mish", 18, {}),
        ("Elu", 6, {"alpha": 1.5}),
        ("Selu", 6, {}),
        ("Selu", 22, {"alpha": 1.5, "gamma": 2.5}),
        ("Celu", 12, {"alpha": 0.75}),
        ("Erf", 9, {}),
        ("Gelu", 20, {}),
        ("Gelu", 20, {"approximate": "tanh"}),
    ],
)
@pytest.mark.parametrize("shape", [None, (), (0, 3), (2, 3, 4)])
def test_activations_agree(operator, opset, attributes, shape):
    x = np.array(EDGES, np.float32)
    if shape is not None:
        x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    if operator == "Shrink" and shape == ():
        x = x.reshape(1)  # onnxruntime refuses scalars
    check_against_onnxruntime(operator, [x], opset=opset, **attributes)


@pytest.mark.parametrize(
    ("operator", "opset", "dtype"),
    [
        ("Erf", 13, np.float16),
        ("LeakyRelu", 16, np.float16),
        ("Sigmoid", 13, np.float16),
        ("Sigmoid", 13, np.float64),
        ("Elu", 6, np.float16),
        ("Relu", 14, np.float16),
        ("Relu", 14, np.float64),
        ("Relu", 14, np.int32),
        ("Relu", 14, np.int8),
    ],
)
def test_other_types_agree(operator, opset, dtype):
    x = (np.random.default_rng(0).normal(size=(3, 4)) * 3).astype(dtype)
    rtol = 1e-3 if dtype == np.float16 else 1e-5  # of a unit in the last place
    check_against_onnxruntime(operator, [x], opset=opset, rtol=rtol)


@pytest.mark.parametrize(
    ("operator", "biased"),
    [
        ("Gelu", False),
        ("BiasGelu", True),
        ("FastGelu", False),
        ("FastGelu", True),
        ("QuickGelu", False),
    ],
)
def test_operators_of_onnxruntime_agree(operator, biased):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, 8)).astype(np.float32) * 3
    arrays = [x, rng.normal(size=8).astype(np.float32)] if biased else [x]
    check_against_onnxruntime(operator, arrays, opset=1, domain=MICROSOFT)


@pytest.mark.parametrize("dtype", [np.int32, np.uint8, np.float64])
def test_shrink_agrees_for_other_types(dtype):
    x = np.array([0, 1, 2, 200], dtype)
    check_against_onnxruntime("Shrink", [x], opset=9, bias=1.5, lambd=0.5)
