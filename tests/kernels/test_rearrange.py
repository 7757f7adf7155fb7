"""Elements in another order, by hand."""

import numpy as np
import pytest

from onnx2py.kernels import rearrange as kernels


def test_depth_to_space():
    x = np.arange(8).reshape(1, 8, 1, 1)
    y = kernels.depth_to_space(x, blocksize=2)
    assert y.tolist() == [[[[0, 2], [4, 6]], [[1, 3], [5, 7]]]]
    y = kernels.depth_to_space(x, blocksize=2, mode="CRD")
    assert y.tolist() == [[[[0, 1], [2, 3]], [[4, 5], [6, 7]]]]
    with pytest.raises(ValueError):
        kernels.depth_to_space(x, blocksize=3)


@pytest.mark.parametrize("mode", ["DCR", "CRD"])
@pytest.mark.parametrize("shape", [(2, 12, 2, 3), (0, 4, 2, 2)])
def test_space_to_depth_is_the_inverse(mode, shape):
    x = np.arange(np.prod(shape)).reshape(shape)
    image = kernels.depth_to_space(x, blocksize=2, mode=mode)
    back = kernels.space_to_depth(image, blocksize=2, mode=mode)
    np.testing.assert_array_equal(back, x)


def test_reverse_sequence():
    x = np.arange(6).reshape(3, 2)
    y = kernels.reverse_sequence(x, np.array([2, 3]))
    assert y.tolist() == [[2, 5], [0, 3], [4, 1]]
    y = kernels.reverse_sequence(x, np.array([1, 2, 2]), batch_axis=0, time_axis=1)
    assert y.tolist() == [[0, 1], [3, 2], [5, 4]]


@pytest.mark.parametrize(
    "exclusive, reverse, total, product",
    [
        (False, False, [2, 5, 9], [2, 6, 24]),
        (True, False, [0, 2, 5], [1, 2, 6]),
        (False, True, [9, 7, 4], [24, 12, 4]),
        (True, True, [7, 4, 0], [12, 4, 1]),
    ],
)
def test_running_totals(exclusive, reverse, total, product):
    x = np.array([[2, 3, 4]], np.int8)
    options = {"exclusive": exclusive, "reverse": reverse}
    found = kernels.cumsum(x, np.array(1), **options)
    assert (found.tolist(), found.dtype) == ([total], np.int8)
    found = kernels.cumprod(x, -1, **options)
    assert (found.tolist(), found.dtype) == ([product], np.int8)
