"""Elementwise arithmetic that NumPy lacks or defines differently."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._precision import widened

LARGEST = {2: 65504.0, 4: 3.4028234663852886e38, 8: 1.7976931348623157e308}
"""The largest finite float16, float32 and float64, by size in bytes."""


def identity(x: Any) -> Any:
    """Return ``x`` itself: a tensor, a sequence or an optional value.

    ONNX: https://onnx.ai/onnx/operators/onnx__Identity.html
    """
    return x


def div(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """Return ``a / b``; the quotient of integers is rounded toward zero, as in C.

    ONNX: https://onnx.ai/onnx/operators/onnx__Div.html
    """
    if a.dtype.kind == "i":  # // rounds down: subtract the remainder as C defines it
        return np.asarray(np.floor_divide(np.subtract(a, np.fmod(a, b)), b))
    return np.asarray(np.floor_divide(a, b) if a.dtype.kind == "u" else a / b)


def power(x: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
    """Return ``x ** y``, of the dtype of ``x``.

    Integers to a negative power are computed as float64 and rounded toward zero.

    ONNX: https://onnx.ai/onnx/operators/onnx__Pow.html
    """
    if x.dtype == y.dtype and x.dtype.kind not in "iu":
        return np.asarray(np.power(x, y))
    if y.dtype.kind in "iu" and x.dtype.kind in "iu" and not (y < 0).any():
        return np.asarray(np.power(x, y.astype(x.dtype)))
    wide = np.float64 if x.dtype.itemsize > 2 else np.float32
    return np.asarray(np.power(x.astype(wide), y.astype(wide))).astype(x.dtype)


def cube(x: NDArray[Any]) -> NDArray[Any]:
    """Return ``x * x * x``: np.power takes 10 times as long.

    ONNX: https://onnx.ai/onnx/operators/onnx__Pow.html
    """
    y = np.asarray(np.multiply(x, x))
    y *= x
    return y


def clip(
    x: NDArray[Any],
    min: NDArray[Any] | float | None = None,
    max: NDArray[Any] | float | None = None,
    *,
    out: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """Return ``x`` limited to ``min``...``max``; ``max`` wins where ``min`` is greater.

    A missing bound is the smallest or largest finite number. The result is written to
    ``out`` if given.

    ONNX: https://onnx.ai/onnx/operators/onnx__Clip.html
    """
    number = x.dtype.type
    if x.dtype.kind == "f":
        largest = LARGEST[x.dtype.itemsize]
        low = number(-largest if min is None else min)
        high = number(largest if max is None else max)
        return np.asarray(
            x.clip(low, high, out=out)
        )  # one pass; np.clip has double the overhead
    if min is None and max is None:
        return np.asarray(np.positive(x, out=out))  # a copy
    y = x if min is None else np.maximum(x, number(min), out=out)
    return np.asarray(y if max is None else np.minimum(y, number(max), out=out))


def elementwise_max(*data: NDArray[Any]) -> NDArray[Any]:
    """Return the maximum of all tensors, broadcast; NaN where one of them is NaN.

    ONNX: https://onnx.ai/onnx/operators/onnx__Max.html
    """
    return np.asarray(reduce(np.maximum, data))


def elementwise_min(*data: NDArray[Any]) -> NDArray[Any]:
    """Return the minimum of all tensors, broadcast; NaN where one of them is NaN.

    ONNX: https://onnx.ai/onnx/operators/onnx__Min.html
    """
    return np.asarray(reduce(np.minimum, data))


def elementwise_sum(*data: NDArray[Any]) -> NDArray[Any]:
    """Return the sum of all tensors, broadcast; small floats are summed in float32.

    ONNX: https://onnx.ai/onnx/operators/onnx__Sum.html
    """
    total = np.asarray(reduce(np.add, map(widened, data)))
    return total.astype(data[0].dtype, copy=False)


def elementwise_mean(*data: NDArray[Any]) -> NDArray[Any]:
    """Return the mean of all tensors, broadcast; small floats are summed in float32.

    ONNX: https://onnx.ai/onnx/operators/onnx__Mean.html
    """
    total = reduce(np.add, map(widened, data))
    mean = np.asarray(total / total.dtype.type(len(data)))
    return mean.astype(data[0].dtype, copy=False)
