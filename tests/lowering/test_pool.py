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


@pytest.mark.parametrize("static", [True, False])
@pytest.mark.parametrize("mode", ["SAME_UPPER", "SAME_LOWER"])
def test_windows_that_leave_out_elements_agree(static, mode):
    # 2 windows of 1 element, 3 apart, are 2 shorter than the axis: SAME_UPPER leaves out
    # the first element, though its name may suggest otherwise.
    x = np.arange(6, dtype=np.float32).reshape(1, 1, 6)
    options = {"opset": 18, "kernel_shape": [1], "strides": [3], "auto_pad": mode}
    check_against_onnxruntime("LpPool", [x], **options)
    types = {"x": TensorType("float32", (1, 1, 6 if static else "length"))}
    pads = (
        f"'{mode}'" if not static else "(-1, -1)" if mode == "SAME_UPPER" else "(0, -2)"
    )
    assert f"pads={pads}" in lowered("LpPool", ["x"], types=types, **options)


@pytest.mark.parametrize("operator", ["MaxPool", "AveragePool", "LpPool"])
@pytest.mark.parametrize("strides", [[2, 1], [3, 3]])
def test_windows_longer_than_the_image_agree(operator, strides):
    options = {"kernel_shape": [4, 2], "strides": strides}
    check_against_onnxruntime(operator, [floats(1, 2, 3, 4)], opset=11, **options)


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
    indices = np.array([[[[6, 8], [16, 18]]]])
    shape = np.array([1, 1, 5, 5])
    check_against_onnxruntime("MaxUnpool", [x, indices, shape], **options)


def test_indices_that_fit_no_window_of_the_larger_output_are_of_the_inferred_one():
    # As in ONNX's own test_maxunpool_export_with_output_shape; onnxruntime puts the second
    # row of results where no window of a 5 by 5 image would have found them.
    x, indices = floats(1, 1, 2, 2), np.array([[[[5, 7], [13, 15]]]])
    options = {"opset": 11, "kernel_shape": [2, 2], "strides": [2, 2]}
    small = compute("MaxUnpool", [x, indices], **options)[0]
    large = compute("MaxUnpool", [x, indices, np.array([1, 1, 5, 5])], **options)[0]
    assert np.array_equal(large, np.pad(small, ((0, 0), (0, 0), (0, 1), (0, 1))))


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


@pytest.mark.parametrize("channels_last", [0, 1])
def test_quantized_means_count_what_lies_beyond_the_padding(channels_last):
    x = (floats(1, 3, 3, 3) * 40).astype(np.uint8)
    scales = [np.array(0.0213, np.float32), np.array(0.0107, np.float32)]
    check_against_onnxruntime(
        "QLinearAveragePool",
        [x, scales[0], np.array(10, np.uint8), scales[1], np.array(90, np.uint8)],
        **MICROSOFT,
        kernel_shape=[2, 2],
        strides=[2, 2],
        channels_last=channels_last,
        count_include_pad=1,
        ceil_mode=1,
    )
