"""Products with weights of few bits, rows of them, and LSTMs: numbers made by hand."""

import numpy as np
import pytest

from onnx2py.kernels.lstm_quantized import centered_weights, dynamic_quantize_lstm
from onnx2py.kernels.matmul_bnb4 import matmul_bnb4
from onnx2py.kernels.matmul_nbits import matmul_nbits, round_in_blocks, unpack_bits
from onnx2py.kernels.quantized import qlinear_reduce_mean
from onnx2py.kernels.quantized_gather import gather_block_quantized


@pytest.mark.parametrize(
    ("bits", "numbers"),
    [
        (2, [0b00, 0b01, 0b10, 0b11]),
        (4, [0b0100, 0b1110]),
        (8, [0b11100100]),
    ],
)
def test_the_first_number_is_in_the_lowest_bits(bits, numbers):
    packed = np.array([0b11100100], np.uint8)
    assert unpack_bits(packed, bits).tolist() == numbers
    assert unpack_bits(np.zeros((2, 0), np.uint8), bits).shape == (2, 0)


def test_blocks_have_scales_and_zero_points():
    # w = [1, 1 | 2, 2] - [1 | 0], times [10 | 100]
    b = np.array([[[0x11], [0x22]]], np.uint8)
    scales = np.array([[10, 100]], np.float32)
    a = np.array([[1, 1, 1, 0]], np.float32)
    options = {"n": 1, "k": 4, "bits": 4, "block_size": 2}
    zeros = np.array([[0x01]], np.uint8)
    assert matmul_nbits(a, b, scales, zeros, **options).tolist() == [[200]]
    zeros = np.array([[0.5, 1.5]], np.float32)
    assert matmul_nbits(a, b, scales, zeros, **options).tolist() == [[60]]
    # By default, 8 is zero.
    y = matmul_nbits(a, b, scales, bias=np.array([1], np.float32), **options)
    assert y.tolist() == [[-140 - 600 + 1]]
    # The columns are of the blocks 1, 1, 0, 0.
    groups = np.array([1, 1, 0, 0], np.int32)
    assert matmul_nbits(a, b, scales, None, groups, **options).tolist() == [[-1460]]


def test_no_weights_are_zeros():
    a, bias = np.ones((2, 4), np.float16), np.array([1, 2, 3], np.float16)
    b, scales = np.zeros((0, 1, 8), np.uint8), np.zeros((3, 1), np.float16)
    y = matmul_nbits(a, b, scales, bias=bias, n=3, k=4, block_size=16)
    assert y.dtype == np.float16
    assert y.tolist() == [[1, 2, 3]] * 2


def test_each_block_is_rounded_by_itself():
    x = np.array([[127, 0.6, 0.0, 1.27]], np.float32)
    assert round_in_blocks(x, 2).tolist() == [[127, 1, 0, np.float32(1.27)]]
    assert round_in_blocks(x[:0], 16).shape == (0, 4)


def test_four_bits_may_be_floats():
    a = np.array([[1, 0], [0, 1]], np.float32)
    b = np.array([0x3B, 0x07], np.uint8)  # 1, -1, 0, 1/4
    options = {"n": 2, "k": 2, "block_size": 2, "quant_type": 0}
    absmax = np.array([2, 4], np.float32)
    assert matmul_bnb4(a, b, absmax, **options).tolist() == [[2, 0], [-2, 1]]
    plain = matmul_bnb4(a, b, absmax, trans_b=False, **options)
    assert plain.tolist() == [[2, -2], [0, 1]]


def test_rows_beyond_the_end_are_zero():
    data = np.array([[0x98], [0xBA]], np.uint8)  # 8 9, 10 11
    scales = np.array([[1], [10]], np.float32)
    indices = np.array([[-1, 0], [2, -3]])
    y = gather_block_quantized(data, indices, scales, block_size=16)
    assert y.tolist() == [[[20, 30], [0, 1]], [[0, 0], [0, 0]]]
    y = gather_block_quantized(data, np.array(1), scales, block_size=16)
    assert y.tolist() == [20, 30]


def test_weights_are_exact_in_the_smallest_float_that_holds_their_sums():
    small = np.full((1, 500, 1), 127, np.int8)
    large = np.full((1, 600, 1), 127, np.int8)
    zero = np.zeros(1, np.int8)
    assert centered_weights(small, zero).dtype == np.float32
    assert centered_weights(large, zero).dtype == np.float64


def test_a_cell_keeps_what_its_gates_let_through():
    """All gates are open by their biases; the cell gets tanh(1) at each step."""
    x = np.array([[[0.4]], [[1.0]]], np.float32)  # 102 / 255, and 1
    w = np.array([[[0, 0, 0, 100]]], np.int8)
    r = np.zeros((1, 1, 4), np.int8)
    bias = np.array([[100, 100, 100, 0, 0, 0, 0, 0]], np.float32)
    one, zero = np.array([0.01], np.float32), np.zeros(1, np.int8)
    none = (None,) * 4
    y, y_h, y_c = dynamic_quantize_lstm(x, w, r, bias, *none, one, zero, one, zero)
    cell = np.tanh(0.4) + np.tanh(1)
    np.testing.assert_allclose(y_c, [[[cell]]], rtol=1e-6)
    np.testing.assert_allclose(y_h, [[[np.tanh(cell)]]], rtol=1e-6)
    assert y.shape == (2, 1, 1, 1)


def test_a_quantized_mean():
    x = np.array([[10, 13], [20, 30]], np.uint8)
    y = qlinear_reduce_mean(x, 0.5, 10, 0.25, 1, axes=(1,), keepdims=False)
    assert y.dtype == np.uint8
    assert y.tolist() == [4, 31]  # 0.75 / 0.25 + 1, 7.5 / 0.25 + 1
    assert qlinear_reduce_mean(x, 1.0, 0, 1.0).tolist() == [[18]]
