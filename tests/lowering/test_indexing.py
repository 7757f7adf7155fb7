"""Rules of Gather and Scatter."""

import ml_dtypes
import numpy as np
import pytest

from onnx2py import UnsupportedError
from onnx2py.ir.types import TensorType
from tests.lowering._paths import all_paths, check_all_paths
from tests.support import assert_same, check_against_onnxruntime, compute, lowered


def ints(*values):
    return np.array(values, np.int64)


def floats(*shape):
    return np.arange(np.prod(shape, dtype=int), dtype=np.float32).reshape(shape)


def gather(indices, shape, axis=0):
    return lowered(
        "Gather",
        ["x", "i"],
        opset=13,
        constants={"i": np.asarray(indices, np.int64)},
        types={"x": TensorType("float32", shape)},
        axis=axis,
    )


@pytest.mark.parametrize(
    "indices, shape, axis, expected",
    [
        ((0, 2), None, 1, "x.take((0, 2), axis=1)"),
        (0, (3, 4), 1, "x.take(0, axis=1)"),
        (0, (3,), 0, "ops.gather(x, 0)"),
        (0, None, 0, "ops.gather(x, 0)"),
        (0, ("n", 4), 1, "ops.gather(x, 0, axis=1)"),
        (0, (3, 5000), 0, "ops.gather(x, 0)"),
        ((), None, 0, "x.take(i, axis=0)"),
        (((0, 1), (1, 0)), None, 0, "x.take(i, axis=0)"),
    ],
)
def test_gather(indices, shape, axis, expected):
    assert gather(indices, shape, axis) == expected


def test_gather_at_run_time():
    types = {"i": TensorType("int64", ("n",))}
    assert lowered("Gather", ["x", "i"], opset=1, types=types) == "x.take(i, axis=0)"
    assert lowered("Gather", ["x", "i"], opset=1) == "ops.gather(x, i)"


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize(
    "indices", [0, -1, (1,), (1, -2, 0), ((0, 1), (1, 0)), (), ((),)]
)
def test_gather_agrees(indices, axis):
    arrays = [floats(2, 3), np.array(indices, np.int64)]
    check_all_paths("Gather", arrays, opset=13, axis=axis)


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_gather_of_a_shape_agrees(dtype):
    check_all_paths("Gather", [ints(4, 5, 6), np.array(-1, dtype)], opset=11)
    check_all_paths("Gather", [ints(4, 5, 6), np.array([0, 2], dtype)], opset=11)


def test_gather_of_strings_agrees():
    x = np.array([["a", "b"], ["c", "d"]], object)
    check_all_paths("Gather", [x, ints(1, 0)], opset=13, axis=1)


def test_gather_of_many_agrees():
    check_all_paths("Gather", [floats(3, 8000), np.array(2)], opset=13)


@pytest.mark.parametrize("index", [3, -4])
@pytest.mark.parametrize("scalar", [True, False])
def test_an_index_outside_is_an_error(index, scalar):
    indices = np.array(index) if scalar else ints(index)
    with pytest.raises(IndexError):
        all_paths("Gather", [floats(3), indices], opset=13)
    with pytest.raises(IndexError):
        all_paths("GatherElements", [floats(3), ints(index)], opset=13)
    with pytest.raises(IndexError):
        all_paths("GatherND", [floats(3), ints(index)], opset=13)


def test_gather_elements():
    types = {"x": TensorType("float32", (3, 4)), "i": TensorType("int64", (3, 2))}
    found = lowered("GatherElements", ["x", "i"], opset=13, types=types, axis=1)
    assert found == "np.take_along_axis(x, i, axis=1)"
    found = lowered("GatherElements", ["x", "i"], opset=13, types=types)
    assert found == "ops.gather_elements(x, i)"


@pytest.mark.parametrize(
    "shape, indices, axis",
    [
        ((3, 4), [[0, -1, 2, 1]], 0),
        ((3, 4), [[0, -1]], 1),
        ((3, 4), [[0, -1], [1, 1], [3, -4]], 1),
        ((3, 4), [[2]], -2),
        ((2, 2, 3), [[[0]], [[2]]], 2),
        ((3,), [0, 0, 2, -3], 0),
        ((3, 4), np.zeros((0, 4)), 0),
    ],
)
def test_gather_elements_agrees(shape, indices, axis):
    arrays = [floats(*shape), np.asarray(indices, np.int64)]
    check_all_paths("GatherElements", arrays, opset=13, axis=axis)


@pytest.mark.parametrize(
    "shape, indices, batch_dims",
    [
        ((2, 3), [[0, 1], [-1, 2]], 0),
        ((2, 3), [[1]], 0),
        ((2, 3), [1, -1], 0),
        ((2, 3, 4), [[[1], [0]], [[2], [-1]]], 1),
        ((2, 3, 4), [[1], [0]], 1),
        ((2, 3, 4), [[1, 0], [2, 3]], 1),
        ((2, 2, 2, 2), np.ones((2, 2, 3, 1)), 2),
        ((2, 3), np.zeros((0, 2)), 0),
    ],
)
def test_gather_nd_agrees(shape, indices, batch_dims):
    arrays = [floats(*shape), np.asarray(indices, np.int64)]
    check_all_paths("GatherND", arrays, opset=13, batch_dims=batch_dims)


