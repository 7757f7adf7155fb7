"""oneDNN's functions of each element against NumPy's."""

import numpy as np
import pytest

from onnx2py.accelerate import elementwise
from onnx2py.accelerate.active import accelerated, active
from onnx2py.accelerate.table import REPLACEMENTS
from onnx2py.kernels.activation_exponential import mish, sigmoid, swish
from onnx2py.kernels.activation_gelu import gelu, gelu_tanh

from .compared import assert_same, floats, in_some_order

KERNELS = [gelu, gelu_tanh, mish, sigmoid, swish]


@pytest.fixture(autouse=True)
def every_size(monkeypatch):
    monkeypatch.setattr(elementwise, "LEAST", 1)


@pytest.mark.parametrize("kernel", KERNELS)
def test_random(kernel):
    generator = np.random.default_rng(0)
    done = 0
    for _ in range(60):
        shape = generator.integers(1, 12, generator.integers(2, 5))
        x = in_some_order(generator, floats(generator, *shape) * 5)
        bias = (floats(generator, shape[-1]),) if kernel in (gelu, gelu_tanh) else ()
        for arguments in ((x,), (x, *bias)):
            with active():
                y = REPLACEMENTS[kernel.__name__](*arguments)
            if y is not None:
                done += 1
                assert_same(y, kernel(*arguments), 2e-6)
    assert done > 60


@pytest.mark.parametrize("kernel", KERNELS)
def test_special_numbers(kernel):
    numbers = [np.inf, -np.inf, np.nan, 3e38, -3e38, 1e-40, -1e-40, 0.0, -100.0, 100.0]
    either = accelerated(kernel)
    for number in numbers:
        x = np.array([1, number, *[-0.5] * 30], np.float32)
        with np.errstate(all="ignore"):
            expected = kernel(x)
            with active():
                y = either(x)
        np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-6)


def test_what_is_not_taken():
    x = floats(np.random.default_rng(0), 4, 5)
    with active():
        assert REPLACEMENTS["gelu"](x) is not None
        assert REPLACEMENTS["gelu"](x, x[:, :1]) is not None
        assert REPLACEMENTS["gelu"](x, np.ones((3, 4, 5), "f")) is None
        assert REPLACEMENTS["gelu"](x, x.astype(float)) is None
        assert REPLACEMENTS["gelu"](x.astype(float)) is None
        assert REPLACEMENTS["gelu"](x[:0]) is None
