"""Numbers of normalization."""

import numpy as np
import pytest

from onnx2py.kernels.normalization import (
    group_normalization,
    instance_normalization,
    layer_normalization,
    lp_normalization,
    rms_normalization,
)
from onnx2py.kernels.normalization_batch import (
    batch_normalization,
    batch_normalization_training,
    scale_and_shift,
)

ONE, ZERO = np.ones(2, np.float32), np.zeros(2, np.float32)
X = np.array([[[1, 3], [10, 30]]], np.float32)


def test_given_statistics():
    mean, var = np.array([1, 10], np.float32), np.array([4, 100], np.float32)
    found = batch_normalization(X, ONE, ONE, mean, var, epsilon=0)
    assert found.tolist() == [[[1, 2], [1, 3]]]


def test_scale_and_shift_keeps_the_dtype():
    found = scale_and_shift(X.astype(np.float16), ONE[:, None], ONE[:, None])
    assert found.dtype == np.float16
    assert found.tolist() == [[[2, 4], [11, 31]]]


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 5), (2, 3, 4, 5), (2, 3, 2, 4, 5)])
def test_batch_normalization_in_any_layout_and_in_place(shape, channels_last):
    """Compared with the formula, in float64."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=shape).astype(np.float32)
    if channels_last:
        x = np.moveaxis(np.moveaxis(x, 1, -1).copy(), -1, 1)
    scale, bias, mean, var = rng.random((4, 3)).astype(np.float32) + 0.5
    wide = np.moveaxis(x.astype(np.float64), 1, -1)
    expected = np.moveaxis((wide - mean) / np.sqrt(var + 1e-3) * scale + bias, -1, 1)
    found = batch_normalization(x, scale, bias, mean, var, epsilon=1e-3)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    assert batch_normalization(x, scale, bias, mean, var, epsilon=1e-3, out=x) is x
    np.testing.assert_array_equal(x, found)


def test_training():
    found = batch_normalization_training(
        X, ONE, ZERO, ZERO, ONE, epsilon=0, momentum=0.5
    )
    expected = [[[[-1, 1], [-1, 1]]], [1, 10], [1, 50.5], [2, 20], [1, 100]]
    assert [array.tolist() for array in found] == expected


def test_the_whole_of_each_channel_group_or_row():
    expected = [[[-1, 1], [-1, 1]]]
    assert instance_normalization(X, ONE, ZERO, epsilon=0).tolist() == expected
    found = group_normalization(X, ONE, ZERO, num_groups=2, epsilon=0)
    assert found.tolist() == expected
    assert layer_normalization(X, ONE, ZERO, epsilon=0).tolist() == expected
    found = layer_normalization(X, ONE, axis=1, epsilon=0)
    assert abs(found.mean()) < 1e-6
    assert abs(found.std() - 1) < 1e-6


def test_the_argument_is_left_alone():
    x = X.copy()
    layer_normalization(x, ONE, ZERO)
    instance_normalization(x, ONE, ZERO)
    np.testing.assert_array_equal(x, X)


def test_norms():
    x = np.array([[3, 4]], np.float32)
    np.testing.assert_allclose(lp_normalization(x), [[0.6, 0.8]])
    np.testing.assert_allclose(lp_normalization(x, p=1), [[3 / 7, 4 / 7]])
    rms = np.sqrt(12.5)
    found = rms_normalization(x, ONE, epsilon=0)
    np.testing.assert_allclose(found, [[3 / rms, 4 / rms]], rtol=1e-6)


@pytest.mark.parametrize("channels_last", [False, True])
def test_long_sums_lose_no_digits_wherever_channels_lie(channels_last):
    """Of elements added one after another, the mean would be wrong by half a deviation."""
    rng = np.random.default_rng(0)
    x = (100 + 0.1 * rng.normal(size=(1, 500, 501, 3))).astype(np.float32)
    x = x.transpose(0, 3, 1, 2)
    if not channels_last:
        x = np.ascontiguousarray(x)
    wide = x.astype(np.float64)
    wide = wide - wide.mean((2, 3), keepdims=True)
    expected = wide / np.sqrt((wide**2).mean((2, 3), keepdims=True))
    one, zero = np.ones(3, np.float32), np.zeros(3, np.float32)
    y = instance_normalization(x, one, zero, epsilon=0.0)
    # The mean itself is rounded to float32: by 4e-6 of 100, that is 4e-5 deviations.
    np.testing.assert_allclose(y, expected, atol=2e-4)


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(2, 6, 9), (2, 6, 5, 4), (1, 6, 3, 2, 4)])
def test_groups_wherever_channels_lie(shape, dtype, channels_last):
    """Compared with the formula, in float64."""
    rng = np.random.default_rng(0)
    x = rng.normal(50, 3, shape).astype(dtype)
    if channels_last:
        x = np.moveaxis(np.moveaxis(x, 1, -1).copy(), -1, 1)
    for each in (6, 2):
        scale, bias = rng.normal(size=(2, each)).astype(dtype)
        rows = x.astype(np.float64).reshape(shape[0], 2, -1)
        rows = rows - rows.mean(-1, keepdims=True)
        rows /= np.sqrt((rows**2).mean(-1, keepdims=True) + 1e-5)
        rows = rows.reshape(shape[0], each, -1) * scale[:, None] + bias[:, None]
        found = group_normalization(x, scale, bias, num_groups=2)
        assert found.dtype == dtype
        tolerance = 2e-3 if dtype == np.float16 else 1e-5
        np.testing.assert_allclose(
            found, rows.reshape(shape), rtol=tolerance, atol=tolerance
        )
