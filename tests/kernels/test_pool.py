"""Pooling: numbers worked out by hand."""

import numpy as np
import pytest

from onnx2py.kernels import pool, pool_max, pool_roi, quantized_pool

LINE = np.array([[[1, 5, 2, 4, 3]]], np.float32)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"kernel_shape": (2,)}, [5, 5, 4, 4]),
        ({"kernel_shape": (1,)}, [1, 5, 2, 4, 3]),
        ({"kernel_shape": (1,), "strides": (2,)}, [1, 2, 3]),
        ({"kernel_shape": (2,), "strides": (2,)}, [5, 4]),
        ({"kernel_shape": (2,), "strides": (2,), "ceil_mode": True}, [5, 4, 3]),
        ({"kernel_shape": (3,), "pads": (1, 1), "strides": (2,)}, [5, 5, 4]),
        ({"kernel_shape": (2,), "dilations": (3,)}, [4, 5]),
        ({"kernel_shape": (2,), "pads": "SAME_UPPER"}, [5, 5, 4, 4, 3]),
        ({"kernel_shape": (2,), "pads": "SAME_LOWER"}, [1, 5, 5, 4, 4]),
        ({"kernel_shape": (6,)}, []),
        ({"kernel_shape": (6,), "strides": (2,)}, [5]),
        # A third window would start at element 6: in the padding, so it is dropped.
        (
            {"kernel_shape": (2,), "strides": (3,), "pads": (1, 1), "ceil_mode": True},
            [1, 4],
        ),
    ],
)
def test_max_pool_of_a_line(options, expected):
    assert pool_max.max_pool(LINE, **options).tolist() == [[expected]]
    y, indices = pool_max.max_pool_with_indices(LINE, **options)
    assert y.tolist() == [[expected]]
    assert LINE[0, 0, indices].tolist() == [[expected]]
    last = pool_max.max_pool_channels_last(LINE.swapaxes(1, 2), **options)
    assert last.tolist() == [[[value] for value in expected]]


def test_a_window_much_longer_than_the_line():
    with pytest.raises(ValueError, match="axis 0: expected at least 7 elements, got 5"):
        pool_max.max_pool(LINE, kernel_shape=(7,))


def test_the_mean_of_a_window_that_is_too_long():
    options = {"kernel_shape": (6,), "strides": (3,)}
    assert pool.average_pool(LINE, **options).tolist() == [[[3]]]
    options = {"kernel_shape": (9,), "strides": (3,), "pads": (1, 1)}
    mean = pool.average_pool(LINE, **options, count_include_pad=True)
    np.testing.assert_allclose(mean, [[[15 / 7]]], rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.float16, np.float64])
def test_padding_is_never_the_largest(dtype):
    x = np.array([[[[0, 1], [2, 3]]]], dtype) - dtype(100 if dtype != np.uint8 else 0)
    y = pool_max.max_pool(x, kernel_shape=(2, 2), pads=(1, 1, 1, 1))
    assert y.dtype == dtype
    np.testing.assert_array_equal(
        y,
        [
            [
                x[0, 0][
                    [[0, 0, 0], [1, 1, 1], [1, 1, 1]], [[0, 1, 1], [0, 1, 1], [0, 1, 1]]
                ]
            ]
        ],
    )


def test_windows_of_minus_infinity_have_an_index():
    x = np.full((1, 1, 3), -np.inf, np.float32)
    y, indices = pool_max.max_pool_with_indices(x, kernel_shape=(2,), pads=(1, 0))
    assert y.tolist() == [[[-np.inf] * 3]]
    assert indices.tolist() == [[[0, 0, 1]]]


def test_windows_of_nothing_but_padding():
    options = {"kernel_shape": (2,), "dilations": (3,), "pads": (1, 1)}
    x = np.array([[[-4]]], np.int8)
    y, _ = pool_max.max_pool_with_indices(x, **options)
    assert y.tolist() == pool_max.max_pool(x, **options).tolist()


def test_indices_count_along_rows_or_columns_and_over_channels():
    x = np.arange(12, dtype=np.float32).reshape(1, 2, 2, 3)
    y, rows = pool_max.max_pool_with_indices(x, kernel_shape=(2, 2))
    _, columns = pool_max.max_pool_with_indices(x, kernel_shape=(2, 2), storage_order=1)
    assert y.ravel().tolist() == rows.ravel().tolist() == [4, 5, 10, 11]
    assert columns.ravel().tolist() == [3, 5, 9, 11]
    assert rows.dtype == columns.dtype == np.int64


