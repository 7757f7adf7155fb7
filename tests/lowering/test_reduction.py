"""Rules of reductions, compared with onnxruntime and with numbers made by hand."""

import ml_dtypes
import numpy as np
import pytest

from onnx2py.ir.types import TensorType
from tests.lowering._paths import check_all_paths
from tests.support import assert_same, check_against_onnxruntime, compute, lowered

ALL = [
    f"Reduce{name}"
    for name in (
        *("Sum", "Mean", "Max", "Min", "Prod", "L1", "L2"),
        *("LogSum", "LogSumExp", "SumSquare"),
    )
]
IMAGE = {"x": TensorType("float32", ("batch", 3, 8, 8))}
AXES = {"axes": np.array([2, 3])}
RNG = np.random.default_rng(0)


def axes_input_since(operator):
    return 13 if operator == "ReduceSum" else 18


def test_numpy_serves_where_it_agrees():
    assert (
        lowered("ReduceMean", ["x"], opset=11, types=IMAGE, axes=[2, 3])
        == "np.mean(x, axis=(2, 3), keepdims=True)"
    )
    assert (
        lowered(
            "ReduceMax",
            ["x", "axes"],
            opset=18,
            types=IMAGE,
            constants=AXES,
            keepdims=0,
        )
        == "np.max(x, axis=(2, 3))"
    )
    assert (
        lowered("ReduceSum", ["x"], opset=11, types=IMAGE, axes=[-2, -1], keepdims=0)
        == "np.sum(x, axis=(-2, -1))"
    )


@pytest.mark.parametrize(
    ("shape", "axes", "expected"),
    [
        ((1000, 16), [1], "ops.reduce_max(x, (1,), keepdims=False)"),
        (("n", 2, 8), [-1, -2], "ops.reduce_max(x, (-1, -2), keepdims=False)"),
        ((1, 3, 64, 64), [1], "ops.reduce_max(x, (1,), keepdims=False)"),
        ((999, 16), [1], "np.max(x, axis=1)"),
        ((1000, 17), [1], "np.max(x, axis=1)"),
        (("n", 1), [1], "np.max(x, axis=1)"),
    ],
)
def test_a_kernel_serves_where_rows_are_short_and_many(shape, axes, expected):
    types = {"x": TensorType("float32", shape)}
    call = lowered("ReduceMax", ["x"], opset=11, types=types, axes=axes, keepdims=0)
    assert call == expected


@pytest.mark.parametrize(
    ("types", "axes"),
    [
        ({}, [1]),
        ({"x": TensorType("int32", (2, 3))}, [1]),  # NumPy would return int64
        ({"x": TensorType("float16", (2, 3))}, [1]),  # NumPy would sum in float16
    ],
)
def test_a_kernel_serves_elsewhere(types, axes):
    assert (
        lowered("ReduceSum", ["x"], opset=11, types=types, axes=axes)
        == "ops.reduce_sum(x, (1,))"
    )


def test_an_empty_axis_needs_the_kernel():
    types = {"x": TensorType("float32", (2, "n"))}
    assert (
        lowered("ReduceMax", ["x"], opset=11, types=types, axes=[1])
        == "ops.reduce_max(x, (1,))"
    )


def test_axes_that_are_not_constant():
    assert lowered("ReduceL2", ["x", "axes"], opset=18, keepdims=0) == (
        "ops.reduce_l2(x, axes, keepdims=False)"
    )


def test_no_axes():
    assert lowered("ReduceL1", ["x"], opset=1) == "ops.reduce_l1(x)"
    assert lowered("ReduceL1", ["x"], opset=18, noop_with_empty_axes=1) == (
        "ops.reduce_l1(x, noop_with_empty_axes=True)"
    )


@pytest.mark.parametrize("operator", ALL)
@pytest.mark.parametrize(
    ("opset", "axes", "keepdims"),
    [(1, (0,), 1), (7, (1, 2), 0), (11, (-1, 0), 1), (13, None, 1), (18, (1,), 0)],
)
def test_floats_agree(operator, opset, axes, keepdims):
    x = RNG.uniform(0.5, 2, (2, 3, 4)).astype(np.float32)
    if axes is None or opset < axes_input_since(operator):
        options = {} if axes is None else {"axes": list(axes)}
        arrays = [x]
    else:
        arrays, options = [x, np.array(axes)], {}
    check_against_onnxruntime(
        operator, arrays, opset=opset, keepdims=keepdims, **options
    )


@pytest.mark.parametrize(
    ("operator", "dtype"),
    [
        *((operator, np.float64) for operator in ALL),
        # onnxruntime sums exponentials as integers, and opset 28 has no such type.
        *((operator, np.int32) for operator in ALL if operator != "ReduceLogSumExp"),
    ],
)
def test_other_types_agree(operator, dtype):
    x = RNG.integers(1, 5, (2, 3, 4)).astype(dtype)
    check_against_onnxruntime(operator, [x], opset=11, axes=[1])


@pytest.mark.parametrize("operator", ["ReduceMax", "ReduceMin"])
@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, bool])
def test_extremes_of_integers_agree(operator, dtype):
    x = RNG.integers(0, 100, (2, 3)).astype(dtype)
    opset = 20 if dtype is bool else 13
    axes = [np.array([1])] if dtype is bool else []
    check_against_onnxruntime(
        operator, [x, *axes], opset=opset, **({} if axes else {"axes": [1]})
    )


