"""How random numbers are distributed, and that a seed repeats them."""

import ml_dtypes
import numpy as np
import pytest

from onnx2py.kernels import random

X = np.full((50, 400), 0.3, np.float32)
DRAWS = {
    "normal": lambda **k: random.random_normal((50, 400), mean=2.0, scale=3.0, **k),
    "normal like": lambda **k: random.random_normal_like(X, mean=2.0, scale=3.0, **k),
    "uniform": lambda **k: random.random_uniform((50, 400), low=-1.0, high=5.0, **k),
    "uniform like": lambda **k: random.random_uniform_like(X, low=-1, high=5.0, **k),
    "bernoulli": lambda **k: random.bernoulli(X, **k),
}


@pytest.mark.parametrize("name", DRAWS)
def test_a_seed_repeats_the_draw_and_its_absence_does_not(name):
    draw = DRAWS[name]
    assert draw().dtype == np.float32
    np.testing.assert_array_equal(draw(seed=7), draw(seed=7))
    assert (draw(seed=7) != draw(seed=8)).any()
    assert (draw() != draw()).any()
    for dtype in (np.float16, np.float64, ml_dtypes.bfloat16):
        assert draw(dtype=dtype).dtype == dtype


@pytest.mark.parametrize(
    ("name", "mean", "deviation"),
    [("normal", 2, 3), ("uniform", 2, 3**0.5), ("bernoulli", 0.3, 0.21**0.5)],
)
def test_moments(name, mean, deviation):
    y = DRAWS[name](seed=1)  # of 20 000 numbers: the mean is within 5 / sqrt(20 000)
    assert abs(y.mean() - mean) < 5 * deviation / 20_000**0.5
    assert abs(y.std() - deviation) < 0.05 * deviation


def test_multinomial():
    p = np.array([[0.1, 0.2, 0.7], [0.0, 1.0, 0.0]])
    with np.errstate(divide="ignore"):
        y = random.multinomial(np.log(p) + 3, sample_size=20_000, seed=1)
    assert (y.dtype, y.shape) == (np.int32, (2, 20_000))
    shares = [np.mean(y[0] == c) for c in range(3)]
    np.testing.assert_allclose(shares, p[0], atol=0.02)
    assert (y[1] == 1).all()


def test_dropout():
    x = np.full((100, 100), 2, np.float32)
    y, kept = random.dropout(x, 0.75, True, seed=3)
    assert (y.dtype, kept.dtype) == (np.float32, np.bool_)
    np.testing.assert_array_equal(y, np.where(kept, 8, 0))
    assert abs(kept.mean() - 0.25) < 0.03
    for ratio, mode in [(np.array(0.5), np.array(False)), (0.0, True)]:
        y, kept = random.dropout(x, ratio, mode)
        np.testing.assert_array_equal(y, x)
        assert kept.all() and kept.shape == x.shape
    y, kept = random.dropout(x, 1.0, np.array(True))
    assert not y.any() and not kept.any()
