"""Comparison of oneDNN's results with those of NumPy's kernels."""

import numpy as np


def floats(generator, *shape):
    return generator.normal(size=shape).astype(np.float32)


def in_some_order(generator, x):
    """Return an equal array that lies in memory in some other way."""
    rank = x.ndim
    way = generator.integers(6)
    if way == 1:  # channels last, as convolutions return it
        order = (0, *range(2, rank), 1)
        return np.moveaxis(np.ascontiguousarray(x.transpose(order)), -1, 1)
    if way == 2:  # a part of something larger
        whole = np.zeros([n + 2 for n in x.shape], x.dtype)
        inside = whole[tuple(slice(1, n + 1) for n in x.shape)]
    elif way == 3:  # a part of the channels of something channels-last
        n, c, *sizes = x.shape
        whole = np.zeros((n, *sizes, c + 5), x.dtype)
        inside = np.moveaxis(whole[..., 2 : c + 2], -1, 1)
    elif way == 4:  # backward
        inside = np.zeros_like(x)[..., ::-1]
    elif way == 5:  # not at a multiple of 4
        inside = np.zeros(x.nbytes + 1, np.uint8)[1:].view(x.dtype).reshape(x.shape)
    else:
        return x
    inside[...] = x
    return inside


def assert_same(actual, expected, tolerance=1e-5):
    assert actual.shape == expected.shape
    assert actual.dtype == expected.dtype
    largest = max(1e-3, float(np.abs(expected).max(initial=0)))
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * largest)
