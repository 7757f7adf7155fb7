"""Rules of Resize and Upsample."""

from itertools import product

import numpy as np
import pytest

from onnx2py import UnsupportedError
from onnx2py.ir.types import TensorType
from tests.support import check_against_onnxruntime, compute, lowered

SCALES = {"s": np.array([1, 1, 2, 2], np.float32)}
FLOAT = {"x": TensorType("float32", (1, 3, 4, 4))}
MODES = ("nearest", "linear", "cubic")
TRANSFORMATIONS = (
    *("half_pixel", "pytorch_half_pixel", "align_corners"),
    *("asymmetric", "tf_crop_and_resize"),
)
ROI = np.array([0, 0, 0.1, 0.2, 1, 1, 0.8, 1.3], np.float32)


def image(*shape, dtype=np.float32):
    x = np.random.default_rng(1).normal(size=shape) * 50
    return (np.abs(x) if dtype == np.uint8 else x).astype(dtype)


def floats(*values):
    return np.array(values, np.float32)


def check(operator, arrays, **options):
    # Sums of values of about 100 in float32, in another order
    check_against_onnxruntime(operator, arrays, rtol=2e-5, atol=3e-4, **options)


@pytest.mark.parametrize(
    "operator, opset, inputs, attributes, call",
    [
        (
            "Resize",
            13,
            ["x", "", "s"],
            {"mode": "nearest", "nearest_mode": "floor"},
            "ops.resize_nearest(x, None, (1.0, 1.0, 2.0, 2.0), nearest_mode='floor')",
        ),
        (
            "Resize",
            18,
            ["x", "", "", "n"],
            {"mode": "linear", "axes": [2, 3]},
            "ops.resize_linear(x, None, None, n, axes=(2, 3))",
        ),
        (
            "Resize",
            19,
            ["x", "", "s"],
            {"mode": "cubic", "antialias": 1},
            "ops.resize_antialiased("
            "x, None, (1.0, 1.0, 2.0, 2.0), cubic_coeff_a=-0.75)",
        ),
        (
            "Resize",
            11,
            ["x", "roi", "s"],
            {"coordinate_transformation_mode": "tf_crop_and_resize"},
            "ops.resize_nearest(x, roi, (1.0, 1.0, 2.0, 2.0), "
            "coordinate_transformation_mode='tf_crop_and_resize')",
        ),
        (
            "Upsample",
            1,
            ["x"],
            {"width_scale": 3.0, "height_scale": 2.0, "mode": "bilinear"},
            "ops.resize_linear(x, None, (1.0, 1.0, 2.0, 3.0), "
            "coordinate_transformation_mode='asymmetric')",
        ),
        (
            "Upsample",
            7,
            ["x"],
            {"scales": [1.0, 2.0]},
            "ops.resize_nearest(x, None, (1.0, 2.0), "
            "coordinate_transformation_mode='asymmetric', nearest_mode='toward_zero')",
        ),
        (
            "Upsample",
            9,
            ["x", "t"],
            {"mode": "linear"},
            "ops.resize_linear(x, None, t, coordinate_transformation_mode='asymmetric')",
        ),
    ],
)
def test_calls(operator, opset, inputs, attributes, call):
    options = {"opset": opset, "constants": SCALES, "types": FLOAT}
    assert lowered(operator, inputs, **options, **attributes) == call


def test_integers_have_a_kernel_of_their_own():
    types = {"x": TensorType("uint8", None)}
    call = lowered("Resize", ["x", "", "s"], opset=13, types=types, mode="linear")
    assert call == "ops.resize_linear_integers(x, None, s)"


def test_an_unknown_mode_is_reported():
    with pytest.raises(UnsupportedError, match="attribute mode: expected nearest"):
        lowered("Resize", ["x", "", "s"], opset=13, mode="area")


@pytest.mark.parametrize("transformation", TRANSFORMATIONS)
@pytest.mark.parametrize("mode", MODES)
def test_resize_agrees(mode, transformation):
    x = image(1, 2, 7, 9)
    options = {"mode": mode, "coordinate_transformation_mode": transformation}
    for scales in ((1, 1, 2, 2), (1, 1, 0.5, 0.6), (1, 1, 3, 1.3), (1, 1, 0.2, 2.7)):
        arrays = [x, ROI, floats(*scales)]
        check("Resize", arrays, opset=11, extrapolation_value=7.0, **options)
        sizes = np.array([int(s * d) for s, d in zip(scales, x.shape)])
        check("Resize", [x, ROI, None, sizes], opset=13, **options)


@pytest.mark.parametrize("mode", [*MODES, "antialias"])
def test_corners_of_lengths_that_are_not_whole_agree(mode):
    """4 * 0.6 is 2.4, which makes 2 elements: their corners are aligned, not those of 2.4."""
    options = {"mode": mode} if mode in MODES else {"mode": "linear", "antialias": 1}
    options["coordinate_transformation_mode"] = "align_corners"
    for length, factor in product((1, 4, 7), (0.6, 1.3, 1.7, 2.4, 3.3)):
        arrays = [
            image(1, 1, 5, length),
            None,
            floats(1, 1, 0.5, max(factor, 1 / length)),
        ]
        check("Resize", arrays, opset=18, **options)


