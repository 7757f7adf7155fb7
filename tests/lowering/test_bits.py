"""Rules of the operations on bits."""

import numpy as np
import pytest

from onnx2py import UnsupportedError
from tests.support import assert_same, check_against_onnxruntime, compute, lowered


@pytest.mark.parametrize("kind", ["and", "or", "xor"])
def test_bits_of_two_tensors(kind):
    operator = f"Bitwise{kind.title()}"
    assert lowered(operator, ["a", "b"], opset=18) == f"np.bitwise_{kind}(a, b)"
    for dtype in (np.int8, np.uint16, np.int64):
        a, b = np.array([5, 100, -1], np.int64), np.array([[3], [6]])
        arrays = [a.astype(dtype), b.astype(dtype)]
        check_against_onnxruntime(operator, arrays, opset=18)


def test_bits_of_one_tensor():
    assert lowered("BitwiseNot", ["x"], opset=18) == "np.invert(x)"
    for dtype in (np.int32, np.uint8):
        check_against_onnxruntime("BitwiseNot", [np.array([0, 5], dtype)], opset=18)


@pytest.mark.parametrize("direction", ["LEFT", "RIGHT"])
def test_shifts(direction):
    source = lowered("BitShift", ["a", "b"], opset=11, direction=direction)
    assert source == f"np.{direction.lower()}_shift(a, b)"
    for dtype in (np.uint8, np.uint32, np.uint64):
        a, b = np.array([1, 4, 255], dtype), np.array([[1], [2]], dtype)
        check_against_onnxruntime("BitShift", [a, b], opset=11, direction=direction)


def test_shifts_beyond_all_bits_leave_the_sign():
    a, b = np.int8([-5, 5, -5, -5]), np.int8([8, 100, -1, 1])
    (right,) = compute("BitShift", [a, b], opset=28, direction="RIGHT")
    assert_same(right, np.int8([-1, 0, -1, -3]))
    (left,) = compute("BitShift", [a, b], opset=28, direction="LEFT")
    assert_same(left, np.int8([0, 0, 0, -10]))


def test_another_direction_is_reported():
    with pytest.raises(UnsupportedError, match="expected LEFT or RIGHT, got 'UP'"):
        lowered("BitShift", ["a", "b"], opset=11, direction="UP")
