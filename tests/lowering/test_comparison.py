"""Rules of comparison, logic and choice."""

import numpy as np
import pytest

from tests.support import assert_same, check_against_onnxruntime, compute, lowered

ORDERED = {
    "Equal": ("equal", 7),
    "Greater": ("greater", 7),
    "Less": ("less", 7),
    "GreaterOrEqual": ("greater_equal", 12),
    "LessOrEqual": ("less_equal", 12),
}
LOGICAL = {"And": "logical_and", "Or": "logical_or", "Xor": "logical_xor"}


@pytest.mark.parametrize("operator", ORDERED)
def test_comparisons(operator):
    name, opset = ORDERED[operator]
    assert lowered(operator, ["a", "b"], opset=opset) == f"np.{name}(a, b)"
    a, b = np.float32([[1], [np.nan], [-0.0]]), np.float32([0, 1, np.inf])
    for dtype in (np.float32, np.float64):
        arrays = [a.astype(dtype), b.astype(dtype)]
        check_against_onnxruntime(operator, arrays, opset=13)
    for dtype in (np.int32, np.int64):
        arrays = [np.array([1, 2], dtype), np.array([[2], [-1]], dtype)]
        check_against_onnxruntime(operator, arrays, opset=13)
    for shape in [(), (0, 2)]:
        check_against_onnxruntime(operator, [np.ones(shape, np.float32)] * 2, opset=13)


def test_strings_and_truth_are_equal_or_not():
    words = np.array(["a", "b"], object), np.array([["b"], ["a"]], object)
    check_against_onnxruntime("Equal", list(words), opset=19)
    truth = np.array([True, False]), np.array([[True], [False]])
    check_against_onnxruntime("Equal", list(truth), opset=13)


@pytest.mark.parametrize("operator", LOGICAL)
def test_logic(operator):
    assert lowered(operator, ["a", "b"], opset=7) == f"np.{LOGICAL[operator]}(a, b)"
    a, b = np.array([True, False]), np.array([[True], [False]])
    check_against_onnxruntime(operator, [a, b], opset=7)
    check_against_onnxruntime(operator, [np.array(True), np.array(False)], opset=7)


@pytest.mark.parametrize(
    ("operator", "function"),
    [
        ("Equal", np.equal),
        ("Greater", np.greater),
        ("Less", np.less),
        ("And", np.logical_and),
        ("Or", np.logical_or),
        ("Xor", np.logical_xor),
    ],
)
def test_how_opset_1_broadcasts(operator, function):
    rng = np.random.default_rng(0)  # no oracle has opset 1
    a, b = rng.integers(0, 2, (2, 3, 4)), rng.integers(0, 2, 3)
    if operator in LOGICAL:
        a, b = a > 0, b > 0
    (y,) = compute(operator, [a, b], opset=1, broadcast=1, axis=1)
    assert_same(y, function(a, b.reshape(3, 1)))
    source = lowered(operator, ["a", "b"], opset=1, broadcast=1, axis=1)
    name = function.__name__
    assert source == f"ops.combine_from_axis(a, b, operation='{name}', axis=1)"


def test_not():
    assert lowered("Not", ["x"], opset=1) == "np.logical_not(x)"
    check_against_onnxruntime("Not", [np.array([[True, False]])], opset=1)


def test_where():
    assert lowered("Where", ["c", "a", "b"], opset=9) == "np.where(c, a, b)"
    condition = np.array([[True], [False]])
    for a, b in [
        (np.float32([1, 2]), np.float32([3, np.nan])),
        (np.int64([1, 2]), np.array(5)),
        (np.uint8([1, 2]), np.uint8([[3], [4]])),
        (np.array(["a", "b"], object), np.array(["c"], object)),
    ]:
        check_against_onnxruntime("Where", [condition, a, b], opset=16)


def test_is_nan_and_is_inf():
    assert lowered("IsNaN", ["x"], opset=9) == "np.isnan(x)"
    assert lowered("IsInf", ["x"], opset=10) == "np.isinf(x)"
    source = lowered("IsInf", ["x"], opset=10, detect_negative=0)
    assert source == "ops.is_inf(x, detect_negative=False)"
    x = np.array([np.nan, np.inf, -np.inf, 0, 3])
    for dtype in (np.float32, np.float64):
        check_against_onnxruntime("IsNaN", [x.astype(dtype)], opset=13)
        for negative in (0, 1):
            for positive in (0, 1):
                check_against_onnxruntime(
                    "IsInf",
                    [x.astype(dtype)],
                    opset=10,
                    detect_negative=negative,
                    detect_positive=positive,
                )
