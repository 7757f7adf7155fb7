"""Copies to channels-last memory against NumPy's."""

import numpy as np
import pytest

from onnx2py.accelerate import copies
from onnx2py.accelerate.active import active

from .compared import floats, in_some_order


@pytest.mark.parametrize("dtype", [np.float32, np.uint8, np.int8])
def test_copies_of_any_order(monkeypatch, dtype):
    monkeypatch.setattr(copies, "LEAST", 0)
    generator = np.random.default_rng(1)
    calls = 0
    for _ in range(120):
        sizes = generator.integers(1, 12, int(generator.integers(3, 6)))
        x = in_some_order(generator, (50 * floats(generator, *sizes)).astype(dtype))
        with active():
            copy = copies.Copy(x)
            calls += copy.call is not None
            for other in (x, x.copy("K")):
                y = copy(other) if other.strides == x.strides else copy(x)
                assert y.flags.c_contiguous
                np.testing.assert_array_equal(y, np.moveaxis(x, 1, -1))
    assert calls > 40


def test_small_ones_and_single_channels_are_numpys():
    with active():
        assert copies.Copy(np.zeros((1, 3, 5, 5), np.float32)).call is None
        assert copies.Copy(np.zeros((1, 1, 500, 500), np.float32)).call is None
        assert copies.Copy(np.zeros((1, 3, 500, 500), np.float32)).call is not None
