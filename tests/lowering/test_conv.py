"""Rules of the convolutions."""

import numpy as np
import pytest

from onnx2py import UnsupportedError
from onnx2py.ir.types import TensorType
from tests.support import check_against_onnxruntime, lowered

WEIGHT = {"w": np.zeros((8, 3, 3, 3), np.float32)}
IMAGE = {"x": TensorType("float32", ("n", 3, 7, 8))}


def floats(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def integers(kind, *shape, seed=0):
    limits = np.iinfo(kind)
    values = np.random.default_rng(seed).integers(limits.min, limits.max + 1, shape)
    return values.astype(kind)


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({}, "ops.conv(x, w, b)"),
        (
            {"strides": [1, 1], "pads": [0, 0, 0, 0], "dilations": [1, 1], "group": 1},
            "ops.conv(x, w, b)",
        ),
        (
            {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [3, 3, 3, 3]},
            "ops.conv(x, w, b, strides=(2, 2), pads=(3, 3, 3, 3))",
        ),
        (
            {"auto_pad": "SAME_UPPER", "strides": [1, 2]},
            "ops.conv(x, w, b, strides=(1, 2), pads=(1, 0, 1, 1))",
        ),
        (
            {"auto_pad": "VALID", "dilations": [2, 1]},
            "ops.conv(x, w, b, dilations=(2, 1))",
        ),
    ],
)
def test_conv(attributes, expected):
    source = lowered(
        "Conv", ["x", "w", "b"], opset=11, types=IMAGE, constants=WEIGHT, **attributes
    )
    assert source == expected


def test_padding_of_unknown_images_is_chosen_at_run_time():
    source = lowered("Conv", ["x", "w"], opset=11, auto_pad="SAME_LOWER")
    assert source == "ops.conv(x, w, pads='SAME_LOWER')"


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"pads": [-1, 0, 0, 0]}, "attribute pads: expected two numbers, not negative"),
        ({"strides": [2]}, "attribute strides: expected one positive number"),
        ({"kernel_shape": [2, 2]}, "expected the weight's .3, 3., got .2, 2."),
        ({"auto_pad": "SAME"}, "attribute auto_pad"),
        ({"auto_pad": "VALID", "pads": [1, 1, 1, 1]}, "expected none beside auto_pad"),
    ],
)
def test_conv_without_a_rule(attributes, message):
    with pytest.raises(UnsupportedError, match=message):
        lowered(
            "Conv", ["x", "w"], opset=11, types=IMAGE, constants=WEIGHT, **attributes
        )


