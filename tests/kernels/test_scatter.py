"""Elements replaced by index, by hand."""

import numpy as np
import pytest

from onnx2py.kernels import scatter as kernels

INDICES, UPDATES = np.array([1, 1, -1]), np.array([5, 6, 7])


@pytest.mark.parametrize(
    "reduction, expected",
    [
        ("none", [3, 6, 7]),
        ("add", [3, 14, 10]),
        ("mul", [3, 90, 21]),
        ("min", [3, 3, 3]),
        ("max", [3, 6, 7]),
    ],
)
def test_reductions(reduction, expected):
    x = np.full(3, 3)
    y = kernels.scatter_elements(x, INDICES, UPDATES, reduction=reduction)
    assert y.tolist() == expected
    y = kernels.scatter_nd(x, INDICES[:, None], UPDATES, reduction=reduction)
    assert y.tolist() == expected
    assert x.tolist() == [3, 3, 3]


def test_scatter_along_an_axis():
    y = kernels.scatter_elements(
        np.zeros((2, 3)), np.array([[2, 0]]), np.array([[1, 2]]), axis=1
    )
    assert y.tolist() == [[2, 0, 1], [0, 0, 0]]


def test_scatter_of_slices():
    y = kernels.scatter_nd(np.zeros((3, 2)), np.array([[2]]), np.array([[1, 2]]))
    assert y.tolist() == [[0, 0], [0, 0], [1, 2]]


def test_scatter_outside():
    with pytest.raises(IndexError):
        kernels.scatter_elements(np.zeros(2), np.array([2]), np.ones(1))
    with pytest.raises(IndexError):
        kernels.scatter_nd(np.zeros(2), np.array([[-3]]), np.ones(1), reduction="add")


def test_tensor_scatter():
    cache, update = np.zeros((2, 3, 1)), np.array([[[1], [2]], [[3], [4]]])
    found = kernels.tensor_scatter(cache, update, np.array([1, 0]))
    assert found[..., 0].tolist() == [[0, 1, 2], [3, 4, 0]]
    with pytest.raises(IndexError):
        kernels.tensor_scatter(cache, update, np.array([2, 0]))
    found = kernels.tensor_scatter(cache, update, np.array([2, 0]), mode="circular")
    assert found[..., 0].tolist() == [[2, 0, 1], [3, 4, 0]]
    assert not cache.any()
