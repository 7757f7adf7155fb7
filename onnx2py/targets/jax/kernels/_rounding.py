"""Kernels of several steps that round their results once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import jax.numpy as jnp
import numpy as np
from jax import Array

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def rounded_once(kernel: Kernel) -> Kernel:
    """Compute a kernel in float32 if its arguments are in half precision.

    Its float32 results are rounded to the dtype of the first such argument.
    """

    @wraps(kernel)
    def computed(*args: Any, **options: Any) -> Any:
        halves = [a.dtype for a in (*args, *options.values()) if is_half(a)]
        if not halves:
            return kernel(*args, **options)
        wide = [a.astype(jnp.float32) if is_half(a) else a for a in args]
        more = {
            name: a.astype(jnp.float32) if is_half(a) else a
            for name, a in options.items()
        }
        y = kernel(*wide, **more)
        if isinstance(y, tuple):
            return tuple(_narrowed(each, halves[0]) for each in y)
        return _narrowed(y, halves[0])

    return cast(Kernel, computed)


def is_half(x: Any) -> bool:
    """Return whether ``x`` is an array of float16 or bfloat16."""
    return isinstance(x, (Array, np.ndarray)) and x.dtype in (jnp.float16, jnp.bfloat16)


def _narrowed(x: Any, dtype: Any) -> Any:
    return x.astype(dtype) if isinstance(x, Array) and x.dtype == jnp.float32 else x
