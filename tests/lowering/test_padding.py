"""Rules of Pad and CenterCropPad."""

import numpy as np
import pytest

from onnx2py import UnsupportedError
from onnx2py.ir.types import TensorType
from tests.lowering._paths import all_paths, check_all_paths
from tests.support import assert_same, lowered


def ints(*values):
    return np.array(values, np.int64)


def floats(*shape):
    return np.arange(np.prod(shape, dtype=int), dtype=np.float32).reshape(shape)


def pad(*constants, opset=18, rank=None, **attributes):
    names = [f"c{i}" if value is not None else "" for i, value in enumerate(constants)]
    return lowered(
        "Pad",
        ["x", *names],
        opset=opset,
        types={"x": TensorType("float32", ("n",) * rank)} if rank else {},
        constants={name: value for name, value in zip(names, constants) if name},
        **attributes,
    )


def test_pad():
    assert pad(ints(0, 1, 0, 1)) == "ops.pad(x, (0, 1, 0, 1))"
    assert pad(ints(0, 1), np.float32(0)) == "ops.pad(x, (0, 1))"
    assert pad(ints(0, 1), np.float32([2])) == "ops.pad(x, (0, 1), 2.0)"
    assert pad(ints(0, 1), mode="edge") == "ops.pad(x, (0, 1), mode='edge')"
    assert lowered("Pad", ["x", "p", "v"], opset=11) == "ops.pad(x, p, v)"


def test_pad_by_attributes():
    assert pad(opset=1, paddings=[0, 1], value=0.1) == "ops.pad(x, (0, 1), 0.1)"
    assert pad(opset=2, pads=[0, 1], mode="reflect") == (
        "ops.pad(x, (0, 1), mode='reflect')"
    )


def test_pad_of_some_axes():
    assert pad(ints(1, 2), None, ints(-1), rank=2) == "ops.pad(x, (0, 1, 0, 2))"
    assert pad(ints(1, 2), None, ints(-1)) == "ops.pad(x, (1, 2), None, (-1,))"


def test_pad_wraps_since_opset_19():
    assert pad(ints(1, 2), opset=19, mode="wrap") == "ops.pad(x, (1, 2), mode='wrap')"
    with pytest.raises(UnsupportedError, match="wrap"):
        pad(ints(1, 2), opset=18, mode="wrap")


@pytest.mark.parametrize("mode", ["constant", "reflect", "edge", "wrap"])
@pytest.mark.parametrize(
    "shape, pads",
    [
        ((5,), (2, 1)),
        ((5,), (-2, 1)),
        ((5,), (2, -2)),
        ((5,), (-1, -2)),
        ((3, 4), (1, 2, 2, 0)),
        ((3, 4), (0, -1, 0, 2)),
        ((2, 3, 4), (0, 1, 0, 0, 0, 3)),
    ],
)
def test_pad_agrees(mode, shape, pads):
    check_all_paths("Pad", [floats(*shape), ints(*pads)], opset=19, mode=mode)


@pytest.mark.parametrize("pads", [(-7, 3), (7, -6), (3, -4), (0, 0), (-2, -3)])
def test_cropping_all_agrees(pads):
    check_all_paths("Pad", [floats(5), ints(*pads)], opset=13)


@pytest.mark.parametrize("mode", ["constant", "reflect", "edge"])
def test_pad_of_nothing_agrees(mode):
    check_all_paths("Pad", [floats(0, 2), ints(0, 1, 0, 0)], opset=18, mode=mode)


def test_there_must_be_elements_to_repeat():
    with pytest.raises(ValueError, match="expected elements along axis 0"):
        all_paths("Pad", [floats(0, 2), ints(1, 0, 0, 0)], opset=18, mode="edge")


def test_wrapping_often_agrees():
    check_all_paths("Pad", [floats(3), ints(7, 8)], opset=19, mode="wrap")


@pytest.mark.parametrize("dtype", [np.float64, np.int32, np.uint8, np.bool_, np.int64])
def test_pad_keeps_the_dtype(dtype):
    x, value = np.ones((2, 2), dtype), np.array([1], dtype)
    check_all_paths("Pad", [x, ints(1, 0, 0, 1)], opset=13)
    check_all_paths("Pad", [x, ints(1, 0, 0, 1), value], opset=13)


def test_pad_of_axes_agrees():
    check_all_paths("Pad", [floats(2, 3), ints(1, 2), None, ints(-1)], opset=18)
    check_all_paths("Pad", [floats(2, 3), ints(1, 2, 0, 1), None, ints(1, 0)], opset=18)


def test_older_pads_agree():
    check_all_paths("Pad", [floats(2, 3)], opset=2, pads=[0, 1, 1, 0], value=0.1)
    check_all_paths("Pad", [floats(5)], opset=2, pads=[2, 3], mode="reflect")
    options = {"opset": 1, "domain": "com.microsoft"}
    check_all_paths("Pad", [floats(2, 3), ints(1, 0, 0, 2), np.float32([4])], **options)


def test_pad_of_strings():
    x = np.array(["a", "b"], object)
    for actual in all_paths("Pad", [x, ints(1, 1)], opset=18).values():
        assert_same(actual, [np.array(["", "a", "b", ""], object)])
    value = np.array("c", object)
    for actual in all_paths("Pad", [x, ints(0, 1), value], opset=18).values():
        assert_same(actual, [np.array(["a", "b", "c"], object)])


def test_center_crop_pad():
    constants = {"s": ints(2, 3)}
    found = lowered(
        "CenterCropPad", ["x", "s"], opset=18, constants=constants, axes=[-1, 0]
    )
    assert found == "ops.center_crop_pad(x, (2, 3), axes=(-1, 0))"


@pytest.mark.parametrize(
    "shape, options",
    [((6, 4), {}), ((7, 2), {}), ((4,), {"axes": [-1]}), ((1, 9), {"axes": [1, 0]})],
)
def test_center_crop_pad_agrees(shape, options):
    check_all_paths("CenterCropPad", [floats(3, 7), ints(*shape)], opset=18, **options)
