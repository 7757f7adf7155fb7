"""One optimization step: new values of tensors from their gradients.

``tensors`` holds all tensors to optimize, then their gradients, then their states, kind by
kind; results are in the same order, without the gradients.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def adagrad(
    rate: NDArray[Any],
    count: NDArray[Any],
    *tensors: NDArray[Any],
    norm_coefficient: float = 0.0,
    decay_factor: float = 0.0,
    epsilon: float = 1e-6,
) -> tuple[NDArray[Any], ...]:
    """Return new tensors, and their sums of squared gradients.

    ONNX: https://onnx.ai/onnx/operators/onnx_aionnxpreviewtraining_Adagrad.html
    """
    r = rate / (1 + count * decay_factor)
    found = []
    for x, g, h in _grouped(tensors, 3):
        g = norm_coefficient * x + g
        h = h + g * g
        x = x - r * g / (np.sqrt(h) + epsilon)
        found.append((x, h))
    return _ungrouped(found, tensors[0].dtype)


def adam(
    rate: NDArray[Any],
    count: NDArray[Any],
    *tensors: NDArray[Any],
    alpha: float = 0.9,
    beta: float = 0.999,
    epsilon: float = 1e-6,
    norm_coefficient: float = 0.0,
    norm_coefficient_post: float = 0.0,
) -> tuple[NDArray[Any], ...]:
    """Return new tensors, and the running means of gradients and of their squares.

    ONNX: https://onnx.ai/onnx/operators/onnx_aionnxpreviewtraining_Adam.html
    """
    t = int(count)
    r = rate * np.sqrt(1 - beta**t) / (1 - alpha**t) if t > 0 else rate
    found = []
    for x, g, v, h in _grouped(tensors, 4):
        g = norm_coefficient * x + g
        v = alpha * v + (1 - alpha) * g
        h = beta * h + (1 - beta) * g * g
        x = x - r * v / (np.sqrt(h) + epsilon)
        found.append(((1 - norm_coefficient_post) * x, v, h))
    return _ungrouped(found, tensors[0].dtype)


def momentum(
    rate: NDArray[Any],
    count: NDArray[Any],
    *tensors: NDArray[Any],
    alpha: float,
    beta: float,
    norm_coefficient: float,
    nesterov: bool = False,
) -> tuple[NDArray[Any], ...]:
    """Return new tensors, and their momenta.

    ONNX: https://onnx.ai/onnx/operators/onnx_aionnxpreviewtraining_Momentum.html
    """
    factor = beta if int(count) > 0 else 1
    found = []
    for x, g, v in _grouped(tensors, 3):
        g = norm_coefficient * x + g
        v = alpha * v + factor * g
        x = x - rate * (g + alpha * v if nesterov else v)
        found.append((x, v))
    return _ungrouped(found, tensors[0].dtype)


def _grouped(tensors: tuple[NDArray[Any], ...], kinds: int) -> Any:
    """Yield each tensor with its gradient and its states."""
    size = len(tensors) // kinds
    return zip(*(tensors[k * size : (k + 1) * size] for k in range(kinds)))


def _ungrouped(found: list[tuple[Any, ...]], dtype: Any) -> tuple[NDArray[Any], ...]:
    """Return all first results, then all second results, and so on."""
    return tuple(
        np.asarray(x).astype(dtype, copy=False) for kind in zip(*found) for x in kind
    )
