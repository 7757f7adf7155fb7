"""Rules of the operators that choose elements by their values."""

import ml_dtypes
import numpy as np
import pytest

from onnx2py.ir.types import TensorType
from tests.lowering._paths import all_paths, check_all_paths
from tests.support import assert_same, lowered, onnxruntime_outputs


def ints(*values):
    return np.array(values, np.int64)


def floats(*shape):
    return np.arange(np.prod(shape, dtype=int), dtype=np.float32).reshape(shape)


def test_non_zero():
    assert lowered("NonZero", ["x"], opset=9) == "ops.non_zero(x)"


@pytest.mark.parametrize("dtype", [np.float32, np.bool_, np.int64])
@pytest.mark.parametrize("shape", [(), (4,), (2, 3), (0, 2)])
def test_non_zero_agrees(shape, dtype):
    check_all_paths("NonZero", [np.asarray(floats(*shape) % 2, dtype)], opset=13)


def test_top_k():
    two = ["values", "indices"]
    constants = {"k": ints(3)}
    assert (
        lowered("TopK", ["x"], two, opset=1, k=3, axis=1) == "ops.top_k(x, 3, axis=1)"
    )
    assert lowered("TopK", ["x", "k"], two, opset=10) == "ops.top_k(x, k)"
    found = lowered(
        "TopK", ["x", "k"], two, opset=11, constants=constants, largest=0, sorted=0
    )
    assert found == "ops.top_k(x, 3, largest=False)"


@pytest.mark.parametrize("largest", [0, 1])
@pytest.mark.parametrize("k", [0, 1, 2, 5])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.int32])
def test_top_k_agrees(k, largest, dtype):
    x = np.random.default_rng(k).integers(-3, 3, (4, 5, 6)).astype(dtype)
    options = {"opset": 11, "outputs": 2, "largest": largest}
    check_all_paths("TopK", [x[:, :, :5], ints(k)], **options)
    check_all_paths("TopK", [x, ints(k)], axis=1, **options)


@pytest.mark.parametrize("largest", [0, 1])
@pytest.mark.parametrize("k", [0, 1, 7, 300])
def test_top_k_of_many_agrees(k, largest):
    x = np.random.default_rng(k).integers(-500, 500, (2, 2000)).astype(np.float32)
    options = {"opset": 11, "outputs": 2, "largest": largest}
    check_all_paths("TopK", [x, ints(k)], **options)
    check_all_paths("TopK", [x.T.copy(), ints(k)], axis=0, **options)


@pytest.mark.parametrize("opset, options", [(1, {"k": 2}), (10, {}), (11, {})])
def test_older_top_k_agrees(opset, options):
    given = [ints(2)] if opset > 1 else []
    x = np.float32([[1, 3, 2], [3, 1, 3]])
    check_all_paths("TopK", [x, *given], opset=opset, outputs=2, **options)


def test_top_k_of_nan_agrees():
    x = np.float32([1, np.nan, 3, 2])
    arrays = [x, ints(3)]
    check_all_paths("TopK", arrays, opset=11, outputs=2, largest=0)
    for values, indices in all_paths("TopK", arrays, opset=11, outputs=2).values():
        assert_same([values, indices], [np.float32([np.nan, 3, 2]), ints(1, 2, 3)])


@pytest.mark.parametrize("dtype", ["uint8", "int8", "float16", "bfloat16", "uint64"])
def test_top_k_of_other_types(dtype):
    x = np.array([3, 0, 3, 1]).astype(np.dtype(dtype))
    for actual in all_paths("TopK", [x, ints(3)], opset=24, outputs=2).values():
        assert_same(actual, [x[[0, 2, 3]], ints(0, 2, 3)])


@pytest.mark.parametrize("dtype", ["uint8", "float16", "bfloat16"])
def test_top_k_of_many_of_other_types(dtype):
    x = (np.arange(1200) % 100).astype(np.dtype(dtype))
    for actual in all_paths("TopK", [x, ints(3)], opset=24, outputs=2).values():
        assert_same(actual, [x[[99, 99, 99]], ints(99, 199, 299)])


def test_unsorted_top_k_has_the_same_elements():
    arrays = [np.float32([1, 5, 3, 2, 4]), ints(3)]
    options = {"opset": 11, "outputs": 2, "sorted": 0}
    theirs = onnxruntime_outputs("TopK", arrays, **options)
    for ours in all_paths("TopK", arrays, **options).values():
        assert_same(
            [np.sort(part) for part in ours], [np.sort(part) for part in theirs]
        )


def test_top_k_of_too_few_is_an_error():
    with pytest.raises(ValueError, match="expected k from 0 to 2, got 3"):
        all_paths("TopK", [floats(2), ints(3)], opset=11, outputs=2)


def test_unique():
    four = ["y", "i", "j", "n"]
    assert lowered("Unique", ["x"], opset=11) == "np.unique(x)"
    assert lowered("Unique", ["x"], four, opset=11) == "ops.unique(x)"
    assert lowered("Unique", ["x"], opset=11, axis=1, sorted=0) == (
        "ops.unique(x, axis=1, sorted=False)"
    )
    found = lowered("Unique", ["x"], opset=1, domain="com.microsoft")
    assert found == "ops.unique_in_order(x)"


