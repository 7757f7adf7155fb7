"""Gradients of twins for JAX, compared with those of the twins for PyTorch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch
from torch import Tensor

from tests.targets.jax.versions import enable_x64

from ..torch.support import to_torch
from ..torch.support import twin as twin_of_torch
from .support import Case, assert_same, computed, to_jax, traced


def check_gradient(case: Case, *, rtol: float = 1e-9, atol: float = 1e-11) -> Any:
    """Compare the gradients of a sum of all finite results, compiled; return the results."""
    places = [i for i, a in enumerate(case.args) if _is_differentiable(a)]
    args = [to_torch(a, grad=True) for a in case.args]
    options = {name: to_torch(value) for name, value in case.kwargs.items()}
    y = twin_of_torch(case.name)(*args, **options)
    sum(_weighted(each) for each in _floats(y)).backward()
    expected = [args[place].grad for place in places]

    arrays, call = traced(case)
    inner = [
        i
        for i, a in enumerate(arrays)
        if any(a is case.args[place] for place in places)
    ]

    def total(floats: list[Any], others: list[Any]) -> Any:
        filled = list(others)
        for place, array in zip(inner, floats):
            filled[place] = array
        results = call(filled)
        return sum(_weighted(each) for each in _floats(results)), results

    with enable_x64(True):
        given = to_jax(arrays)
        gradient = jax.jit(jax.value_and_grad(total, has_aux=True))
        (_, results), found = gradient([given[place] for place in inner], given)
        for one, other in zip(found, expected):
            wanted = np.zeros(one.shape) if other is None else other.numpy()
            assert np.isfinite(wanted).all()
            np.testing.assert_allclose(one, wanted, rtol=rtol, atol=atol)
    return results


def check_with_gradient(
    case: Case,
    *,
    rtol: float = 1e-6,
    atol: float = 1e-9,
    of_gradient: dict[str, float] | None = None,
) -> None:
    """Compare a twin with its kernel, and its gradients, in one function that JAX compiles.

    Numbers have 64 bits. ``of_gradient`` has the tolerances of the gradients.
    """
    results = check_gradient(case, **of_gradient or {})
    assert_same(results, computed(case), rtol=rtol, atol=atol)


def _is_differentiable(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == np.float64


def _floats(results: Any) -> Iterator[Any]:
    for y in results if isinstance(results, tuple) else (results,):
        if y.dtype in (torch.float64, jnp.float64):
            yield y


def _weighted(y: Any) -> Any:
    """Return a sum of finite numbers, each of another weight."""
    weights = np.cos(np.arange(1, 1 + np.prod(y.shape, dtype=int))).reshape(y.shape)
    if isinstance(y, Tensor):
        return torch.where(y.isfinite(), y * torch.tensor(weights), 0).sum()
    return jnp.where(jnp.isfinite(y), y * weights, 0).sum()
