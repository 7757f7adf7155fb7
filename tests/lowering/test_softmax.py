"""Rules of softmax and its kin: old versions flatten the tensor, new ones do not."""

import numpy as np
import pytest

from onnx2py.ir.types import TensorType
from tests.support import check_against_onnxruntime, compute, lowered

ALL = ["Softmax", "LogSoftmax", "Hardmax"]
RNG = np.random.default_rng(1)


def test_the_last_axis_needs_no_words():
    types = {"x": TensorType("float32", ("n", 4, 7))}
    assert lowered("Softmax", ["x"], opset=13) == "ops.softmax(x)"
    assert lowered("Softmax", ["x"], opset=13, types=types, axis=2) == "ops.softmax(x)"
    assert lowered("Softmax", ["x"], opset=13, axis=1) == "ops.softmax(x, axis=1)"


def test_old_versions_flatten():
    types = {"x": TensorType("float32", ("n", 4, 7))}
    assert lowered("Softmax", ["x"], opset=11, types=types) == (
        "ops.softmax_flattened(x)"
    )
    assert lowered("Softmax", ["x"], opset=11, types=types, axis=2) == "ops.softmax(x)"
    assert lowered("LogSoftmax", ["x"], opset=1) == "ops.log_softmax_flattened(x)"


def test_nothing_is_flattened_where_all_other_axes_are_short():
    types = {"x": TensorType("float32", ("n", 1000, 1, 1))}
    assert lowered("Softmax", ["x"], opset=9, types=types) == "ops.softmax(x, axis=1)"


@pytest.mark.parametrize(
    ("operator", "dtype"),
    [
        *((operator, np.float32) for operator in ALL),
        *((operator, np.float64) for operator in ALL if operator != "Hardmax"),
    ],  # onnxruntime has Hardmax of float32 alone
)
@pytest.mark.parametrize(
    ("opset", "options"),
    [
        (1, {}),
        (9, {"axis": 2}),
        (11, {"axis": 0}),
        (11, {"axis": -2}),
        (13, {}),
        (13, {"axis": 1}),
        (13, {"axis": -4}),
    ],
)
def test_all_versions_agree(operator, dtype, opset, options):
    x = RNG.normal(size=(2, 3, 4, 5), scale=3).astype(dtype)
    check_against_onnxruntime(operator, [x], opset=opset, **options)


@pytest.mark.parametrize("shape", [(5,), (700, 3), (0, 3), (2, 0), (1, 4420, 2)])
def test_all_shapes_agree(shape):
    x = RNG.normal(size=shape).astype(np.float32)
    check_against_onnxruntime("Softmax", [x], opset=13)


@pytest.mark.parametrize("operator", ALL)
def test_short_axes_are_not_flattened_wrongly(operator):
    x = RNG.normal(size=(2, 6, 1, 1)).astype(np.float32)
    check_against_onnxruntime(operator, [x], opset=9)


@pytest.mark.parametrize("operator", ALL)
def test_float16_is_as_good_as_its_digits(operator):
    x = RNG.normal(size=(3, 100)).astype(np.float16)
    (found,) = compute(operator, [x], opset=13)
    (wide,) = compute(operator, [x.astype(np.float32)], opset=13)
    assert found.dtype == np.float16
    np.testing.assert_array_max_ulp(found, wide.astype(np.float16), 1)


def test_sums_beyond_float16_do_not_overflow():
    x = np.zeros((1, 100_000), np.float16)
    (found,) = compute("Softmax", [x], opset=13)
    np.testing.assert_array_equal(found, np.full_like(x, 1e-5))
