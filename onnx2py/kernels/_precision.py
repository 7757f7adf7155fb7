"""Arithmetic of small floats in float32, as in onnxruntime.

Half precision loses too many digits where several steps are rounded, and its products are
slow: kernels compute in float32 and round their results once.
"""

from __future__ import annotations

from functools import wraps
from typing import Any, Callable, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def rounded_once(kernel: Kernel) -> Kernel:
    """Compute a kernel in float32 if its arguments are in half precision.

    Its float32 results are rounded to the dtype of the first such argument.
    """

    @wraps(kernel)
    def computed(*args: Any, **options: Any) -> Any:
        half = next(filter(is_half, (*args, *options.values())), None)
        if half is None:
            return kernel(*args, **options)
        wide = [widened(a) if is_half(a) else a for a in args]
        more = {k: widened(a) if is_half(a) else a for k, a in options.items()}
        y = kernel(*wide, **more)
        if isinstance(y, tuple):
            return tuple(_narrowed(each, half.dtype) for each in y)
        return _narrowed(y, half.dtype)

    return cast(Kernel, computed)


def is_half(x: Any) -> bool:
    """Return whether ``x`` is a tensor of float16 or bfloat16."""
    # ml_dtypes are of kind V
    return isinstance(x, np.ndarray) and x.dtype.itemsize == 2 and x.dtype.kind in "fV"


def _narrowed(x: Any, dtype: Any) -> Any:
    return x.astype(dtype) if isinstance(x, np.ndarray) and x.dtype == "f4" else x


def widened(x: NDArray[Any]) -> NDArray[Any]:
    """Convert float16, bfloat16 and float8 to float32; return anything else unchanged."""
    if x.dtype.itemsize < 4 and x.dtype.kind in "fV":  # ml_dtypes are of kind V
        return x.astype(np.float32)
    return x


def wide_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return float32 for float16, bfloat16 and float8, else ``dtype`` itself."""
    return np.dtype(np.float32) if dtype.itemsize < 4 and dtype.kind in "fV" else dtype
