"""Elements picked by index, by hand."""

import numpy as np
import pytest

from onnx2py.kernels import indexing as kernels

X = np.arange(12).reshape(3, 4)


def test_gather():
    assert kernels.gather(X, 1).tolist() == [4, 5, 6, 7]
    assert np.shares_memory(kernels.gather(X, -1, axis=-1), X)
    assert kernels.gather(X, -1, axis=-1).tolist() == [3, 7, 11]
    assert kernels.gather(X, np.array([[0], [-1]]), axis=1).shape == (3, 2, 1)
    scalar = kernels.gather(np.array([5, 6]), np.array(1))
    assert isinstance(scalar, np.ndarray) and scalar.shape == () and scalar == 6
    assert isinstance(kernels.gather(np.array([5, 6]), 1), np.ndarray)


@pytest.mark.parametrize("index", [3, -4, np.array(3), np.array([-4])])
def test_gather_outside(index):
    with pytest.raises(IndexError):
        kernels.gather(X, index)


def test_gather_elements():
    assert kernels.gather_elements(X, np.array([[2, 0, -1]])).tolist() == [[8, 1, 10]]
    found = kernels.gather_elements(X, np.array([[3], [-4]]), axis=1)
    assert found.tolist() == [[3], [4]]
    with pytest.raises(IndexError):
        kernels.gather_elements(X, np.array([[4]]), axis=1)


def test_gather_nd():
    assert kernels.gather_nd(X, np.array([[0, 1], [-1, -1]])).tolist() == [1, 11]
    assert kernels.gather_nd(X, np.array([[2]])).tolist() == [[8, 9, 10, 11]]
    assert kernels.gather_nd(X, np.array([[0], [1], [2]]), batch_dims=1).tolist() == [
        0,
        5,
        10,
    ]
    scalar = kernels.gather_nd(X, np.array([1, 1]))
    assert isinstance(scalar, np.ndarray) and scalar == 5
