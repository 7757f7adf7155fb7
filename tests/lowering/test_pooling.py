"""Rules of pooling."""

import numpy as np
import pytest

from onnx2py import UnsupportedError
from onnx2py.ir.types import TensorType
from tests.support import check_against_onnxruntime, compute, lowered

IMAGE = {"x": TensorType("float32", ("n", 3, 7, 8))}
MICROSOFT = {"opset": 1, "domain": "com.microsoft"}


def floats(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize(
    ("operator", "attributes", "expected"),
    [
        ("MaxPool", {}, "ops.max_pool(x, kernel_shape=(3, 2))"),
        (
            "MaxPool",
            {
                "strides": [2, 2],
                "pads": [1, 1, 1, 1],
                "ceil_mode": 1,
                "storage_order": 1,
            },
            "ops.max_pool(x, kernel_shape=(3, 2), strides=(2, 2), pads=(1, 1, 1, 1), "
            "ceil_mode=True)",
        ),
        (
            "AveragePool",
            {"auto_pad": "SAME_UPPER", "count_include_pad": 1, "ceil_mode": 0},
            "ops.average_pool(x, kernel_shape=(3, 2), pads=(1, 0, 1, 1), "
            "count_include_pad=True)",
        ),
        (
            "AveragePool",
            {"auto_pad": "VALID"},
            "ops.average_pool(x, kernel_shape=(3, 2))",
        ),
        ("LpPool", {"p": 2}, "ops.lp_pool(x, kernel_shape=(3, 2))"),
        ("LpPool", {"p": 3}, "ops.lp_pool(x, kernel_shape=(3, 2), p=3)"),
    ],
)
def test_pools(operator, attributes, expected):
    attributes = {"kernel_shape": [3, 2], **attributes}
    assert lowered(operator, ["x"], opset=18, types=IMAGE, **attributes) == expected


def test_max_pool_gives_indices_where_they_are_wanted():
    names = ["y", "indices"]
    source = lowered(
        "MaxPool", ["x"], names, opset=12, kernel_shape=[2], storage_order=1
    )
    assert source == "ops.max_pool_with_indices(x, kernel_shape=(2,), storage_order=1)"
    source = lowered("MaxPool", ["x"], ["y", ""], opset=12, kernel_shape=[2])
    assert source == "ops.max_pool(x, kernel_shape=(2,))"


def test_padding_of_unknown_images_is_chosen_at_run_time():
    source = lowered(
        "MaxPool", ["x"], opset=12, kernel_shape=[2], auto_pad="SAME_UPPER"
    )
    assert source == "ops.max_pool(x, kernel_shape=(2,), pads='SAME_UPPER')"


def test_strides_must_fit_the_kernel():
    with pytest.raises(UnsupportedError, match="each of 2 spatial axes, got .2,."):
        lowered("MaxPool", ["x"], opset=12, kernel_shape=[2, 2], strides=[2])


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("GlobalAveragePool", "ops.global_average_pool(x)"),
        ("GlobalMaxPool", "ops.global_max_pool(x)"),
        ("GlobalLpPool", "ops.global_lp_pool(x)"),
    ],
)
def test_global_pools(operator, expected):
    assert lowered(operator, ["x"], opset=2) == expected
    if operator != "GlobalLpPool":  # onnxruntime has it up to opset 21 alone
        check_against_onnxruntime(operator, [floats(2, 3, 4, 5)], opset=22)
    check_against_onnxruntime(operator, [floats(2, 3, 4)], opset=13)


def test_the_first_norms_take_orders_that_are_no_integers():
    x = np.array([[[4, 9]]], np.float32)
    (y,) = compute("LpPool", [x], opset=1, kernel_shape=[2], p=0.5)
    np.testing.assert_allclose(y, [[[25]]], rtol=1e-6)
    (y,) = compute("GlobalLpPool", [x], opset=1, p=0.5)
    np.testing.assert_allclose(y, [[[25]]], rtol=1e-6)


