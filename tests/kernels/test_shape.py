"""Shapes, by hand."""

import numpy as np
import pytest

from onnx2py.kernels import shape as kernels

X = np.arange(6).reshape(2, 3)


@pytest.mark.parametrize("target", [(3, -1), np.array([3, -1])])
def test_reshape(target):
    y = kernels.reshape(X, target)
    assert y.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert np.shares_memory(X, y)


def test_reshape_copies_lengths_at_0():
    assert kernels.reshape(X, np.array([0, 1, -1])).shape == (2, 1, 3)
    assert kernels.reshape(X[:0], (0, 0)).shape == (0, 3)
    assert kernels.reshape(X[:0], (3, 0), allowzero=True).shape == (3, 0)


def test_reshape_errors():
    with pytest.raises(ValueError):
        kernels.reshape(X, (4, 2))
    with pytest.raises(IndexError):
        kernels.reshape(X, (2, 3, 0))


@pytest.mark.parametrize(
    "axis, expected",
    [(0, (1, 24)), (1, (2, 12)), (2, (6, 4)), (-1, (6, 4)), (3, (24, 1))],
)
def test_flatten(axis, expected):
    assert kernels.flatten(np.zeros((2, 3, 4)), axis=axis).shape == expected


def test_squeeze_and_unsqueeze():
    x = np.zeros((1, 2, 1))
    assert kernels.squeeze(x).shape == (2,)
    assert kernels.squeeze(x, np.array([-1])).shape == (1, 2)
    assert kernels.squeeze(x, np.array([], np.int64)).shape == (2,)
    with pytest.raises(ValueError):
        kernels.squeeze(x, np.array([1]))
    assert kernels.unsqueeze(X, np.array([3, 0])).shape == (1, 2, 3, 1)
    assert kernels.unsqueeze(X, np.array(-1)).shape == (2, 3, 1)
    with pytest.raises(ValueError):
        kernels.unsqueeze(X, np.array([0, 0]))


def test_expand():
    assert kernels.expand(X, np.array([2, 1, 1])).tolist() == [X.tolist()] * 2
    with pytest.raises(ValueError):
        kernels.expand(X, (2, 2))


def test_shape_and_size():
    x = np.zeros((2, 3, 4))
    assert kernels.shape(x).tolist() == [2, 3, 4]
    assert kernels.shape(x, start=-2, end=9).tolist() == [3, 4]
    assert kernels.shape(np.zeros(())).shape == (0,)
    size = kernels.size(x)
    assert (size.dtype, size.shape, size.item()) == (np.int64, (), 24)


def test_tile_axis():
    y = kernels.tile_axis(X, np.float32(2), np.float32(1))
    assert y.tolist() == [[0, 1, 2, 0, 1, 2], [3, 4, 5, 3, 4, 5]]
