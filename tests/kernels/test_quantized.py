"""Kernels on quantized tensors: numbers worked out by hand."""

import numpy as np
import pytest

from onnx2py.kernels.quantized import qgemm, qlinear_add, qlinear_mul
from onnx2py.kernels.quantized_tables import (
    all_real_values,
    qlinear_concat,
    qlinear_leaky_relu,
    qlinear_softmax,
)


def bytes_(*values):
    return np.array(values, np.int8)


def test_sum():
    # (10 * 0.5 + 6 * 0.25) / 0.5 = 13; 200 saturates
    y = qlinear_add(bytes_(10, 100), 0.5, 0, bytes_(7, 101), 0.25, 1, 0.5, 0)
    assert y.tolist() == [13, 127]


def test_product():
    # (4 - 2) * 0.5 * (8 - 0) * 0.5 / 0.5 - 1 = 7
    y = qlinear_mul(bytes_(4), 0.5, 2, bytes_(8), 0.5, 0, 0.5, -1)
    assert y.tolist() == [7] and y.dtype == np.int8


@pytest.mark.parametrize("length", [3, 300])
def test_matrix_product_is_exact(length):
    a, b = np.full((1, length), 255, np.uint8), np.full((length, 1), 255, np.uint8)
    y = qgemm(a, 1.0, 0, b, 1.0, 0)
    assert y.dtype == np.float32 and y.tolist() == [[255.0 * 255 * length]]


def test_signed_bytes_index_a_table_from_its_end():
    table = all_real_values(np.int8, 0.5, 0)
    assert np.take(table, bytes_(-1, -128, 127, 0)).tolist() == [-0.5, -64, 63.5, 0]


def test_leaky_relu():
    y = qlinear_leaky_relu(bytes_(-100, 10), 0.5, 0, 0.5, 0, alpha=0.1)
    assert y.tolist() == [-10, 10]


def test_concat_brings_all_to_one_scale():
    parts = (bytes_(1, 2), bytes_(3))
    y = qlinear_concat(0.5, 1, parts, (0.5, 1.0), (1, 0), axis=0)
    assert y.tolist() == [1, 2, 7]


def test_softmax():
    x = np.array([[0, 0, 0, 0], [255, 0, 0, 0]], np.uint8)
    y = qlinear_softmax(x, 0.1, None, 1 / 256, 0)
    assert y.tolist() == [[64] * 4, [255, 0, 0, 0]]


def test_softmax_of_flattened_axes():
    x = np.zeros((1, 2, 2), np.uint8)
    y = qlinear_softmax(x, 0.1, None, 1 / 256, 0, axis=1, flatten=True)
    assert y.tolist() == [[[64, 64], [64, 64]]]
