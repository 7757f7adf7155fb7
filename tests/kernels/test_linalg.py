"""Numbers of sums of products."""

import numpy as np
import pytest

from onnx2py.kernels.linalg import contract, det, einsum, inverse

RNG = np.random.default_rng(5)


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("ab,bc->ac", [(2, 3), (3, 4)]),
        ("ab,bc->ca", [(2, 3), (3, 4)]),
        ("abc,bd->a", [(2, 3, 4), (3, 5)]),
        ("abx,bxc->bca", [(2, 3, 4), (3, 4, 5)]),
        (",a->a", [(), (3,)]),
    ],
)
def test_a_contraction_is_numpys(equation, shapes):
    a, b = (RNG.normal(size=shape) for shape in shapes)
    expected = np.einsum(equation, a, b)
    np.testing.assert_allclose(contract(equation, a, b), expected)
    np.testing.assert_allclose(einsum(equation, a, b), expected)


def test_matrices():
    x = np.array([[2, 0], [0, 4]], np.float32)
    assert det(x) == 8
    assert det(x).dtype == np.float32
    assert inverse(x).tolist() == [[0.5, 0], [0, 0.25]]
