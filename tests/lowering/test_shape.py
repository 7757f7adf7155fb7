"""Rules of Reshape and its kin."""

import numpy as np
import pytest

from onnx2py.ir.types import TensorType
from tests.lowering._paths import all_paths, check_all_paths
from tests.support import assert_same, lowered


def ints(*values):
    return np.array(values, np.int64)


def floats(*shape):
    return np.arange(np.prod(shape, dtype=int), dtype=np.float32).reshape(shape)


def line(operator, constants=(), *, shape="unknown", opset=13, **attributes):
    """Lower a node whose first input is ``x`` of that shape, the others constants."""
    types = {} if shape == "unknown" else {"x": TensorType("float32", shape)}
    names = [f"c{i}" for i in range(len(constants))]
    return lowered(
        operator,
        ["x", *names],
        opset=opset,
        types=types,
        constants=dict(zip(names, constants)),
        **attributes,
    )


@pytest.mark.parametrize(
    "target, shape, expected",
    [
        ((1, 256), "unknown", "x.reshape(1, 256)"),
        ((-1, 256), "unknown", "x.reshape(-1, 256)"),
        ((), "unknown", "x.reshape(())"),
        ((0, -1), "unknown", "ops.reshape(x, (0, -1))"),
        ((0, -1), (2, 3, 4), "x.reshape(2, -1)"),
        ((0, -1), ("n", 3, 4), "x.reshape(-1, 12)"),
        ((0, 3, 2, 2), ("n", 3, 4), "x.reshape(-1, 3, 2, 2)"),
        ((0, 0, -1), ("n", "m", 4), "ops.reshape(x, (0, 0, -1))"),
        ((0, 5), ("n", 3, 4), "ops.reshape(x, (0, 5))"),
        ((0, -1), ("n", 0), "ops.reshape(x, (0, -1))"),
        ((2, 0), (4,), "ops.reshape(x, (2, 0))"),
    ],
)
def test_reshape(target, shape, expected):
    assert line("Reshape", [ints(*target)], shape=shape) == expected


def test_reshape_to_zero_length():
    found = line("Reshape", [ints(0, 3)], opset=14, allowzero=1)
    assert found == "x.reshape(0, 3)"
    assert lowered("Reshape", ["x", "s"], opset=14, allowzero=1) == (
        "ops.reshape(x, s, allowzero=True)"
    )


def test_reshape_by_attribute():
    found = lowered("Reshape", ["x"], opset=1, shape=[2, -1], consumed_inputs=[0])
    assert found == "x.reshape(2, -1)"


@pytest.mark.parametrize(
    "shape, target, options",
    [
        ((2, 3, 4), (4, 6), {}),
        ((2, 3, 4), (0, -1), {}),
        ((2, 3, 4), (-1, 0, 2), {}),
        ((1,), (), {}),
        ((0, 3), (3, -1), {}),
        ((0, 3), (0, 0), {}),
        ((0, 3), (3, 0), {"allowzero": 1}),
    ],
)
def test_reshape_agrees(shape, target, options):
    arrays = [floats(*shape), ints(*target)]
    check_all_paths("Reshape", arrays, opset=14, **options)


@pytest.mark.parametrize(
    "shape, axis, expected",
    [
        ("unknown", 2, "ops.flatten(x, axis=2)"),
        ((2, 3, 4), 1, "x.reshape(2, 12)"),
        (("n", 3, 4), 1, "x.reshape(-1, 12)"),
        (("n", 3, 4), 0, "x.reshape(1, -1)"),
        (("n", 3, 4), 3, "x.reshape(-1, 1)"),
        ((2, "n", 4), 1, "x.reshape(2, -1)"),
        (("n", "m"), 1, "ops.flatten(x)"),
        ((0, 3), 1, "x.reshape(-1, 3)"),
        (("n", 0), 1, "ops.flatten(x)"),
    ],
)
def test_flatten(shape, axis, expected):
    assert line("Flatten", shape=shape, axis=axis) == expected


@pytest.mark.parametrize("opset, axes", [(1, (0, 1, 2)), (13, (-3, -1, 0, 3))])
@pytest.mark.parametrize("shape", [(2, 3, 4), (2, 0, 4)])
def test_flatten_agrees(opset, axes, shape):
    for axis in axes:
        check_all_paths("Flatten", [floats(*shape)], opset=opset, axis=axis)


def test_squeeze():
    assert line("Squeeze") == "x.squeeze()"
    assert line("Squeeze", [ints(1)]) == "x.squeeze(axis=1)"
    assert line("Squeeze", [ints(0, -1)]) == "x.squeeze(axis=(0, -1))"
    assert line("Squeeze", opset=1, axes=[0]) == "x.squeeze(axis=0)"
    assert lowered("Squeeze", ["x", "axes"], opset=13) == "ops.squeeze(x, axes)"


