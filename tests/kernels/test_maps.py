"""Dictionaries to numbers, and back."""

import numpy as np
import pytest

from onnx2py.kernels import maps


def test_rows_become_dictionaries():
    x = np.array([[1, 2], [3, 4]], np.float32)
    assert maps.zip_map(x, labels=("a", "b")) == [{"a": 1, "b": 2}, {"a": 3, "b": 4}]
    assert maps.zip_map(x[0], labels=np.array([5, 6])) == [{5: 1, 6: 2}]
    with pytest.raises(ValueError, match="expected 3 columns, got 2"):
        maps.zip_map(x, labels=(1, 2, 3))


def test_dictionaries_become_rows():
    y = maps.vectorize_dict({"b": 2}, vocabulary=("a", "b"), dtype=np.int64)
    assert y.tolist() == [[0, 2]]
    y = maps.vectorize_dict({5: "x"}, vocabulary=np.array([4, 5]), dtype=np.object_)
    assert y.tolist() == [["", "x"]]


def test_maps_are_cast():
    assert maps.cast_map({3: 1.5, 1: "2"}, dtype=np.float32).tolist() == [[2, 1.5]]
    assert maps.cast_map({1: 2.5}, dtype=np.int64, max_map=3).tolist() == [[0, 2, 0]]
    y = maps.cast_map({1: 0.1}, dtype=np.object_, max_map=2)
    assert y.tolist() == [["0.f", "0.100000"]]
