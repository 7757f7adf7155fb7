"""Dictionaries to numbers, and back."""

import numpy as np
import pytest

from onnx2py.kernels import ml_maps


def test_rows_become_dictionaries():
    x = np.array([[1, 2], [3, 4]], np.float32)
    assert ml_maps.zip_map(x, labels=("a", "b")) == [{"a": 1, "b": 2}, {"a": 3, "b": 4}]
    assert ml_maps.zip_map(x[0], labels=np.array([5, 6])) == [{5: 1, 6: 2}]
    with pytest.raises(ValueError, match="expected 3 columns, got 2"):
        ml_maps.zip_map(x, labels=(1, 2, 3))


def test_dictionaries_become_rows():
    y = ml_maps.dict_vectorizer({"b": 2}, vocabulary=("a", "b"), dtype=np.int64)
    assert y.tolist() == [[0, 2]]
    y = ml_maps.dict_vectorizer({5: "x"}, vocabulary=np.array([4, 5]), dtype=np.object_)
    assert y.tolist() == [["", "x"]]


def test_maps_are_cast():
    assert ml_maps.cast_map({3: 1.5, 1: "2"}, dtype=np.float32).tolist() == [[2, 1.5]]
    assert ml_maps.cast_map({1: 2.5}, dtype=np.int64, max_map=3).tolist() == [[0, 2, 0]]
    y = ml_maps.cast_map({1: 0.1}, dtype=np.object_, max_map=2)
    assert y.tolist() == [["0.f", "0.100000"]]


@pytest.mark.parametrize(
    "value, dtype, expected",
    [
        ("1", np.float32, "expected numbers, got '1'"),
        (None, np.float32, "expected numbers, got None"),
        ("1", np.int64, "expected numbers, got '1'"),
        (1.5, np.int64, "expected whole numbers, got"),
        (1, np.object_, "expected text, got 1"),
        (None, np.object_, "expected text, got None"),
    ],
)
def test_values_of_another_type_are_refused(value, dtype, expected):
    with pytest.raises(ValueError, match=expected):
        ml_maps.dict_vectorizer({"a": value}, vocabulary=("a",), dtype=dtype)


@pytest.mark.parametrize("value", [2, 2.0, True, np.int8(2), np.array(2)])
def test_numbers_of_every_python_type_are_values(value):
    for dtype in (np.int64, np.float32):
        y = ml_maps.dict_vectorizer({"a": value}, vocabulary=("a",), dtype=dtype)
        assert (y.dtype, y.tolist()) == (dtype, [[int(value)]])


def test_none_is_not_cast():
    with pytest.raises(ValueError, match="expected a number or text, got None"):
        ml_maps.cast_map({1: None}, dtype=np.float32)
