"""Numbers of encoders."""

import numpy as np
import pytest

from onnx2py.kernels import ml_encoders


def test_labels_are_looked_up():
    y = ml_encoders.label_encoder(
        np.array([["b", "?"]], object),
        keys=("a", "b"),
        values=(1.5, 2.5),
        default=-1.0,
        dtype=np.float32,
    )
    assert y.tolist() == [[2.5, -1]]
    assert y.dtype == np.float32


def test_a_missing_value_is_a_key():
    x = np.array([np.nan, 1, 2])
    y = ml_encoders.label_encoder(
        x, keys=(1.0, np.nan), values=("one", "none"), default="?", dtype=np.object_
    )
    assert y.tolist() == ["none", "one", "?"]


def test_without_keys_there_are_defaults():
    x = np.array([[1, 2]])
    y = ml_encoders.label_encoder(x, keys=(), values=(), default=7, dtype=np.int64)
    assert y.tolist() == [[7, 7]]


def test_one_hot():
    x = np.array([2.9, 5.0, 9.0])
    y = ml_encoders.one_hot_encoder(x, keys=(2, 5), places=(1, 0), depth=3)
    assert y.tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    with pytest.raises(ValueError, match="unknown category"):
        ml_encoders.one_hot_encoder(x, keys=(2,), places=(0,), depth=1, zeros=False)
