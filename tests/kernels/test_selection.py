"""Elements chosen by value, by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onnx2py.kernels import selection as kernels


def test_non_zero():
    assert kernels.non_zero(np.array([[1, 0], [1, 1]])).tolist() == [
        [0, 1, 1],
        [0, 0, 1],
    ]
    assert kernels.non_zero(np.array(2)).tolist() == [[0]]
    assert kernels.non_zero(np.zeros((2, 3))).shape == (2, 0)


def test_top_k():
    x = np.array([[1, 3, 3], [4, 0, 2]])
    values, indices = kernels.top_k(x, 2)
    assert values.tolist() == [[3, 3], [4, 2]]
    assert indices.tolist() == [[1, 2], [0, 2]]
    values, indices = kernels.top_k(x, np.array([1]), axis=0, largest=False)
    assert values.tolist() == [[1, 0, 2]]
    assert indices.tolist() == [[0, 1, 1]]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 400), st.booleans(), st.integers(1, 2000), st.booleans())
def test_top_k_of_long_rows_is_a_sort(k, largest, levels, with_nan):
    x = np.random.default_rng(k).integers(0, levels, 1600).astype(np.float32)
    if with_nan:
        x[::700] = np.nan
    values, indices = kernels.top_k(x, k, largest=largest)
    rank = [(not np.isnan(v), -v) if largest else (np.isnan(v), v) for v in x.tolist()]
    expected = sorted(
        range(len(x)), key=lambda i: (*rank[i][:1], np.nan_to_num(rank[i][1]), i)
    )
    assert indices.tolist() == expected[:k]
    np.testing.assert_array_equal(values, x[expected[:k]])


def test_top_k_of_too_few():
    with pytest.raises(ValueError, match="expected k from 0 to 3, got 4"):
        kernels.top_k(np.zeros(3), 4)


def test_unique():
    x = np.array([2, 1, 1, 3])
    found = [part.tolist() for part in kernels.unique(x)]
    assert found == [[1, 2, 3], [1, 0, 3], [1, 0, 0, 2], [2, 1, 1]]
    found = [part.tolist() for part in kernels.unique(x, sorted=False)]
    assert found == [[2, 1, 3], [0, 1, 3], [0, 1, 1, 2], [1, 2, 1]]
    found = [part.tolist() for part in kernels.unique_in_order(x)]
    assert found == [[2, 1, 3], [0, 1, 1, 2], [1, 2, 1]]


def test_unique_slices():
    x = np.array([["b", "a"], ["a", "c"], ["b", "a"]], object)
    found = [part.tolist() for part in kernels.unique(x, axis=0)]
    assert found == [[["a", "c"], ["b", "a"]], [1, 0], [1, 0, 1], [1, 2]]
    y, *_ = kernels.unique(x, axis=-1)
    assert y.tolist() == [["a", "b"], ["c", "a"], ["a", "b"]]


def test_one_hot():
    y = kernels.one_hot(np.array([1, -1, 5]), np.array([2]), np.array([0, 7]))
    assert y.tolist() == [[0, 7], [0, 7], [0, 0]]
    y = kernels.one_hot(
        np.array([[1, 0, 0]]), 2, np.array([0.0, 1.0], np.float32), axis=1
    )
    assert y.tolist() == [[[0, 1, 1], [1, 0, 0]]]
    assert y.dtype == np.float32


def test_trilu():
    x = np.ones((2, 2), np.int8)
    assert kernels.trilu(x, np.array(1)).tolist() == [[0, 1], [0, 0]]
    assert kernels.trilu(x, np.array([-1]), upper=False).tolist() == [[0, 0], [1, 0]]
    assert kernels.trilu(x).dtype == np.int8