@pytest.mark.parametrize(
    "factor, linear, cubic",
    [
        (0.6, [1, 4], [1, 4]),
        (1.7, [1, 1.6, 2.2, 2.8, 3.4, 4], [1, 1.504, 2.248, 2.752, 3.496, 4]),
    ],
)
def test_corners_lie_where_pytorch_aligns_them(factor, linear, cubic):
    """``F.interpolate(x, scale_factor=(1, factor), align_corners=True)`` of PyTorch 2.13."""
    options = {"coordinate_transformation_mode": "align_corners", "opset": 13}
    arrays = [floats(1, 2, 3, 4).reshape(1, 1, 1, 4), None, floats(1, 1, 1, factor)]
    for mode, expected in (("linear", linear), ("cubic", cubic)):
        (y,) = compute("Resize", arrays, mode=mode, **options)
        np.testing.assert_allclose(y[0, 0, 0], expected, rtol=1e-5)


def test_half_pixel_symmetric_agrees():
    options = {"coordinate_transformation_mode": "half_pixel_symmetric", "opset": 19}
    for mode in MODES:
        arrays = [image(1, 1, 7, 9), None, floats(1, 1, 1.3, 0.6)]
        check("Resize", arrays, mode=mode, **options)


@pytest.mark.parametrize(
    "rounding", ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]
)
def test_nearest_agrees(rounding):
    x = np.arange(9, dtype=np.float32)
    for transformation, size in product(TRANSFORMATIONS[:4], range(1, 20)):
        check(
            "Resize",
            [x, None, None, np.array([size])],
            opset=13,
            nearest_mode=rounding,
            coordinate_transformation_mode=transformation,
        )


def test_cubic_options_agree():
    arrays = [image(1, 2, 7, 9), None, floats(1, 1, 1.7, 0.6)]
    for exclude, a in product((0, 1), (-0.75, -0.5)):
        options = {"exclude_outside": exclude, "cubic_coeff_a": a}
        check("Resize", arrays, opset=13, mode="cubic", **options)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int32])
@pytest.mark.parametrize("shape", [(7, 9), (3, 7, 9), (1, 2, 7, 9), (1, 2, 3, 7, 9)])
def test_linear_of_integers_is_the_same(dtype, shape):
    for last in ((2, 2), (0.5, 0.6), (3, 1.3)):
        scales = floats(*[1] * (len(shape) - 2), *last)
        arrays = [image(*shape, dtype=dtype).clip(-128, 127), None, scales]
        check("Resize", arrays, opset=13, mode="linear")


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int32])
def test_linear_of_channels_last_is_the_same(dtype):
    x = image(1, 7, 9, 3, dtype=dtype).clip(-128, 127)
    for scales in ((1, 2, 2, 1), (1, 0.5, 0.6, 1), (1, 3, 1.3, 1)):
        check("Resize", [x, None, floats(*scales)], opset=13, mode="linear")


@pytest.mark.parametrize("shape", [(7,), (7, 5), (3, 7, 5), (1, 2, 3, 4, 5)])
def test_any_rank_agrees(shape):
    scales = floats(*[1] * (len(shape) - 1), 2.5)
    check("Resize", [image(*shape), None, scales], opset=13, mode="nearest")
    if len(shape) > 1:
        check("Resize", [image(*shape), None, scales], opset=13, mode="linear")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("policy", ["stretch", "not_larger", "not_smaller"])
def test_policies_agree(mode, policy):
    x = image(1, 3, 11, 13)
    for axes, sizes in product(([2, 3], [3, 2]), ((5, 20), (20, 5), (22, 26))):
        options = {"axes": axes, "keep_aspect_ratio_policy": policy, "mode": mode}
        check("Resize", [x, None, None, np.array(sizes)], opset=18, **options)


@pytest.mark.parametrize("exclude", [0, 1])
@pytest.mark.parametrize("mode", ["linear", "cubic"])
@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_antialiasing_agrees(dtype, mode, exclude):
    options = {"antialias": 1, "mode": mode, "exclude_outside": exclude, "opset": 18}
    for size in ((17, 19), (150, 140)):
        x = image(1, 2, *size, dtype=dtype)
        for scales in (
            (1, 1, 2, 2),
            (1, 1, 0.5, 0.6),
            (1, 1, 0.1, 0.7),
            (1, 1, 1, 0.3),
        ):
            check("Resize", [x, None, floats(*scales)], **options)
            check("Resize", [x, None, floats(*scales[2:])], axes=[2, 3], **options)


@pytest.mark.parametrize("dtype", [np.float32, np.uint8, np.int32])
@pytest.mark.parametrize("mode", ["nearest", "linear"])
def test_old_versions_agree(mode, dtype):
    x = np.abs(image(1, 2, 14, 15)).astype(dtype)
    for scales in ((1, 1, 2, 2), (1, 1, 1.3, 2.7), (1, 1, 0.5, 0.7), (1, 1, 0.3, 0.3)):
        check("Resize", [x, floats(*scales)], opset=10, mode=mode)
        if min(scales) >= 1:
            check("Upsample", [x, floats(*scales)], opset=9, mode=mode)
            attribute = [float(scale) for scale in scales]
            check("Upsample", [x], opset=7, mode=mode, scales=attribute)


def test_empty_tensors_agree():
    x = image(0, 2, 3, 3)
    check("Resize", [x, None, floats(1, 1, 2, 2)], opset=13)