@pytest.mark.parametrize("axes", [None, (), (0,), (0, -1), (2, 0), (0, 0), (-1, -1)])
def test_squeeze_agrees(axes):
    given = [] if axes is None else [ints(*axes)]
    check_all_paths("Squeeze", [floats(1, 2, 1), *given], opset=13)


def test_squeeze_by_attribute_agrees():
    check_all_paths("Squeeze", [floats(1, 2, 1)], opset=1, axes=[0, 2])
    check_all_paths("Squeeze", [floats(1, 2, 1)], opset=11, axes=[-1])
    check_all_paths("Squeeze", [floats(1, 1)], opset=1)


def test_unsqueeze():
    assert line("Unsqueeze", [ints(1)]) == "x[:, np.newaxis]"
    assert line("Unsqueeze", [np.array(1)]) == "x[:, np.newaxis]"
    assert line("Unsqueeze", opset=1, axes=[0, 2]) == "x[np.newaxis, :, np.newaxis]"
    assert lowered("Unsqueeze", ["x", "axes"], opset=13) == "ops.unsqueeze(x, axes)"


@pytest.mark.parametrize("axes", [(0,), (-1,), (3, 0), (0, -1, 2)])
def test_unsqueeze_agrees(axes):
    check_all_paths("Unsqueeze", [floats(2, 3), ints(*axes)], opset=13)


def test_unsqueeze_by_attribute_agrees():
    check_all_paths("Unsqueeze", [floats(2, 3)], opset=1, axes=[0, 3])
    check_all_paths("Unsqueeze", [floats()], opset=11, axes=[-1])


def test_expand_dims():
    constants = {"a": np.array([-1])}
    options = {"opset": 1, "domain": "com.microsoft"}
    found = lowered("ExpandDims", ["x", "a"], constants=constants, **options)
    assert found == "x[..., np.newaxis]"
    for axis in (0, 1, -1, -3):
        arrays = [floats(2, 3), np.array(axis, np.int32)]
        check_all_paths("ExpandDims", arrays, **options)


@pytest.mark.parametrize(
    "target, shape, expected",
    [
        ((2, 3), (3,), "np.broadcast_to(x, (2, 3))"),
        ((2, 1), (3,), "np.broadcast_to(x, (2, 3))"),
        ((2, 3), ("n",), "np.broadcast_to(x, (2, 3))"),
        ((2, 1), ("n",), "ops.expand(x, (2, 1))"),
        ((1, 3), ("n",), "np.broadcast_to(x, (1, 3))"),
        ((3,), "unknown", "ops.expand(x, (3,))"),
    ],
)
def test_expand(target, shape, expected):
    assert line("Expand", [ints(*target)], shape=shape) == expected


@pytest.mark.parametrize(
    "shape, target",
    [((3, 1), (2, 3, 4)), ((3, 1), (1,)), ((), (2,)), ((1, 2), (0, 1)), ((2,), ())],
)
def test_expand_agrees(shape, target):
    check_all_paths("Expand", [floats(*shape), ints(*target)], opset=8)


def test_tile():
    assert line("Tile", [ints(1, 3)]) == "np.tile(x, (1, 3))"
    assert lowered("Tile", ["x", "r"], opset=6) == "np.tile(x, r)"
    assert line("Tile", [ints(1, 3)], opset=1) == "np.tile(x, (1, 3))"
    found = line("Tile", [np.float32(2), np.float32(1)], opset=1)
    assert found == "ops.tile_axis(x, 2, 1)"


@pytest.mark.parametrize("repeats", [(1, 3), (2, 2), (0, 1), (1, 1)])
def test_tile_agrees(repeats):
    check_all_paths("Tile", [floats(2, 3), ints(*repeats)], opset=13)
    check_all_paths("Tile", [floats(2, 3) > 2, ints(*repeats)], opset=13)


def test_tile_of_a_scalar_agrees():
    check_all_paths("Tile", [floats(), ints()], opset=6)


def test_tile_along_one_axis():
    arrays = [floats(2, 2), np.float32(2), np.float32(1)]
    expected = np.array([[0, 1, 0, 1], [2, 3, 2, 3]], np.float32)
    for actual in all_paths("Tile", arrays, opset=1).values():
        assert_same(actual, [expected])


def test_shape():
    assert line("Shape") == "ops.shape(x)"
    assert line("Shape", opset=15, start=1) == "ops.shape(x, start=1)"
    assert line("Shape", opset=15, start=0, end=-1) == "ops.shape(x, end=-1)"
    assert line("Size") == "ops.size(x)"


@pytest.mark.parametrize(
    "options",
    [{}, {"start": 1}, {"end": -1}, {"start": -9, "end": 9}, {"start": 2, "end": 1}],
)
def test_shape_agrees(options):
    check_all_paths("Shape", [floats(2, 3, 4)], opset=15, **options)


@pytest.mark.parametrize("shape", [(), (0, 2), (2, 3)])
def test_size_agrees(shape):
    check_all_paths("Size", [floats(*shape)], opset=13)
    check_all_paths("Shape", [floats(*shape)], opset=1)
