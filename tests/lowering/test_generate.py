"""Rules of the operators that make tensors from little."""

import ml_dtypes
import numpy as np
import pytest
from onnx import TensorProto

from onnx2py.ir.types import TensorType
from tests.lowering._paths import all_paths, check_all_paths
from tests.support import assert_same, compute, lowered

SCALAR = TensorType("int64", ())


def ints(*values):
    return np.array(values, np.int64)


def constant(opset=13, **attributes):
    return lowered("Constant", [], opset=opset, **attributes)


@pytest.mark.parametrize(
    "attributes, expected",
    [
        ({"value": np.float32([0.1, 2])}, "np.array((0.1, 2.0), dtype=np.float32)"),
        ({"value": np.array(3)}, "np.array(3, dtype=np.int64)"),
        ({"value": np.array([[True]])}, "np.array(((True,),), dtype=np.bool_)"),
        ({"value": np.array(["a"], object)}, "np.array(('a',), dtype=np.object_)"),
        ({"value": np.zeros((0, 2))}, "np.asarray(y.value)"),
        ({"value": np.zeros(99)}, "np.asarray(y.value)"),
        ({"value": np.ones(2, ml_dtypes.bfloat16)}, "np.asarray(y.value)"),
        ({"sparse_value": np.array([0, 1])}, "np.array((0, 1), dtype=np.int64)"),
        ({"value_int": 3}, "np.array(3, dtype=np.int64)"),
        ({"value_ints": [3, 4]}, "np.array((3, 4), dtype=np.int64)"),
        ({"value_float": 0.5}, "np.array(0.5, dtype=np.float32)"),
        ({"value_floats": [0.5, 1.0]}, "np.array((0.5, 1.0), dtype=np.float32)"),
        ({"value_string": "a"}, "np.array('a', dtype=np.object_)"),
        ({"value_strings": ["a", "b"]}, "np.array(('a', 'b'), dtype=np.object_)"),
    ],
)
def test_constant(attributes, expected):
    assert constant(**attributes) == expected


@pytest.mark.parametrize(
    "attributes",
    [
        {"value": np.float32([0.1, np.inf, -0.0, 1e-30])},
        {"value": np.array([[1, 2], [3, 4]], np.uint8)},
        {"value": np.array(["a", "b"], object)},
        {"value": np.zeros((0, 2), np.float32)},
        {"value": np.arange(99)},
        {"value_int": 3},
        {"value_ints": [3, 4]},
        {"value_float": 0.1},
        {"value_floats": [0.1, 2.0]},
        {"value_string": "a"},
        {"value_strings": ["a", "b"]},
    ],
)
def test_constant_agrees(attributes):
    check_all_paths("Constant", [], opset=13, **attributes)


def test_constant_of_shape():
    def line(value=None, constants=None):
        options = {} if value is None else {"value": value}
        return lowered(
            "ConstantOfShape", ["s"], opset=9, constants=constants, **options
        )

    shape = {"s": ints(2, 3)}
    assert line() == "np.zeros(s, dtype=np.float32)"
    assert line(None, shape) == "np.zeros((2, 3), dtype=np.float32)"
    assert line(ints(1), shape) == "np.ones((2, 3), dtype=np.int64)"
    assert line(ints(7), shape) == "np.full((2, 3), 7, dtype=np.int64)"
    assert line(np.float32([0.1])) == "np.full(s, 0.1, dtype=np.float32)"
    assert line(np.float32([-0.0])) == "np.full(s, -0.0, dtype=np.float32)"


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0, 2)])
@pytest.mark.parametrize(
    "value",
    [
        None,
        np.float32([0.1]),
        ints(7),
        np.array([True]),
        np.float64([1]),
        np.uint8([0]),
    ],
)
def test_constant_of_shape_agrees(shape, value):
    options = {} if value is None else {"value": value}
    check_all_paths("ConstantOfShape", [ints(*shape)], opset=9, **options)


def test_constant_of_shape_of_other_types():
    for value in (np.array([2], ml_dtypes.bfloat16), np.array([3], ml_dtypes.int4)):
        found = all_paths("ConstantOfShape", [ints(2)], opset=23, value=value)
        for (actual,) in found.values():
            assert actual.dtype == value.dtype
            assert actual.tolist() == [value[0], value[0]]


