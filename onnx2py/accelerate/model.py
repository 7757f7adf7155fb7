"""Models that oneDNN computes: how they are made, and called."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import wraps
from math import isfinite
from typing import Any, Optional, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from .active import active, inactive, is_active
from .cache import freeze
from .library import load

Function = TypeVar("Function", bound=Callable[..., Any])

VARIABLE = "ONNX2PY_ACCELERATE"
MOST_SHAPES = 64
"""The most shapes of inputs that a model notes as too small for oneDNN."""
PACKAGE = __name__.rpartition(".accelerate.")[0]


def accelerable(init: Function) -> Function:
    """Let ``__init__`` prepare weights for oneDNN if its ``accelerate`` is, or is by default, true.

    The weights of such a model cannot be written: oneDNN has them in an order of its own, made
    when they are first used.
    """

    @wraps(init)
    def wrapper(
        self: Any, *args: Any, accelerate: Optional[bool] = None, **kwargs: Any
    ) -> None:
        if not wanted(accelerate):
            init(self, *args, accelerate=False, **kwargs)
            return
        load()
        with active():
            init(self, *args, accelerate=True, **kwargs)
        for array in _arrays(self):
            freeze(array)
        self._too_small = set()

    return cast(Function, wrapper)


def accelerating(call: Function) -> Function:
    """Let oneDNN compute a method if its model was made with ``accelerate``.

    For shapes of inputs for which it computed nothing, it is not asked again. BLAS then has
    the threads that it has without oneDNN.
    """

    @wraps(call)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not self.accelerate:
            return call(self, *args, **kwargs)
        given = (*args, *kwargs.values()) if kwargs else args
        shapes = tuple([getattr(x, "shape", None) for x in given])
        if shapes in self._too_small:
            return call(self, *args, **kwargs)
        with active(self.threads) as use:
            result = call(self, *args, **kwargs)
        if not use.taken and len(self._too_small) < MOST_SHAPES:
            self._too_small.add(shapes)
        return result

    return cast(Function, wrapper)


def if_finite(call: Function) -> Function:
    """Let NumPy compute with inputs that are not all finite: for oneDNN, max(NaN, 0) is 0."""

    @wraps(call)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        if is_active() and not all(map(_is_finite, (*args, *kwargs.values()))):
            with inactive():
                return call(self, *args, **kwargs)
        return call(self, *args, **kwargs)

    return cast(Function, wrapper)


def _is_finite(value: Any) -> bool:
    """Return whether the sum of an input is finite: all its elements are then."""
    if not isinstance(value, np.ndarray) or value.dtype != np.float32:
        return True
    return isfinite(np.add.reduce(value, axis=None))


def wanted(accelerate: Optional[bool]) -> bool:
    """Return whether to use oneDNN: what the caller says, or else the environment.

    Raises
    ------
    ValueError
        If the variable is neither 0 nor 1.
    """
    if accelerate is not None:
        return accelerate
    value = os.environ.get(VARIABLE, "")
    if value not in ("", "0", "1"):
        raise ValueError(f"{VARIABLE}: expected 0 or 1, got {value!r}")
    return value == "1"


def _arrays(holder: Any) -> Iterator[NDArray[Any]]:
    """Yield the arrays of a model, and of the objects in it."""
    if isinstance(holder, np.ndarray):
        yield holder
    elif isinstance(holder, (list, tuple)):
        for item in holder:
            yield from _arrays(item)
    elif isinstance(holder, dict):
        yield from _arrays([*holder.values()])
    elif type(holder).__module__.startswith(f"{PACKAGE}."):
        yield from _arrays(vars(holder))
