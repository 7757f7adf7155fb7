"""oneDNN's softmax and layer normalization against NumPy's."""

import numpy as np
import pytest

from onnx2py.accelerate import rows
from onnx2py.accelerate.active import accelerated, active
from onnx2py.accelerate.table import REPLACEMENTS
from onnx2py.kernels.normalization import layer_normalization
from onnx2py.kernels.softmax import softmax

from .compared import assert_same, floats, in_some_order


@pytest.mark.parametrize("seed", range(4))
def test_random(seed, monkeypatch):
    monkeypatch.setattr(rows, "LEAST", 1)
    generator = np.random.default_rng(seed)
    done = 0
    for _ in range(30):
        rank = generator.integers(1, 5)
        x = floats(generator, *generator.integers(1, 30, rank)) * 10
        x = in_some_order(generator, x) if rank > 1 else x
        axis = int(generator.integers(-rank, rank))
        scale, bias = floats(generator, 2, x.shape[-1])
        vectors = [(), (scale,), (scale, bias), (None, bias)][generator.integers(4)]
        options = {"axis": axis, "epsilon": float(generator.choice([1e-5, 0.1]))}
        with active():
            soft = REPLACEMENTS["softmax"](x, axis=axis)
            normal = REPLACEMENTS["layer_normalization"](x, *vectors, **options)
        if soft is not None:
            done += 1
            assert_same(soft, softmax(x, axis=axis))
            expected = layer_normalization(x, *vectors, **options)
            assert_same(normal, expected, 3e-5)
    assert done > 5


@pytest.mark.parametrize(
    "special", [np.inf, -np.inf, np.nan, 3e38, -3e38, 1e-40], ids=str
)
def test_special_numbers(special):
    x = floats(np.random.default_rng(0), 100, 40)
    x[3], x[5, 7], x[6, 2:] = special, special, special
    kernel = accelerated(softmax)
    with np.errstate(invalid="ignore"):
        expected = softmax(x)
        with active():
            y = kernel(x)
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-6)


def test_what_is_not_taken():
    x = floats(np.random.default_rng(0), 100, 40)
    scale = np.ones(40, np.float32)
    soft, layer = REPLACEMENTS["softmax"], REPLACEMENTS["layer_normalization"]
    with active():
        assert soft(x) is not None
        assert soft(x, axis=0) is None
        assert soft(x.astype(float)) is None
        assert soft(x[:0]) is None
        assert soft(x[:, :0]) is None
        assert layer(x, scale) is not None
        assert layer(x, scale[:1]) is None
        assert layer(x, x) is None
        assert layer(x, scale.astype(float)) is None
        assert layer(x.reshape(10, 10, 40), scale, axis=1) is None