@pytest.mark.parametrize("operator", ALL)
@pytest.mark.parametrize("noop", [0, 1])
def test_empty_axes_agree(operator, noop):
    x = RNG.uniform(0.5, 2, (2, 3)).astype(np.float32)
    check_against_onnxruntime(
        operator,
        [x, np.array([], np.int64)],
        opset=axes_input_since(operator),
        noop_with_empty_axes=noop,
    )


@pytest.mark.parametrize("operator", ALL)
def test_a_scalar_agrees(operator):
    check_against_onnxruntime(operator, [np.array(1.5, np.float32)], opset=18)


@pytest.mark.parametrize(
    "operator", ["ReduceSum", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceMean"]
)
def test_no_elements_agree(operator):
    x = np.zeros((2, 0, 3), np.float32)
    check_against_onnxruntime(operator, [x, np.array([1])], opset=18)


@pytest.mark.parametrize(
    ("operator", "dtype", "neutral"),
    [
        ("ReduceMax", np.float32, -np.inf),
        ("ReduceMin", np.float16, np.inf),
        ("ReduceMax", np.int8, -128),
        ("ReduceMin", np.uint64, 2**64 - 1),
        ("ReduceMax", bool, False),
        ("ReduceMin", bool, True),
        ("ReduceLogSumExp", np.float32, -np.inf),
        ("ReduceLogSum", np.float64, -np.inf),
        ("ReduceMean", np.float32, 0),
    ],
)
def test_neutral_elements(operator, dtype, neutral):
    found = compute(operator, [np.zeros((2, 0), dtype), np.array([1])], opset=20)
    assert_same(found, [np.full((2, 1), neutral, dtype)])


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
def test_small_floats_are_summed_in_float32(dtype):
    x = np.ones((1, 5000), dtype)  # 2048 + 1 is 2048 in float16
    (found,) = compute("ReduceSum", [x], opset=11, axes=[1])
    assert found.dtype == dtype
    assert abs(float(found[0, 0]) - 5000) <= 16


def test_the_log_of_huge_exponentials_is_finite():
    x = np.array([[1000, 1000]], np.float32)
    found = compute("ReduceLogSumExp", [x], opset=18)
    assert_same(found, [np.array([[1000 + np.log(2)]], np.float32)])


def test_integer_means_are_rounded_towards_zero():
    found = compute("ReduceMean", [np.array([[-2, -1], [2, 1]])], opset=11, axes=[1])
    assert_same(found, [np.array([[-1], [1]])])


def test_argmax_is_numpys():
    types = {"x": TensorType("float32", (2, 3))}
    assert lowered("ArgMax", ["x"], opset=13, types=types, axis=1, keepdims=0) == (
        "np.argmax(x, axis=1)"
    )
    assert (
        lowered("ArgMin", ["x"], opset=13, types=types, select_last_index=1)
        == "ops.argmin(x, select_last_index=True)"
    )


@pytest.mark.parametrize("operator", ["ArgMax", "ArgMin"])
@pytest.mark.parametrize(
    ("opset", "options"),
    [
        (1, {}),
        (11, {"axis": -1, "keepdims": 0}),
        (12, {"axis": 1, "select_last_index": 1}),
        (13, {"axis": -2, "select_last_index": 1, "keepdims": 0}),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.int32])
def test_places_of_extremes_agree(operator, opset, options, dtype):
    x = RNG.integers(0, 3, (4, 5, 3)).astype(dtype)
    check_against_onnxruntime(operator, [x], opset=opset, **options)


@pytest.mark.parametrize("axis", [0, -1, 1])
@pytest.mark.parametrize("value", [2.5, -3])
def test_scalars_have_one_element_along_any_axis(value, axis):
    """PyTorch exports ``x.sum(0)`` of scalars."""
    x = np.array(value, np.int32 if value == -3 else np.float32)
    for operator in ALL:
        for keepdims in (0, 1):
            arrays = [x, np.array([axis])]
            check_against_onnxruntime(operator, arrays, opset=18, keepdims=keepdims)
        if operator != "ReduceSum":
            (y,) = compute(operator, [x], opset=11, axes=[axis])
            assert_same([y], compute(operator, arrays, opset=18))
    for operator in ("ArgMax", "ArgMin"):
        for last in (0, 1):
            options = {"axis": axis, "select_last_index": last, "keepdims": last}
            (y,) = compute(operator, [x], opset=13, **options)
            assert (y.shape, y.dtype, y.item()) == ((), np.int64, 0)


@pytest.mark.parametrize("keepdims", [0, 1])
@pytest.mark.parametrize("axes", [(1, 1), (0, -2), (1, -1, 0, 1)])
@pytest.mark.parametrize("operator", ALL)
def test_an_axis_named_twice_counts_once(operator, axes, keepdims):
    x = RNG.uniform(0.5, 2, (2, 3)).astype(np.float32)
    check_all_paths(
        operator,
        [x, np.array(axes)],
        opset=axes_input_since(operator),
        keepdims=keepdims,
    )


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("axes", [[0], [0, 1], [1]])
def test_the_mean_of_nothing_is_0(axes, dtype):
    arrays = [np.zeros((0, 3), dtype), np.array(axes)]
    check_all_paths("ReduceMean", arrays, opset=18)
