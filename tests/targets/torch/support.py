"""Twins and kernels called alike, with the same numbers."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np
import torch
from torch import Tensor


class Case(NamedTuple):
    """A call of a kernel; arrays stand for tensors, dtypes of NumPy for those of torch."""

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
    return getattr(import_module(f"onnx2py.targets.torch.kernels.{module}"), function)


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


def to_torch(value: Any, device: str = "cpu", grad: bool = False) -> Any:
    """Convert arrays and dtypes, in tuples too."""
    if isinstance(value, (tuple, list)):
        return type(value)(to_torch(item, device, grad) for item in value)
    if isinstance(value, np.dtype) or (isinstance(value, type) and value is not bool):
        return getattr(torch, np.dtype(value).name)
    if not isinstance(value, np.ndarray):
        return value
    if hasattr(ml_dtypes, value.dtype.name):
        small = value.dtype.itemsize == 1
        bits = value.view(np.uint8 if small else np.int16)
        x = torch.from_numpy(bits.copy()).view(getattr(torch, value.dtype.name))
    else:
        x = torch.from_numpy(np.array(value))
    return x.to(device).requires_grad_(grad and x.dtype == torch.float64)


def to_numpy(value: Any) -> Any:
    """Convert tensors, in tuples too."""
    if isinstance(value, (tuple, list)):
        return [to_numpy(item) for item in value]
    if not isinstance(value, Tensor):
        return value
    name = str(value.dtype).removeprefix("torch.")
    if hasattr(ml_dtypes, name):
        bits = value.contiguous().view(
            torch.uint8 if value.itemsize == 1 else torch.int16
        )
        return bits.numpy().view(getattr(ml_dtypes, name))
    return value.detach().numpy()


def assert_same(
    found: Any, expected: Any, *, rtol: float = 1e-6, atol: float = 0.0
) -> None:
    """Compare dtypes, shapes and numbers."""
    if isinstance(expected, (tuple, list)):
        assert len(found) == len(expected)
        for one, other in zip(found, expected):
            assert_same(one, other, rtol=rtol, atol=atol)
        return
    expected = np.asarray(expected)
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    if expected.dtype.kind == "V" or expected.dtype == np.float16:
        step = 2**-7 if expected.dtype != np.float16 else 2**-10
        rtol, atol = max(rtol, step), max(atol, 1e-6)
        found, expected = found.astype(np.float32), expected.astype(np.float32)
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=atol)


def check(case: Case, *, rtol: float = 1e-6, atol: float = 0.0) -> None:
    """Compare a twin with its kernel."""
    with np.errstate(all="ignore"):
        expected = kernel(case.name)(*case.args, **case.kwargs)
    found = twin(case.name)(*to_torch(case.args), **_options(case))
    assert_same(to_numpy(found), expected, rtol=rtol, atol=atol)


def check_meta(case: Case) -> None:
    """Call a twin with tensors that have no numbers: it must make its own beside them."""
    found = twin(case.name)(*to_torch(case.args, "meta"), **_options(case, "meta"))
    with np.errstate(all="ignore"):
        expected = kernel(case.name)(*case.args, **case.kwargs)
    several = isinstance(expected, (tuple, list))
    for one, other in zip(*((found, expected) if several else ([found], [expected]))):
        assert one.device.type == "meta"
        assert tuple(one.shape) == np.shape(other)


def check_gradient(case: Case) -> None:
    """Compare the gradients of float64 tensors with differences."""
    function, options = twin(case.name), _options(case)
    args = to_torch(case.args, grad=True)
    places = [i for i, a in enumerate(args) if _needs_gradient(a)]

    def of_tensors(*tensors: Tensor) -> Any:
        filled = list(args)
        for place, value in zip(places, tensors):
            filled[place] = value
        y = function(*filled, **options)
        if isinstance(y, Tensor):
            return y
        return tuple(t for t in y if t.requires_grad and t.dtype == torch.float64)

    assert torch.autograd.gradcheck(of_tensors, [args[i] for i in places])


def _needs_gradient(value: Any) -> bool:
    return isinstance(value, Tensor) and value.requires_grad


def _options(case: Case, device: str = "cpu") -> dict[str, Any]:
    return {name: to_torch(value, device) for name, value in case.kwargs.items()}