def test_eye_like():
    assert lowered("EyeLike", ["x"], opset=9, k=1) == "ops.eye_like(x, k=1)"
    found = lowered("EyeLike", ["x"], opset=9, dtype=TensorProto.DOUBLE)
    assert found == "ops.eye_like(x, dtype=np.float64)"


@pytest.mark.parametrize(
    "options", [{}, {"k": 1}, {"k": -5}, {"dtype": TensorProto.INT32}]
)
def test_eye_like_agrees(options):
    check_all_paths("EyeLike", [np.ones((3, 4), np.float32)], opset=9, **options)


def range_(opset=11, types=None, **constants):
    names = ["start", "limit", "delta"]
    return lowered("Range", names, opset=opset, types=types, constants=constants)


def test_range():
    from_0_by_1 = {"start": np.array(0), "delta": np.array(1)}
    types = {"limit": SCALAR}
    assert range_() == "ops.range_(start, limit, delta)"
    assert range_(types=types, **from_0_by_1) == "ops.range_(0, limit)"
    assert range_(**from_0_by_1) == "ops.range_(0, limit)"
    found = range_(types=types, start=np.array(2), delta=np.array(1))
    assert found == "ops.range_(2, limit)"
    found = range_(types=types, start=np.array(2), delta=np.array(3))
    assert found == "ops.range_(2, limit, 3)"
    found = range_(limit=np.array(4), **from_0_by_1)
    assert found == "np.arange(4, dtype=np.int64)"


def test_range_of_half_precision_is_added_up_in_single_unless_told_otherwise():
    names, types = ["a", "b", "c"], {"a": TensorType("float16", ())}
    found = lowered("Range", names, opset=27, types=types, stash_type=10)
    assert found == "ops.range_(a, b, c, stash_dtype=np.float16)"
    bounds = [np.array(bound, np.float16) for bound in (2047, 2052, 1)]
    # In float16, 2048 + 1 is 2048; 2049 is no float16.
    for stash_type, last in ((1, [2050, 2052]), (10, [2048, 2048])):
        (y,) = compute("Range", bounds, opset=27, stash_type=stash_type)
        assert_same(y, np.float16([2047, 2048, 2048, *last]))
    found = lowered("Range", names, opset=27, types=types, stash_type=1)
    assert found == "ops.range_(a, b, c)"


@pytest.mark.parametrize(
    "start, limit, delta",
    [
        (0, 1, 0.1),
        (1, 0, -0.1),
        (0.3, 2.7, 0.3),
        (0, 100, 0.7),
        (0, 10, 1e-3),
        (5, 1, 2),
        (1, 1, 1),
        (10, 4, -2),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_float_range_agrees(start, limit, delta, dtype):
    arrays = [np.array(v, dtype) for v in (start, limit, delta)]
    check_all_paths("Range", arrays, opset=11)


@pytest.mark.parametrize("bounds", [(0, 5, 1), (5, 0, -2), (0, 30000, 9000), (3, 1, 1)])
@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.int64])
def test_integer_range_agrees(bounds, dtype):
    check_all_paths("Range", [np.array(v, dtype) for v in bounds], opset=11)
    check_all_paths("Range", [np.array([v], dtype) for v in bounds], opset=11)


def test_range_of_half_precision_agrees():
    arrays = [np.array(v, np.float16) for v in (0, 3, 0.1)]
    check_all_paths("Range", arrays, opset=27)


def test_range_by_default_steps_by_1():
    options = {"opset": 1, "domain": "com.microsoft"}
    check_all_paths("Range", [np.array(v, np.float32) for v in (0.5, 3)], **options)


def test_range_without_steps_is_an_error():
    for dtype in (np.float32, np.int64):
        with pytest.raises(ValueError, match="delta: expected"):
            all_paths("Range", [np.array(v, dtype) for v in (0, 3, 0)], opset=11)


def test_a_range_of_known_bounds_has_their_type():
    constants = {
        k: np.array(v, np.float32) for k, v in (("a", 0), ("b", 1), ("c", 0.5))
    }
    found = lowered("Range", ["a", "b", "c"], opset=11, constants=constants)
    assert found == "ops.range_(0.0, 1.0, 0.5, dtype=np.float32)"
    (actual,) = all_paths("Range", list(constants.values()), opset=11)["constants"]
    assert_same(actual, np.float32([0, 0.5]))