@pytest.mark.parametrize("opset", [1, 11, 22])
@pytest.mark.parametrize(
    ("x", "weight", "attributes"),
    [
        ((2, 3, 9), (4, 3, 3), {"pads": [1, 2], "strides": [2]}),
        ((1, 4, 6, 5), (6, 2, 3, 2), {"group": 2, "dilations": [1, 2]}),
        ((1, 4, 6, 5), (4, 1, 3, 3), {"group": 4, "pads": [1, 1, 1, 1]}),
        ((2, 2, 4, 5, 6), (3, 2, 2, 3, 1), {"strides": [1, 2, 3]}),
        ((2, 3, 6, 5), (4, 3, 3, 2), {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
        ((2, 3, 6, 5), (4, 3, 4, 3), {"auto_pad": "SAME_LOWER", "strides": [1, 2]}),
        ((2, 3, 6, 6), (4, 3, 1, 2), {"auto_pad": "SAME_LOWER", "strides": [3, 3]}),
        ((2, 3, 6, 5), (4, 3, 4, 3), {"auto_pad": "VALID"}),
        ((0, 3, 6), (4, 3, 2), {}),
    ],
)
def test_conv_agrees(opset, x, weight, attributes):
    arrays = [floats(*x), floats(*weight, seed=1), floats(weight[0], seed=2)]
    check_against_onnxruntime("Conv", arrays, opset=opset, atol=1e-5, **attributes)
    check_against_onnxruntime("Conv", arrays[:2], opset=opset, atol=1e-5, **attributes)


def test_conv_of_half_floats_agrees():
    arrays = [
        a.astype(np.float16) for a in (floats(1, 3, 9), floats(5, 3, 2), floats(5))
    ]
    # Both round the result to float16 once, from sums taken in another order.
    check_against_onnxruntime("Conv", arrays, opset=11, rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("opset", [1, 11, 22])
@pytest.mark.parametrize(
    ("kernel", "attributes"),
    [
        ((3, 2), {"strides": [2, 1], "pads": [1, 0, 0, 1]}),
        ((3, 2), {"dilations": [2, 1], "group": 2}),
        ((2, 3), {"strides": [2, 2], "output_padding": [1, 0]}),
        ((2, 3), {"strides": [2, 2], "output_shape": [7, 9]}),
        ((3, 3), {"strides": [2, 2], "output_shape": [8, 9], "auto_pad": "SAME_UPPER"}),
        ((4, 3), {"strides": [2, 2], "output_shape": [8, 9], "auto_pad": "SAME_LOWER"}),
        ((3, 4), {"strides": [2, 3], "auto_pad": "SAME_UPPER"}),
        ((3, 4), {"strides": [2, 3], "auto_pad": "SAME_LOWER"}),
        ((1, 1), {"strides": [2, 2], "auto_pad": "SAME_LOWER"}),
        ((2, 2), {"auto_pad": "VALID"}),
        ((3, 3), {"strides": [2, 2], "pads": [1, 1, 0, 0], "output_shape": [8, 10]}),
    ],
)
def test_conv_transpose_agrees(opset, kernel, attributes):
    group = attributes.get("group", 1)
    arrays = [floats(2, 4, 4, 5), floats(4, 3, *kernel, seed=1), floats(3 * group)]
    check_against_onnxruntime(
        "ConvTranspose", arrays, opset=opset, atol=1e-5, **attributes
    )


def test_conv_transpose_by_output_shape():
    source = lowered(
        "ConvTranspose",
        ["x", "w"],
        opset=11,
        strides=[2, 2],
        pads=[1, 1, 1, 1],
        output_padding=[0, 0],
        output_shape=[10, 8],
    )
    assert source == "ops.conv_transpose(x, w, strides=(2, 2), output_shape=(10, 8))"


def test_qlinear_conv_has_its_scalars_in_the_call():
    constants = {
        "xs": np.array(0.02, np.float32),
        "xz": np.array(128, np.uint8),
        "ws": np.full(8, 0.5, np.float32),
        "wz": np.zeros(8, np.int8),
        "ys": np.array([0.1], np.float32),
        "yz": np.array(3, np.uint8),
    }
    names = ["x", "xs", "xz", "w", "ws", "wz", "ys", "yz"]
    source = lowered("QLinearConv", names, opset=10, constants=constants)
    assert source == "ops.qlinear_conv(x, 0.02, 128, w, ws, wz, 0.1, yz)"


@pytest.mark.parametrize("x_kind, w_kind", [("u1", "u1"), ("u1", "i1"), ("i1", "i1")])
@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("group", [1, 2])
def test_qlinear_conv_agrees(x_kind, w_kind, per_channel, group):
    scale = np.linspace(0.001, 0.02, 6).astype(np.float32)
    zero = np.array(120 if w_kind == "u1" else 0, w_kind)
    arrays = [
        integers(x_kind, 2, 4, 7, 6),
        np.array(0.02, np.float32),
        np.array(17, x_kind),
        integers(w_kind, 6, 4 // group, 3, 2, seed=1),
        scale if per_channel else np.array(0.01, np.float32),
        np.full(6, zero) if per_channel else zero,
        np.array(0.3, np.float32),
        np.array(100, x_kind),
        np.arange(-3, 3, dtype=np.int32) * 900,
    ]
    options = {"group": group, "pads": [1, 0, 2, 1], "strides": [1, 2]}
    check_against_onnxruntime("QLinearConv", arrays, opset=10, **options)
    check_against_onnxruntime("QLinearConv", arrays[:8], opset=10, **options)


@pytest.mark.parametrize("kind", ["u1", "i1"])
def test_conv_integer_agrees(kind):
    x, weight = integers(kind, 2, 4, 7, 6), integers(kind, 6, 2, 3, 2, seed=1)
    zeros = [np.array(17, kind), np.array(3, kind)]
    options = {"opset": 10, "group": 2, "pads": [1, 0, 2, 1]}
    check_against_onnxruntime("ConvInteger", [x, weight, *zeros], **options)
    check_against_onnxruntime("ConvInteger", [x, weight, zeros[0]], **options)
    check_against_onnxruntime("ConvInteger", [x, weight], **options)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("group, offset_group", [(1, 1), (2, 1), (1, 2)])
def test_deform_conv_agrees(masked, group, offset_group):
    arrays = [
        floats(2, 4, 7, 8),
        floats(6, 4 // group, 3, 2, seed=1),
        floats(2, offset_group * 12, 3, 4, seed=2) * 2,
        floats(6, seed=3),
        floats(2, offset_group * 6, 3, 4, seed=4) if masked else None,
    ]
    check_against_onnxruntime(
        "DeformConv",
        arrays,
        opset=19,
        group=group,
        offset_group=offset_group,
        strides=[2, 2],
        dilations=[2, 2],
        pads=[1, 1, 2, 0],
        atol=1e-5,
    )


def test_deform_conv_of_no_images_agrees():
    arrays = [floats(0, 2, 3, 3), floats(2, 2, 2, 2), floats(0, 8, 2, 2)]
    check_against_onnxruntime("DeformConv", arrays, opset=19)


def test_col2im_takes_constant_shapes_as_literals():
    constants = {"image": np.array([5, 5]), "block": np.array([1, 5])}
    names = ["x", "image", "block"]
    source = lowered("Col2Im", names, opset=18, constants=constants)
    assert source == "ops.col2im(x, (5, 5), (1, 5))"


@pytest.mark.parametrize(
    ("x", "image", "block", "attributes"),
    [
        ((2, 12, 24), [7, 6], [2, 3], {"pads": [0, 1, 0, 1], "dilations": [1, 2]}),
        ((2, 6, 12), [6, 6], [2, 3], {"strides": [2, 1]}),
        ((1, 10, 12), [3, 4, 5], [1, 1, 5], {}),
    ],
)
def test_col2im_agrees(x, image, block, attributes):
    arrays = [floats(*x), np.array(image), np.array(block)]
    check_against_onnxruntime("Col2Im", arrays, opset=18, **attributes)


@pytest.mark.parametrize(
    ("activation", "params"),
    [
        ("Relu", None),
        ("Sigmoid", None),
        ("Tanh", None),
        ("HardSwish", None),
        ("LeakyRelu", [0.1]),
        ("Clip", [-0.5, 0.5]),
        ("HardSigmoid", [0.2, 0.5]),
    ],
)
def test_fused_conv_agrees(activation, params):
    arrays = [floats(1, 2, 9), floats(2, 2, 3), floats(2), floats(1, 2, 7, seed=1)]
    options = {"activation": activation}
    if params:
        options["activation_params"] = params
    check_against_onnxruntime(
        "FusedConv", arrays, opset=1, domain="com.microsoft", atol=1e-5, **options
    )


def test_fused_conv_needs_its_parameters():
    with pytest.raises(UnsupportedError, match="expected 1 numbers for LeakyRelu"):
        lowered(
            "FusedConv",
            ["x", "w"],
            opset=1,
            domain="com.microsoft",
            activation="LeakyRelu",
        )
