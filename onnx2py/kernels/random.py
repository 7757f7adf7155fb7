"""Random numbers, and dropout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def random_normal(
    shape: Sequence[int],
    *,
    dtype: Any = np.float32,
    mean: float = 0.0,
    scale: float = 1.0,
    seed: int | None = None,
) -> NDArray[Any]:
    """Draw from a normal distribution; ``scale`` is its standard deviation.

    With a ``seed`` each call returns the same numbers.

    ONNX: https://onnx.ai/onnx/operators/onnx__RandomNormal.html
    """
    draw = np.random.default_rng(seed).standard_normal(shape)
    return np.asarray(draw * scale + mean).astype(dtype)


def random_normal_like(
    input: NDArray[Any],
    *,
    dtype: Any = None,
    mean: float = 0.0,
    scale: float = 1.0,
    seed: int | None = None,
) -> NDArray[Any]:
    """Draw from a normal distribution, with the shape of ``input`` and by default its dtype.

    ONNX: https://onnx.ai/onnx/operators/onnx__RandomNormalLike.html
    """
    kind = input.dtype if dtype is None else dtype
    return random_normal(input.shape, dtype=kind, mean=mean, scale=scale, seed=seed)


def random_uniform(
    shape: Sequence[int],
    *,
    dtype: Any = np.float32,
    low: float = 0.0,
    high: float = 1.0,
    seed: int | None = None,
) -> NDArray[Any]:
    """Draw from the uniform distribution between ``low`` and ``high``.

    With a ``seed`` each call returns the same numbers.

    ONNX: https://onnx.ai/onnx/operators/onnx__RandomUniform.html
    """
    draw = np.random.default_rng(seed).random(shape)
    return np.asarray(draw * (high - low) + low).astype(dtype)


def random_uniform_like(
    input: NDArray[Any],
    *,
    dtype: Any = None,
    low: float = 0.0,
    high: float = 1.0,
    seed: int | None = None,
) -> NDArray[Any]:
    """Draw from a uniform distribution, with the shape of ``input`` and by default its dtype.

    ONNX: https://onnx.ai/onnx/operators/onnx__RandomUniformLike.html
    """
    kind = input.dtype if dtype is None else dtype
    return random_uniform(input.shape, dtype=kind, low=low, high=high, seed=seed)


def bernoulli(
    input: NDArray[Any], *, dtype: Any = None, seed: int | None = None
) -> NDArray[Any]:
    """Draw 1 with the probability in ``input``, else 0; the default dtype is that of ``input``.

    ONNX: https://onnx.ai/onnx/operators/onnx__Bernoulli.html
    """
    draw = np.random.default_rng(seed).random(input.shape)
    return np.asarray(draw < input).astype(input.dtype if dtype is None else dtype)


def multinomial(
    input: NDArray[Any],
    *,
    sample_size: int = 1,
    dtype: Any = np.int32,
    seed: int | None = None,
) -> NDArray[Any]:
    """Draw ``sample_size`` classes for each row.

    input : [N, C], logarithms of the probabilities, which need not sum to 1
    returns : [N, sample_size], each 0...C - 1

    ONNX: https://onnx.ai/onnx/operators/onnx__Multinomial.html
    """
    logits = input.astype(np.float64)
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    steps = np.cumsum(weights, axis=1)
    draws = np.random.default_rng(seed).random((len(logits), sample_size))
    draws *= steps[:, -1:]
    y = np.empty(draws.shape, dtype)
    for row, (step, draw) in enumerate(zip(steps, draws)):
        y[row] = np.searchsorted(step, draw, side="right")
    return y


def dropout(
    data: NDArray[Any],
    ratio: Any = 0.5,
    training_mode: Any = False,
    *,
    seed: int | None = None,
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return ``data`` with dropout, and the mask of elements kept.

    Only in training, elements are set to 0 with probability ``ratio`` and the others
    divided by ``1 - ratio``. As in ONNX's own examples, the draw is that of
    ``numpy.random.seed``.

    ONNX: https://onnx.ai/onnx/operators/onnx__Dropout.html
    """
    share = np.asarray(ratio).item()
    if share == 0 or not np.any(training_mode):
        return data, np.ones(data.shape, np.bool_)
    kept = np.asarray(np.random.RandomState(seed).uniform(0, 1, data.shape) >= share)
    scale = 1 / (1 - share) if share < 1 else 0
    return np.asarray(np.multiply(data, kept) * data.dtype.type(scale)), kept


def dropout_inactive(
    data: NDArray[Any], *, mask: bool = True, dtype: Any = np.bool_
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return ``data``, and a tensor of its shape filled with ``mask``.

    The dtype of the second is by default that of ``data``.

    ONNX: https://onnx.ai/onnx/operators/onnx__Dropout.html
    """
    return data, np.full(data.shape, mask, data.dtype if dtype is None else dtype)
