"""Padding, by hand and as NumPy does it."""

import numpy as np
import pytest

from onnx2py.kernels import padding as kernels

X = np.arange(1, 7, dtype=np.int32).reshape(2, 3)


def test_pad():
    y = kernels.pad(X, (0, 1, 1, 0))
    assert y.tolist() == [[0, 1, 2, 3], [0, 4, 5, 6], [0, 0, 0, 0]]
    assert y.dtype == np.int32
    y = kernels.pad(X, np.array([1, -1]), np.array([9]), np.array([-1]))
    assert y.tolist() == [[9, 1, 2], [9, 4, 5]]


def test_pad_with_other_types():
    assert kernels.pad(np.array([True]), (1, 0)).tolist() == [False, True]
    strings = np.array(["a"], object)
    assert kernels.pad(strings, (1, 0)).tolist() == ["", "a"]
    assert kernels.pad(strings, (1, 0), np.array("b", object)).tolist() == ["b", "a"]
    signed = kernels.pad(np.float32([1]), (1, 0), -0.0)
    assert signed.tolist() == [0, 1]


def test_pads_that_are_not_there():
    assert kernels.pad(X, (0, 0, 0, 0)).tolist() == X.tolist()
    assert kernels.pad(np.array(5), ()).tolist() == 5


@pytest.mark.parametrize("mode", ["edge", "reflect", "wrap", "constant"])
@pytest.mark.parametrize("pads", [(1, 0, 0, 2), (3, 5, 4, 7), (0, 0, 0, 0)])
def test_pad_is_numpys(mode, pads):
    widths = list(zip(pads[:2], pads[2:]))
    found = kernels.pad(X, pads, mode=mode)
    assert found.tolist() == np.pad(X, widths, mode=mode).tolist()


def test_what_is_cropped_is_not_repeated():
    x = np.arange(5)
    assert kernels.pad(x, (-2, 2), mode="reflect").tolist() == [2, 3, 4, 3, 2]
    assert kernels.pad(x, (2, -2), mode="edge").tolist() == [0, 0, 0, 1, 2]
    assert kernels.pad(x, (2, -2), mode="wrap").tolist() == [1, 2, 0, 1, 2]


def test_nothing_to_repeat():
    with pytest.raises(ValueError, match="expected elements along axis 0, got none"):
        kernels.pad(np.zeros((0, 2)), (1, 0, 0, 0), mode="edge")


def test_center_crop_pad():
    x = np.arange(1, 6)
    assert kernels.center_crop_pad(x, (2,)).tolist() == [2, 3]
    assert kernels.center_crop_pad(x, np.array([8])).tolist() == [
        0,
        1,
        2,
        3,
        4,
        5,
        0,
        0,
    ]
    y = kernels.center_crop_pad(X, (1,), axes=(-1,))
    assert y.tolist() == [[2], [5]]
