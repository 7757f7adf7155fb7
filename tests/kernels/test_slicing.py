"""Slices and splits, by hand."""

import numpy as np
import pytest

from onnx2py.kernels import slicing as kernels

X = np.arange(24).reshape(2, 3, 4)


@pytest.mark.parametrize("make", [tuple, np.array])
def test_slice_axes(make):
    y = kernels.slice_axes(
        X, make([1, -1]), make([9, -9]), make([-1, 1]), make([2, -1])
    )
    assert y.tolist() == X[:, ::-1, 1::2].tolist()
    assert kernels.slice_axes(X, make([1]), make([2])).tolist() == X[1:].tolist()


def test_a_backward_slice_begins_inside():
    x = np.arange(3)
    assert kernels.slice_axes(x, (-9,), (-99,), None, (-1,)).tolist() == [0]


def test_slice_errors():
    with pytest.raises(ValueError, match="expected different axes, got 0 twice"):
        kernels.slice_axes(X, (0, 1), (1, 2), (0, 0))
    with pytest.raises(ValueError):
        kernels.slice_axes(X, (0,), (1,), (0,), (0,))
    with pytest.raises(ValueError, match="expected axes of"):
        kernels.slice_axes(X, (0,), (1,), (3,))


def test_split():
    x = np.arange(5)
    for lengths in ((2, 0, 3), np.array([2, 0, 3])):
        parts = kernels.split(x, lengths)
        assert [part.tolist() for part in parts] == [[0, 1], [], [2, 3, 4]]
    parts = kernels.split(x, num_outputs=3)
    assert [part.tolist() for part in parts] == [[0, 1], [2, 3], [4]]
    assert [part.shape for part in kernels.split(X, (1, 3), axis=-1)] == [
        (2, 3, 1),
        (2, 3, 3),
    ]


@pytest.mark.parametrize("lengths", [(2, 2), (3, 3), (6, -1)])
def test_split_of_other_lengths(lengths):
    with pytest.raises(ValueError, match="expected parts of 5 in all"):
        kernels.split(np.arange(5), lengths)
