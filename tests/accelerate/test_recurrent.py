"""oneDNN's LSTM and GRU against NumPy's."""

import numpy as np
import pytest

from onnx2py.accelerate.active import accelerated, active
from onnx2py.accelerate.cache import freeze
from onnx2py.accelerate.table import REPLACEMENTS
from onnx2py.kernels.gru import gru_packed
from onnx2py.kernels.lstm import lstm_packed

from .compared import assert_same, floats


def layer(kernel, directions, inputs, size, seed=0):
    """Return constant weights: the kernels take any, as they were halved beforehand."""
    generator = np.random.default_rng(seed)
    gates = 4 if kernel is lstm_packed else 3
    shapes = [
        (directions, inputs, gates, size),
        (directions, size, gates * size),
        (directions, 1, gates * size),
        (directions, 1, size),
    ]
    count = 3 if kernel is lstm_packed else 4
    return [freeze(floats(generator, *shape) * 0.5) for shape in shapes[:count]]


@pytest.mark.parametrize("kernel", [lstm_packed, gru_packed])
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("layout", [0, 1])
@pytest.mark.parametrize("steps", [1, 7])
@pytest.mark.parametrize("starts", [False, True])
def test_layers(kernel, direction, layout, steps, starts):
    generator = np.random.default_rng(0)
    directions = 2 if direction == "bidirectional" else 1
    weights = layer(kernel, directions, 5, 6)
    x = floats(generator, *((3, steps, 5) if layout else (steps, 3, 5)))
    states = {}
    if starts:
        shape = (3, directions, 6) if layout else (directions, 3, 6)
        states["initial_h"] = floats(generator, *shape)
        if kernel is lstm_packed:
            states["initial_c"] = floats(generator, *shape)
    options = {"direction": direction, "layout": layout, **states}
    expected = kernel(x, *weights, **options)
    with active():
        for _ in range(2):
            results = REPLACEMENTS[kernel.__name__](x, *weights, **options)
            assert len(results) == len(expected)
            for actual, other in zip(results, expected):
                assert_same(actual, other)


@pytest.mark.parametrize("kernel", [lstm_packed, gru_packed])
def test_other_bias_with_the_same_weight(kernel):
    x = floats(np.random.default_rng(0), 4, 2, 5)
    weights = layer(kernel, 1, 5, 6)
    with active():
        for seed in range(3):
            weights[2] = layer(kernel, 1, 5, 6, seed)[2]
            y = REPLACEMENTS[kernel.__name__](x, *weights)
            assert_same(y[0], kernel(x, *weights)[0])


@pytest.mark.parametrize("kernel", [lstm_packed, gru_packed])
@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
def test_special_numbers(kernel, special):
    x = floats(np.random.default_rng(0), 4, 2, 5)
    x[1, 0, 3] = special
    weights = layer(kernel, 1, 5, 6)
    with np.errstate(all="ignore"):
        expected = kernel(x, *weights)
        with active():
            y = accelerated(kernel)(x, *weights)
    for actual, other in zip(y, expected):
        np.testing.assert_allclose(actual, other, rtol=0, atol=1e-5)


def test_what_is_not_taken():
    x = floats(np.random.default_rng(0), 4, 2, 5)
    lstm, gru = REPLACEMENTS["lstm_packed"], REPLACEMENTS["gru_packed"]
    w, r, b = layer(lstm_packed, 1, 5, 6)
    lengths, state = np.array([4, 2], np.int32), np.zeros((1, 2, 6), np.float32)
    with active():
        assert lstm(x, w, r, b) is not None
        assert lstm(x, w, r, b, initial_h=state) is not None
        assert lstm(x, w, r, b, initial_h=state.astype(float)) is None
        assert lstm(x, w, r, b, initial_c=state[:, :1]) is None
        assert lstm(x, w, r, b, lengths) is None
        assert lstm(x, w, r, b.copy()) is None
        assert lstm(x, w, r.copy(), b) is None
        assert lstm(x[..., :4], w, r, b) is None
        assert lstm(x[:0], w, r, b) is None
        assert lstm(x.astype(float), w, r, b) is None
        assert lstm(x, w, r, b, direction="bidirectional") is None
        assert gru(x, *layer(gru_packed, 1, 5, 6)[:3]) is None
