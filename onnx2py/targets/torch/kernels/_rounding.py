"""Kernels of several steps that round their results once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import torch
from torch import Tensor

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
        wide = [a.float() if is_half(a) else a for a in args]
        more = {k: a.float() if is_half(a) else a for k, a in options.items()}
        y = kernel(*wide, **more)
        if isinstance(y, tuple):
            return tuple(_narrowed(each, halves[0]) for each in y)
        return _narrowed(y, halves[0])

    return cast(Kernel, computed)


def is_half(x: Any) -> bool:
    """Return whether ``x`` is a tensor of float16 or bfloat16."""
    return isinstance(x, Tensor) and x.dtype in (torch.float16, torch.bfloat16)


def _narrowed(x: Any, dtype: torch.dtype) -> Any:
    return x.to(dtype) if isinstance(x, Tensor) and x.dtype == torch.float32 else x