def test_max_unpool_puts_back():
    x = np.random.default_rng(0).permutation(50).reshape(1, 2, 5, 5).astype(np.float32)
    y, indices = pool_max.max_pool_with_indices(x, kernel_shape=(2, 2), strides=(2, 2))
    back = pool_max.max_unpool(
        y, indices, np.array([1, 2, 5, 5]), kernel_shape=(2, 2), strides=(2, 2)
    )
    assert back.shape == x.shape
    kept = back != 0
    np.testing.assert_array_equal(back[kept], x[kept])
    assert sorted(back[kept]) == sorted(y[y != 0].ravel())
    small = pool_max.max_unpool(
        LINE[:, :, :2], np.array([[[1, 2]]]), kernel_shape=(2,), strides=(2,)
    )
    assert small.tolist() == [[[0, 1, 5, 0]]]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"kernel_shape": (2,)}, [3, 3.5, 3, 3.5]),
        ({"kernel_shape": (2,), "pads": (1, 1)}, [1, 3, 3.5, 3, 3.5, 3]),
        (
            {"kernel_shape": (2,), "pads": (1, 1), "count_include_pad": True},
            [0.5, 3, 3.5, 3, 3.5, 1.5],
        ),
        ({"kernel_shape": (2,), "strides": (2,), "ceil_mode": True}, [3, 3, 3]),
        # The last window has elements 4 and 5, of which the padding holds the second,
        # and 6, which is beyond it.
        (
            {
                "kernel_shape": (3,),
                "strides": (2,),
                "pads": (0, 1),
                "ceil_mode": True,
                "count_include_pad": True,
            },
            [8 / 3, 3, 1.5],
        ),
        ({"kernel_shape": (2,), "dilations": (2,)}, [1.5, 4.5, 2.5]),
    ],
)
def test_average_pool_of_a_line(options, expected):
    y = pool.average_pool(LINE, **options)
    assert y.dtype == np.float32
    np.testing.assert_allclose(y, [[expected]], rtol=1e-6)


@pytest.mark.parametrize("kernel_shape", [(1,), (2,)])
def test_average_pool_does_not_write_to_its_argument(kernel_shape):
    x = np.arange(4, dtype=np.float32).reshape(1, 1, 4)
    x.flags.writeable = False
    y = pool.average_pool(x, kernel_shape=kernel_shape)
    assert y.ravel().tolist() == (
        [0, 1, 2, 3] if kernel_shape == (1,) else [0.5, 1.5, 2.5]
    )


def test_half_floats_are_summed_in_single_precision():
    x = np.full((1, 1, 60, 60), 50, np.float16)
    assert pool.global_average_pool(x).tolist() == [[[[50]]]]
    y = pool.average_pool(x, kernel_shape=(60, 60))
    assert y.dtype == np.float16
    assert y.tolist() == [[[[50]]]]


def test_lp_pool():
    x = np.array([[[3, -4, 0]]], np.float32)
    assert pool.lp_pool(x, kernel_shape=(2,)).tolist() == [[[5, 4]]]
    assert pool.lp_pool(x, kernel_shape=(3,), p=1).tolist() == [[[7]]]
    assert pool.global_lp_pool(x).tolist() == [[[5]]]
    assert pool.global_lp_pool(x, p=1.0).dtype == np.float32


@pytest.mark.parametrize("shape", [(2, 3, 4), (2, 3, 4, 5), (2, 3, 1, 2, 3)])
def test_global_pools_keep_the_rank(shape):
    x = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    flat = x.reshape(2, 3, -1)
    one = (2, 3, *[1] * (len(shape) - 2))
    largest, mean = pool_max.global_max_pool(x), pool.global_average_pool(x)
    np.testing.assert_array_equal(largest, flat.max(axis=2).reshape(one))
    np.testing.assert_allclose(mean, flat.mean(axis=2).reshape(one))


def test_local_response_normalization_sees_neighbouring_channels():
    x = np.array([1, 2, 3, 4], np.float32).reshape(1, 4, 1)
    y = pool.local_response_normalization(x, size=3, alpha=3.0, beta=1.0, bias=0.0)
    np.testing.assert_allclose(y.ravel(), [1 / 5, 2 / 14, 3 / 29, 4 / 25], rtol=1e-6)
    # Of an even size, one more neighbor lies behind.
    y = pool.local_response_normalization(x, size=2, alpha=2.0, beta=1.0, bias=0.0)
    np.testing.assert_allclose(y.ravel(), [1 / 5, 2 / 13, 3 / 25, 4 / 16], rtol=1e-6)


def test_roi_align_of_a_slope():
    rows, columns = np.meshgrid(np.arange(6.0), np.arange(6.0), indexing="ij")
    x = (10 * rows + columns).astype(np.float32)[None, None]
    roi, first = np.array([[1, 2, 3, 4]], np.float32), np.array([0])
    y = pool_roi.roi_align(x, roi, first, output_height=1, output_width=2)
    np.testing.assert_allclose(y, [[[[26, 27]]]], rtol=1e-6)
    y = pool_roi.roi_align(x, roi, first, output_width=2, half_pixel=False)
    np.testing.assert_allclose(y, [[[[31.5, 32.5]]]], rtol=1e-6)


def test_roi_max_pool():
    x = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
    boxes = np.array([[0, 0, 0, 3, 3], [0, 9, 9, 9, 9]], np.float32)
    y = pool_roi.max_roi_pool(x, boxes, pooled_shape=(2, 2))
    assert y.tolist() == [[[[5, 7], [13, 15]]], [[[0, 0], [0, 0]]]]


def test_quantized_average_pool_rounds_half_to_even():
    x = np.array([[[1, 2, 3, 4, 250]]], np.uint8)
    y = quantized_pool.qlinear_average_pool(x, 1.0, 0, 1.0, 0, kernel_shape=(2,))
    assert y.dtype == np.uint8
    assert y.tolist() == [[[2, 2, 4, 127]]]
    y = quantized_pool.qlinear_global_average_pool(x, 1.0, 2, 0.1, 10)
    assert y.tolist() == [[[255]]]
