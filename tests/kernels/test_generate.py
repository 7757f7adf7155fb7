"""Tensors made from little, by hand."""

import ml_dtypes
import numpy as np
import pytest

from onnx2py.kernels import generate as kernels


def test_eye_like():
    y = kernels.eye_like(np.zeros((2, 3), np.int16), k=1)
    assert (y.tolist(), y.dtype) == ([[0, 1, 0], [0, 0, 1]], np.int16)
    assert kernels.eye_like(np.zeros((1, 1)), dtype=np.bool_).dtype == np.bool_


@pytest.mark.parametrize(
    "bounds, expected",
    [((0, 5, 2), [0, 2, 4]), ((5, 0, -2), [5, 3, 1]), ((0, 0, 1), []), ((3, 0, 1), [])],
)
@pytest.mark.parametrize(
    "dtype", [np.int16, np.float32, np.float16, ml_dtypes.bfloat16]
)
def test_number_range(bounds, expected, dtype):
    y = kernels.range_(*(np.array(bound, dtype) for bound in bounds))
    assert (y.tolist(), y.dtype) == (expected, dtype)
    y = kernels.range_(*bounds, dtype=dtype)
    assert (y.tolist(), y.dtype) == (expected, dtype)


def test_the_sum_is_rounded_at_each_step():
    y = kernels.range_(np.array(0, np.float32), 1, 0.1)
    expected, total = [], np.float32(0)
    for _ in range(10):
        expected.append(total)
        total = total + np.float32(0.1)
    assert y.tolist() == expected


def test_half_precision_is_summed_in_single():
    y = kernels.range_(np.array(2047, np.float16), 2052, 1)
    assert y.tolist() == [2047, 2048, 2048, 2050, 2052]  # 2049 and 2051 are rounded


def test_steps_of_nothing():
    with pytest.raises(ValueError, match="delta: expected"):
        kernels.range_(0, 1, 0, dtype=np.float32)
