"""Twins of random numbers draw from the right distributions."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.targets.jax.versions import enable_x64

from .support import Case, check, twin

RANDOM = np.random.default_rng(0)


def test_dropout_draws_as_onnx_does() -> None:
    x = RANDOM.standard_normal((5, 6)).astype(np.float32)
    for ratio in (0.5, 0.75, 0.0, np.array(0.1, np.float32)):
        check(Case("random.dropout", (x, ratio, True), {"seed": 7}))
        traced = (x, ratio, np.array(True))
        check(Case("random.dropout", traced, {"seed": 7}))
        check(Case("random.dropout", (x, ratio, np.array(False)), {"seed": 7}))
    check(Case("random.dropout", (x, np.array(1.0, np.float16), True), {"seed": 7}))
    check(Case("random.dropout_inactive", (x,), {"mask": False, "dtype": None}))


def test_dropout_is_for_training() -> None:
    x, dropout = jnp.asarray(RANDOM.standard_normal(2000), float), twin(
        "random.dropout"
    )
    y, kept = dropout(x, 0.25)
    assert (y == x).all() and kept.all()
    y, kept = dropout(x, jnp.float32(0.25), jnp.asarray(True))
    assert 0.2 < 1 - kept.mean() < 0.3
    gradient = jax.grad(lambda x: dropout(x, 0.25, True, seed=3)[0].sum())(x)
    kept = dropout(x, 0.25, True, seed=3)[1]
    np.testing.assert_allclose(gradient, kept / 0.75, rtol=1e-6)


def test_distributions() -> None:
    normal = twin("random.random_normal")((3000,), mean=2.0, scale=3.0, seed=1)
    assert abs(normal.mean() - 2) < 0.3
    assert abs(normal.std() - 3) < 0.3
    uniform = twin("random.random_uniform")((3000,), low=2.0, high=4.0)
    assert 2 <= uniform.min() < 2.1 < 3.9 < uniform.max() <= 4
    shares = jnp.asarray([[0.2, 0.8, 0.0]], jnp.float16)
    drawn = twin("random.multinomial")(jnp.log(shares), sample_size=5000, seed=1)
    assert drawn.dtype == jnp.int32 and drawn.shape == (1, 5000)
    assert abs(drawn.mean() - 0.8) < 0.03 and drawn.max() == 1
    bits = twin("random.bernoulli")(jnp.full((5000,), 0.3), dtype=bool)
    assert bits.dtype == bool and abs(bits.mean() - 0.3) < 0.03


@pytest.mark.parametrize("name", ["random_normal", "random_uniform"])
def test_seeds_and_dtypes(name: str) -> None:
    like, half = twin(f"random.{name}_like"), jnp.ones((2, 3), jnp.float16)
    assert (like(half, seed=3) == like(half, seed=3)).all()
    assert (jax.jit(lambda x: like(x, seed=3))(half) == like(half, seed=3)).all()
    assert (like(half) != like(half)).any()
    assert like(half).dtype == jnp.float16
    with enable_x64(True):
        assert like(half, dtype=float).dtype == jnp.float64
    np.random.seed(5)
    first = like(half)
    np.random.seed(5)
    assert (like(half) == first).all()
