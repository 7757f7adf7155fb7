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
from .support import Case, to_jax, twin


def check_gradient(case: Case, *, rtol: float = 1e-9, atol: float = 1e-11) -> None:
    """Compare the gradients of a sum of all finite results, compiled."""
    places = [i for i, a in enumerate(case.args) if _is_differentiable(a)]
    args = [to_torch(a, grad=True) for a in case.args]
    options = {name: to_torch(value) for name, value in case.kwargs.items()}
    y = twin_of_torch(case.name)(*args, **options)
    sum(_weighted(each) for each in _floats(y)).backward()
    expected = [args[place].grad for place in places]

    def total(arrays: list[Any]) -> Any:
        filled = to_jax(list(case.args))
        for place, array in zip(places, arrays):
            filled[place] = array
        results = twin(case.name)(*filled, **case.kwargs)
        return sum(_weighted(each) for each in _floats(results))

    with enable_x64(True):
        arrays = [jnp.asarray(case.args[place]) for place in places]
        for one, other in zip(jax.jit(jax.grad(total))(arrays), expected):
            wanted = np.zeros(one.shape) if other is None else other.numpy()
            assert np.isfinite(wanted).all()
            np.testing.assert_allclose(one, wanted, rtol=rtol, atol=atol)


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