@pytest.mark.parametrize("outputs", [1, 4])
@pytest.mark.parametrize("is_sorted", [0, 1])
@pytest.mark.parametrize("axis", [None, 0, 1, -1])
@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_unique_agrees(axis, is_sorted, outputs, dtype):
    x = np.array([[2, 1, 1, 2], [4, 0, 0, 4], [2, 1, 1, 2]], dtype)
    options = {} if axis is None else {"axis": axis}
    check_all_paths(
        "Unique", [x], opset=11, outputs=outputs, sorted=is_sorted, **options
    )


@pytest.mark.parametrize("options", [{}, {"axis": 0}, {"sorted": 0}])
def test_unique_of_strings_agrees(options):
    x = np.array([["b", "a"], ["a", "c"], ["b", "a"]], object)
    check_all_paths("Unique", [x], opset=11, outputs=4, **options)


@pytest.mark.parametrize("shape", [(), (0,)])
def test_unique_of_few_agrees(shape):
    check_all_paths("Unique", [np.ones(shape, np.float32)], opset=11, outputs=4)


def test_unique_in_order_agrees():
    x = np.float32([2, 1, 1, 3, 4, 3])
    options = {"opset": 1, "domain": "com.microsoft"}
    check_all_paths("Unique", [x], outputs=3, **options)


def test_one_hot():
    names = ["x", "depth", "values"]
    constants = {"depth": np.float32([3])}
    found = lowered("OneHot", names, opset=9, constants=constants, axis=0)
    assert found == "ops.one_hot(x, 3, values, axis=0)"
    assert lowered("OneHot", names, opset=11) == "ops.one_hot(x, depth, values)"


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
@pytest.mark.parametrize("opset", [9, 11])
def test_one_hot_agrees(axis, opset):
    indices = np.array([[0, 2, -1], [-3, 3, -4]])
    arrays = [indices, ints(3), np.float32([-1, 5])]
    check_all_paths("OneHot", arrays, opset=opset, axis=axis)


@pytest.mark.parametrize(
    "indices, depth, values",
    [
        (np.float32([1.7, -0.5]), np.float32([3.2]), np.float32([0, 1])),
        (np.array([1, 2], np.int32), np.array(3, np.int32), np.float32([0, 1])),
        (ints(1, 0), ints(2), np.array(["off", "on"], object)),
        (ints(), ints(2), ints(0, 1)),
    ],
)
def test_one_hot_of_other_types_agrees(indices, depth, values):
    check_all_paths("OneHot", [indices, depth, values], opset=11)


def test_one_hot_of_unsigned_numbers():
    # onnxruntime has no uint8 here
    arrays = [np.array([255, 1], np.uint8), ints(3), np.array([False, True])]
    for actual in all_paths("OneHot", arrays, opset=11).values():
        assert_same(actual, [np.array([[0, 0, 0], [0, 1, 0]], bool)])


def test_compress():
    assert lowered("Compress", ["x", "c"], opset=9) == "ops.compress(x, c)"
    types = {"x": TensorType("float32", (2, 3)), "c": TensorType("bool", (3,))}
    options = {"opset": 9, "types": types}
    assert lowered("Compress", ["x", "c"], **options) == "np.compress(c, x)"
    along = [lowered("Compress", ["x", "c"], axis=n, **options) for n in (1, 0)]
    assert along == ["np.compress(c, x, axis=1)", "ops.compress(x, c, axis=0)"]


@pytest.mark.parametrize(
    "condition, options",
    [
        ([1, 0, 1], {"axis": 0}),
        ([0, 1], {"axis": -1}),
        ([0, 1, 0, 0, 1, 1], {}),
        ([0, 0], {"axis": 0}),
        ([], {}),
        ([1, 0, 1, 1], {"axis": 0}),
        ([1, 1, 0], {"axis": 1}),
        ([0, 1, 0, 0, 1, 1, 1, 1], {}),
        ([[1, 0, 1]], {"axis": 0}),
    ],
)
def test_compress_agrees(condition, options):
    arrays = [floats(3, 2), np.array(condition, bool)]
    check_all_paths("Compress", arrays, opset=11, **options)


def test_a_condition_may_be_longer_than_an_empty_axis():
    arrays = [floats(0, 2), np.array([True])]
    check_all_paths("Compress", arrays, opset=11, axis=0)


def test_trilu():
    one = {"k": ints(1)}
    assert lowered("Trilu", ["x"], opset=14) == "np.triu(x)"
    assert lowered("Trilu", ["x"], opset=14, upper=0) == "np.tril(x)"
    assert lowered("Trilu", ["x", "k"], opset=14, constants=one) == "np.triu(x, k=1)"
    assert lowered("Trilu", ["x", "k"], opset=14) == "ops.trilu(x, k)"


@pytest.mark.parametrize("upper", [0, 1])
@pytest.mark.parametrize("k", [None, 0, 1, -1, 7, -7])
@pytest.mark.parametrize("domain", ["", "com.microsoft"])
def test_trilu_agrees(k, upper, domain):
    given = [] if k is None else [np.array(k)]
    opset = 1 if domain else 14
    for x in (floats(2, 3, 4) + 1, ints(1, 2, 3, 4).reshape(2, 2), floats(2, 0, 3)):
        check_all_paths("Trilu", [x, *given], opset=opset, domain=domain, upper=upper)


def test_trilu_keeps_the_type():
    x = np.ones((2, 2), ml_dtypes.bfloat16)
    for (actual,) in all_paths("Trilu", [x], opset=14).values():
        assert actual.dtype == x.dtype
        assert actual.tolist() == [[1, 1], [0, 1]]