VERSIONS = {
    "MaxPool": (1, 8, 10, 11, 12, 22),
    "AveragePool": (7, 10, 11, 19, 22),  # onnxruntime lacks 1
    "LpPool": (2, 11, 18, 22),
}
SINCE = {
    ("MaxPool", "ceil_mode"): 10,
    ("MaxPool", "dilations"): 10,
    ("AveragePool", "ceil_mode"): 10,
    ("AveragePool", "dilations"): 19,
    ("LpPool", "ceil_mode"): 18,
    ("LpPool", "dilations"): 18,
}


ATTRIBUTES = [
    {},
    {"strides": [2, 3]},
    {"pads": [1, 1, 2, 0], "strides": [2, 2]},
    {"auto_pad": "SAME_UPPER", "strides": [2, 2]},
    {"auto_pad": "SAME_LOWER", "strides": [2, 1]},
    {"auto_pad": "VALID", "strides": [2, 2]},
    {"pads": [1, 1, 2, 0], "strides": [3, 2], "ceil_mode": 1},
    {"pads": [2, 0, 2, 1], "strides": [3, 3], "ceil_mode": 1},
    {"pads": [1, 1, 2, 0], "dilations": [3, 2]},
    {"dilations": [2, 3], "strides": [2, 2], "ceil_mode": 1},
    {"auto_pad": "SAME_UPPER", "dilations": [2, 2]},
]


@pytest.mark.parametrize(
    ("operator", "opset", "attributes"),
    [
        (operator, opset, attributes)
        for operator, opsets in VERSIONS.items()
        for opset in opsets
        for attributes in ATTRIBUTES
        if all(opset >= SINCE.get((operator, name), 1) for name in attributes)
    ],
)
def test_pools_agree(operator, opset, attributes):
    options = {"opset": opset, "kernel_shape": [3, 2], **attributes}
    x = floats(2, 2, 11, 10)
    check_against_onnxruntime(operator, [x], **options)
    if operator == "AveragePool":
        check_against_onnxruntime(operator, [x], **options, count_include_pad=1)
    if operator == "MaxPool" and opset >= 8:
        for order in (0, 1):
            check_against_onnxruntime(
                operator, [x], **options, outputs=2, storage_order=order
            )


@pytest.mark.parametrize("opset", [12, 22])
@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.float16, np.float64])
def test_max_pool_of_other_types_agrees(opset, kind):
    x = (floats(1, 2, 9) * 40).astype(kind)
    options = {"kernel_shape": [3], "pads": [1, 1], "strides": [2]}
    check_against_onnxruntime("MaxPool", [x], opset=opset, **options)


@pytest.mark.parametrize("shape", [(1, 2, 9), (2, 1, 4, 5, 6), (0, 2, 9)])
@pytest.mark.parametrize("operator", sorted(VERSIONS))
def test_pools_of_other_ranks_agree(operator, shape):
    kernel = [2, 3, 2][: len(shape) - 2]
    check_against_onnxruntime(operator, [floats(*shape)], opset=11, kernel_shape=kernel)


@pytest.mark.parametrize("opset", [9, 11])
def test_max_unpool_agrees(opset):
    x, indices = floats(1, 1, 2, 2), np.array([[[[5, 7], [13, 15]]]])
    options = {"opset": opset, "kernel_shape": [2, 2], "strides": [2, 2]}
    check_against_onnxruntime("MaxUnpool", [x, indices], **options)
    shape = np.array([1, 1, 5, 5])
    check_against_onnxruntime("MaxUnpool", [x, indices, shape], **options)


@pytest.mark.parametrize("size", [1, 3, 9])
def test_lrn_agrees(size):
    options = {"size": size, "alpha": 0.3, "beta": 0.6, "bias": 2.0}
    check_against_onnxruntime("LRN", [floats(2, 6, 3, 4)], opset=13, **options)
    check_against_onnxruntime("LRN", [floats(2, 6, 3, 4)], opset=1, size=size)