def test_gather_nd_before_batches():
    check_all_paths("GatherND", [floats(2, 3), np.array([[[0]], [[1]]])], opset=11)


def test_scatter():
    names = ["x", "i", "u"]
    found = lowered("ScatterElements", names, opset=16, axis=1, reduction="add")
    assert found == "ops.scatter_elements(x, i, u, axis=1, reduction='add')"
    assert lowered("Scatter", names, opset=9) == "ops.scatter_elements(x, i, u)"
    assert lowered("ScatterND", names, opset=11) == "ops.scatter_nd(x, i, u)"
    with pytest.raises(UnsupportedError, match="mean"):
        lowered("ScatterND", names, opset=18, reduction="mean")


@pytest.mark.parametrize("reduction", ["none", "add", "mul", "min", "max"])
@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.uint8])
def test_scatter_elements_agrees(reduction, dtype):
    x, indices = floats(3, 4).astype(dtype), np.array([[0, 2, -1, 0], [0, 1, 1, 2]])
    updates = (np.arange(8).reshape(2, 4) + 2).astype(dtype)
    options = {"opset": 18, "reduction": reduction}
    check_all_paths("ScatterElements", [x, indices, updates], **options)
    arrays = [x, indices[:, :2], updates[:, 2:]]
    check_all_paths("ScatterElements", arrays, axis=-1, **options)


@pytest.mark.parametrize("operator, opset", [("Scatter", 9), ("ScatterElements", 11)])
def test_older_scatters_agree(operator, opset):
    arrays = [floats(5), ints(1, 3, 3), np.float32([7, 8, 9])]
    check_all_paths(operator, arrays, opset=opset)


def test_scatter_of_strings_agrees():
    x = np.array(["a", "b"], object)
    check_all_paths("ScatterElements", [x, ints(1), x[:1]], opset=13)
    check_all_paths("ScatterND", [x, ints(1)[None], x[:1]], opset=13)


@pytest.mark.parametrize("reduction", ["none", "add", "mul", "min", "max"])
@pytest.mark.parametrize(
    "indices, updates",
    [
        ([[0], [2], [0]], (3, 4)),
        ([[0, 1], [-1, -1], [0, 1]], (3,)),
        ([1], (4,)),
        (np.zeros((0, 1)), (0, 4)),
    ],
)
def test_scatter_nd_agrees(reduction, indices, updates):
    arrays = [floats(3, 4) + 2, np.asarray(indices, np.int64), floats(*updates)]
    check_all_paths("ScatterND", arrays, opset=18, reduction=reduction)


def test_bfloat16_is_kept():
    x = np.zeros(3, ml_dtypes.bfloat16)
    ones = np.ones(2, ml_dtypes.bfloat16)
    for actual in all_paths(
        "ScatterElements", [x, ints(1, 1), ones], opset=16, reduction="add"
    ).values():
        assert actual[0].dtype == ml_dtypes.bfloat16
        assert actual[0].tolist() == [0, 2, 0]


@pytest.mark.parametrize("mode", ["linear", "circular"])
def test_tensor_scatter_agrees(mode):
    cache, update = floats(2, 4, 3), -floats(2, 2, 3)
    start = ints(2, 3 if mode == "circular" else 0)
    check_all_paths("TensorScatter", [cache, update, start], opset=24, mode=mode)
    check_all_paths("TensorScatter", [cache, update], opset=24, mode=mode)
    arrays = [floats(2, 1, 3, 4), -floats(2, 1, 3, 2), start]
    check_all_paths("TensorScatter", arrays, opset=24, mode=mode, axis=-1)


def test_tensor_scatter():
    found = lowered("TensorScatter", ["x", "u"], opset=24, axis=1)
    assert found == "ops.tensor_scatter(x, u, axis=1)"
    assert_same(
        all_paths(
            "TensorScatter", [floats(1, 2, 1), floats(1, 1, 1) - 1, ints(1)], opset=24
        )["nothing"],
        [np.float32([[[0], [-1]]])],
    )


@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
@pytest.mark.parametrize("places", [(1,), (2, 4), (0,), ()])
def test_gather_nd_of_places_without_an_index_agrees(shape, places):
    arrays = [floats(*shape), np.zeros((*places, 0), np.int64)]
    (y,) = compute("GatherND", arrays, opset=13)
    assert_same([y], [np.broadcast_to(arrays[0], (*places, *shape))])
    if shape:  # onnxruntime does so too where it does not know that data are a scalar
        check_against_onnxruntime("GatherND", arrays, opset=13)
