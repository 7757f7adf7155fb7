"""Numbers of optimisers."""

import numpy as np

from onnx2py.kernels.optimizers import adagrad, adam, momentum

RATE, FIRST = np.array(0.1, np.float32), np.array(0)
ONE, TWO, ZERO = (np.full(1, number, np.float32) for number in (1, 2, 0))


def test_a_first_step():
    x, h = adagrad(RATE, FIRST, ONE, TWO, ZERO, epsilon=0)
    np.testing.assert_allclose([x[0], h[0]], [0.9, 4], rtol=1e-6)
    x, v = momentum(RATE, FIRST, ONE, TWO, ZERO, alpha=0.5, beta=9, norm_coefficient=0)
    np.testing.assert_allclose([x[0], v[0]], [0.8, 2], rtol=1e-6)
    x, v, h = adam(RATE, FIRST, ONE, TWO, ZERO, ZERO, alpha=0.5, beta=0.75, epsilon=0)
    np.testing.assert_allclose([x[0], v[0], h[0]], [0.9, 1, 1], rtol=1e-6)


def test_tensors_come_in_order():
    found = momentum(
        *(RATE, FIRST, ONE, TWO, ZERO, ZERO, ONE, TWO),
        **{"alpha": 1.0, "beta": 1.0, "norm_coefficient": 0.0},
    )
    values = [array[0] for array in found]
    np.testing.assert_allclose(values, [0.9, 1.8, 1, 2], rtol=1e-6)
