"""Random numbers, and dropout.

With a seed each call returns the same numbers, which are not those of NumPy. Without, the key
is drawn from ``numpy.random``, in Python: under ``jax.jit`` each call returns the numbers of the
call that was traced.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array


def random_normal(
    shape: Sequence[int],
    *,
    dtype: Any = jnp.float32,
    mean: float = 0.0,
    scale: float = 1.0,
    seed: int | None = None,
) -> Array:
    """Draw from a normal distribution; ``scale`` is its standard deviation."""
    draw = jax.random.normal(_key(seed), tuple(shape), float)
    return (draw * scale + mean).astype(dtype)


def random_normal_like(
    input: Array,
    *,
    dtype: Any = None,
    mean: float = 0.0,
    scale: float = 1.0,
    seed: int | None = None,
) -> Array:
    """Draw from a normal distribution, with the shape of ``input`` and by default its dtype."""
    kind = input.dtype if dtype is None else dtype
    return random_normal(input.shape, dtype=kind, mean=mean, scale=scale, seed=seed)


def random_uniform(
    shape: Sequence[int],
    *,
    dtype: Any = jnp.float32,
    low: float = 0.0,
    high: float = 1.0,
    seed: int | None = None,
) -> Array:
    """Draw from the uniform distribution between ``low`` and ``high``."""
    draw = jax.random.uniform(_key(seed), tuple(shape), float)
    return (draw * (high - low) + low).astype(dtype)


def random_uniform_like(
    input: Array,
    *,
    dtype: Any = None,
    low: float = 0.0,
    high: float = 1.0,
    seed: int | None = None,
) -> Array:
    """Draw from a uniform distribution, with the shape of ``input`` and by default its dtype."""
    kind = input.dtype if dtype is None else dtype
    return random_uniform(input.shape, dtype=kind, low=low, high=high, seed=seed)


def bernoulli(input: Array, *, dtype: Any = None, seed: int | None = None) -> Array:
    """Draw 1 with the probability in each element of ``input``, otherwise 0.

    ``dtype`` defaults to that of ``input``.
    """
    draw = jax.random.uniform(_key(seed), input.shape, float)
    return (draw < input).astype(input.dtype if dtype is None else dtype)


def multinomial(
    input: Array,
    *,
    sample_size: int = 1,
    dtype: Any = jnp.int32,
    seed: int | None = None,
) -> Array:
    """Draw ``sample_size`` classes for each row.

    input : [N, C], logarithms of the probabilities, which need not sum to 1
    returns : [N, sample_size], each 0...C - 1
    """
    logits = jnp.asarray(input).astype(float)[:, None]
    shape = (len(input), sample_size)
    return jax.random.categorical(_key(seed), logits, shape=shape).astype(dtype)


def dropout(
    data: Array,
    ratio: Any = 0.5,
    training_mode: Any = False,
    *,
    seed: int | None = None,
) -> tuple[Array, Array]:
    """Return ``data`` with dropout, and the mask of elements kept.

    Only in training, elements are set to 0 with probability ``ratio`` and the others
    divided by ``1 - ratio``. With a seed, the draw is that of ONNX's own examples.
    """
    share = jnp.asarray(ratio).reshape(()).astype(float)
    share = jnp.where(jnp.asarray(training_mode).reshape(()), share, 0)
    if seed is None:
        draw = jax.random.uniform(_key(seed), data.shape, float)
    else:
        draw = jnp.asarray(np.random.RandomState(seed).uniform(0, 1, data.shape))
    kept = draw >= share
    scale = jnp.where(share < 1, 1 / (1 - share), 0).astype(data.dtype)
    return data * kept * scale, kept


def dropout_inactive(
    data: Array, *, mask: bool = True, dtype: Any = jnp.bool
) -> tuple[Array, Array]:
    """Return ``data``, and a tensor of its shape filled with ``mask``.

    The dtype of the second is by default that of ``data``.
    """
    return data, jnp.full(data.shape, mask, data.dtype if dtype is None else dtype)


def _key(seed: int | None) -> Array:
    return jax.random.key(np.random.randint(2**31) if seed is None else seed % 2**32)