BOXES = [
    [0, 0, 3, 3],
    [0.5, 0.2, 2.3, 9],
    [1.2, 3.3, 7.7, 5.1],
    [-2, -3, 4, 4],
    [3, 3, 3, 3],
    [5, 5, 4, 4],
    [20, 20, 30, 30],
]


@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("sampling_ratio", [0, 1, 3])
@pytest.mark.parametrize(
    ("opset", "transformation"),
    [(10, None), (16, None), (16, "half_pixel"), (16, "output_half_pixel")],
)
def test_roi_align_agrees(mode, sampling_ratio, opset, transformation):
    options = {"mode": mode, "sampling_ratio": sampling_ratio, "spatial_scale": 0.6}
    if transformation:
        options["coordinate_transformation_mode"] = transformation
    check_against_onnxruntime(
        "RoiAlign",
        [
            floats(2, 3, 9, 8),
            np.array(BOXES, np.float32),
            np.array([0, 1, 1, 0, 0, 1, 0]),
        ],
        opset=opset,
        output_height=3,
        output_width=2,
        **options,
    )


@pytest.mark.parametrize("scale", [1.0, 0.6, 1.4])
def test_max_roi_pool_agrees(scale):
    boxes = np.insert(np.array(BOXES, np.float32), 0, [0, 1, 1, 0, 0, 1, 0], axis=1)
    check_against_onnxruntime(
        "MaxRoiPool",
        [floats(2, 3, 9, 8), boxes],
        opset=1,
        pooled_shape=[3, 2],
        spatial_scale=scale,
    )


@pytest.mark.parametrize("kind", [np.int8, np.uint8])
@pytest.mark.parametrize(
    "attributes",
    [
        {"auto_pad": "SAME_UPPER"},
        {"pads": [1, 0, 0, 1], "strides": [2, 1]},
        {"ceil_mode": 1, "strides": [2, 2], "dilations": [2, 1]},
    ],
)
def test_nhwc_max_pool_agrees(kind, attributes):
    x = (floats(2, 5, 6, 3) * 40).astype(kind)
    check_against_onnxruntime(
        "NhwcMaxPool", [x], **MICROSOFT, kernel_shape=[2, 3], **attributes
    )


@pytest.mark.parametrize("kind", [np.int8, np.uint8])
@pytest.mark.parametrize("channels_last", [0, 1])
def test_quantized_means_agree(kind, channels_last):
    x = (floats(2, 5, 6, 3) * 40).astype(kind)
    # With these, no mean lies halfway, where onnxruntime rounds by its float errors.
    scales = [np.array(0.0213, np.float32), np.array(0.0307, np.float32)]
    zeros = [np.array(100, kind), np.array(90, kind)]
    arrays = [x, scales[0], zeros[0], scales[1], zeros[1]]
    options = {**MICROSOFT, "channels_last": channels_last}
    check_against_onnxruntime("QLinearGlobalAveragePool", arrays, **options)
    options |= {"kernel_shape": [3, 2], "pads": [1, 1, 0, 0], "strides": [2, 2]}
    for attributes in ({}, {"count_include_pad": 1}, {"ceil_mode": 1}):
        check_against_onnxruntime("QLinearAveragePool", arrays, **options, **attributes)
    check_against_onnxruntime("QLinearAveragePool", arrays[:4], **options)


def test_where_onnxruntime_counts_too_much_there_is_no_rule():
    with pytest.raises(UnsupportedError, match="beyond the padding"):
        lowered(
            "QLinearAveragePool",
            ["x", "xs", "xz", "ys", "yz"],
            **MICROSOFT,
            kernel_shape=[2, 2],
            channels_last=1,
            count_include_pad=1,
            ceil_mode=1,
        )
