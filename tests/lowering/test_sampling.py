"""Rules of GridSample and AffineGrid."""

import numpy as np
import pytest

from onnx2py import UnsupportedError
from tests.support import check_against_onnxruntime, lowered

PADDINGS = ("zeros", "border", "reflection")
RANDOM = np.random.default_rng(0)


def normal(*shape):
    return RANDOM.normal(size=shape).astype(np.float32)


def points(*shape):
    return RANDOM.uniform(-2.5, 2.5, shape).astype(np.float32)


@pytest.mark.parametrize("opset, mode", [(16, "bicubic"), (20, "cubic"), (22, "cubic")])
def test_modes_have_one_name(opset, mode):
    assert (
        lowered("GridSample", ["x", "g"], opset=opset, mode=mode)
        == "ops.grid_sample(x, g, mode='cubic')"
    )


def test_an_old_name_in_a_new_opset_is_reported():
    with pytest.raises(UnsupportedError, match="expected linear or nearest or cubic"):
        lowered("GridSample", ["x", "g"], opset=20, mode="bilinear")


def test_affine_grid():
    size = {"n": np.array([1, 3, 4, 5])}
    assert (
        lowered("AffineGrid", ["t", "n"], opset=20, constants=size, align_corners=1)
        == "ops.affine_grid(t, (1, 3, 4, 5), align_corners=True)"
    )


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("align", [0, 1])
@pytest.mark.parametrize(
    "shape, size",
    [((2, 3, 5, 7), (4, 6)), ((1, 1, 1, 1), (3, 3)), ((1, 2, 1, 6), (3, 3))],
)
def test_two_axes_agree(padding, align, shape, size):
    arrays = [normal(*shape), points(shape[0], *size, 2)]
    options = {"padding_mode": padding, "align_corners": align, "atol": 2e-5}
    for mode in ("bilinear", "nearest", "bicubic"):
        check_against_onnxruntime("GridSample", arrays, opset=16, mode=mode, **options)
    for mode in ("linear", "nearest", "cubic"):
        check_against_onnxruntime("GridSample", arrays, opset=22, mode=mode, **options)
    doubles = [array.astype(np.float64) for array in arrays]
    check_against_onnxruntime("GridSample", doubles, opset=20, **options)


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("align", [0, 1])
@pytest.mark.parametrize("mode", ["linear", "nearest"])
def test_three_axes_agree(padding, align, mode):
    arrays = [normal(2, 3, 4, 5, 6), points(2, 2, 3, 4, 3)]
    check_against_onnxruntime(
        "GridSample",
        arrays,
        opset=20,
        padding_mode=padding,
        align_corners=align,
        mode=mode,
    )


@pytest.mark.parametrize("mode", ["linear", "nearest"])
def test_no_images_agree(mode):
    arrays = [normal(0, 3, 4, 5), points(0, 2, 3, 2)]
    check_against_onnxruntime("GridSample", arrays, opset=20, mode=mode)


def test_the_domain_com_microsoft_agrees():
    arrays = [normal(1, 2, 4, 5), points(1, 3, 3, 2)]
    check_against_onnxruntime(
        "GridSample", arrays, opset=1, domain="com.microsoft", mode="bicubic", atol=2e-5
    )


@pytest.mark.parametrize("align", [0, 1])
@pytest.mark.parametrize(
    "size", [(2, 3, 4, 5), (2, 1, 1, 1), (2, 1, 3, 4, 5), (2, 1, 1, 4, 1)]
)
def test_affine_grid_agrees(align, size):
    theta = normal(2, len(size) - 2, len(size) - 1)
    check_against_onnxruntime(
        "AffineGrid", [theta, np.array(size)], opset=20, align_corners=align
    )
