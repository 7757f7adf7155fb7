"""Twins and kernels called alike, with the same numbers, eagerly and compiled."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

import jax
import ml_dtypes
import numpy as np

from tests.targets.jax.versions import enable_x64


class Case(NamedTuple):
    """A call of a kernel; arrays of NumPy stand for those of JAX."""

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any] = {}

    def __str__(self) -> str:
        shapes = [
            f"{a.dtype}{list(a.shape)}" if isinstance(a, np.ndarray) else str(a)
            for a in self.args
        ]
        options = [f"{k}={getattr(v, '__name__', v)}" for k, v in self.kwargs.items()]
        return f"{self.name}({', '.join([*shapes, *options])})"[:120]


def twin(name: str) -> Callable[..., Any]:
    """Return the twin of ``module.function``."""
    module, _, function = name.partition(".")
    return getattr(import_module(f"onnx2py.targets.jax.kernels.{module}"), function)


def kernel(name: str) -> Callable[..., Any]:
    """Return the kernel of that name, or the function of NumPy."""
    module, _, function = name.partition(".")
    if module != "arrays":
        return getattr(import_module(f"onnx2py.kernels.{module}"), function)
    if hasattr(np, function):
        return getattr(np, function)
    if function == "getitem":
        return lambda x, index: x[index]
    return lambda x, *args: getattr(x, function)(*args)


def to_jax(value: Any) -> Any:
    """Convert arrays, in tuples too."""
    if isinstance(value, (tuple, list)):
        return type(value)(to_jax(item) for item in value)
    return jax.numpy.asarray(value) if isinstance(value, np.ndarray) else value


def run(case: Case) -> Any:
    """Call a twin eagerly."""
    return twin(case.name)(*to_jax(case.args), **case.kwargs)


def run_compiled(case: Case) -> Any:
    """Call a twin in ``jax.jit``: arrays are traced, and whatever else is constant."""
    arrays, of_arrays = traced(case)
    return jax.jit(of_arrays)(to_jax(arrays))


def traced(case: Case) -> tuple[list[np.ndarray], Callable[[list[Any]], Any]]:
    """Return the arrays of a call, in tuples too, and its twin as a function of them."""
    leaves, tree = jax.tree.flatten((case.args, case.kwargs), is_leaf=_is_constant)
    places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, np.ndarray)]

    def of_arrays(arrays: list[Any]) -> Any:
        filled = list(leaves)
        for place, array in zip(places, arrays):
            filled[place] = array
        args, kwargs = jax.tree.unflatten(tree, filled)
        return twin(case.name)(*args, **kwargs)

    return [leaves[place] for place in places], of_arrays


def _is_constant(value: Any) -> bool:
    return not isinstance(value, (tuple, list, dict))


def assert_same(
    found: Any, expected: Any, *, rtol: float = 1e-6, atol: float = 0.0
) -> None:
    """Compare dtypes, shapes and numbers."""
    if isinstance(expected, (tuple, list)):
        assert len(found) == len(expected)
        for one, other in zip(found, expected):
            assert_same(one, other, rtol=rtol, atol=atol)
        return
    assert isinstance(found, jax.Array)
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    if expected.dtype == np.float16 or hasattr(ml_dtypes, expected.dtype.name):
        step = float(ml_dtypes.finfo(expected.dtype).eps) if is_float(expected) else 0
        rtol, atol = max(rtol, step), max(atol, 1e-6 if step else 0)
        found, expected = found.astype(np.float32), expected.astype(np.float32)
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=atol)


def is_float(x: np.ndarray) -> bool:
    """Return whether an array is of floats, of which ml_dtypes has more than NumPy."""
    return "float" in x.dtype.name


def check(
    case: Case,
    *,
    rtol: float = 1e-6,
    atol: float = 0.0,
    x64: bool = False,
    eager: bool = True,
    compiled: bool = True,
) -> None:
    """Compare a twin with its kernel, eagerly and compiled.

    With ``x64``, JAX has 64-bit types.
    """
    expected = computed(case)
    ways = [way for way, is_one in ((run, eager), (run_compiled, compiled)) if is_one]
    assert ways
    for way in ways:
        with enable_x64(x64):
            assert_same(way(case), expected, rtol=rtol, atol=atol)


def computed(case: Case) -> Any:
    """Call the kernel."""
    with np.errstate(all="ignore"):
        return kernel(case.name)(*case.args, **case.kwargs)
