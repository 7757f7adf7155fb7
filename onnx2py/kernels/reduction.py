"""Reductions over some or all axes of a tensor.

``axes`` is a tuple or an integer array; negative numbers count from the end. If it is None
or empty, all axes are reduced, or none if ``noop_with_empty_axes``. Reduced axes keep
length 1 unless ``keepdims`` is false.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union

import numpy as np
from numpy.typing import NDArray

from ._ints import distinct_axes
from ._precision import widened
from ._short_axes import accumulate

Axes = Union[Sequence[int], NDArray[Any], None]


def reduced_axes(
    data: NDArray[Any], axes: Axes, noop_with_empty_axes: bool
) -> tuple[int, ...] | None:
    """Convert ``axes`` to NumPy's form: None for all, () for none.

    A scalar counts as one element along any axis, as in onnxruntime and PyTorch.
    """
    if data.ndim == 0:
        return ()
    if axes is None or len(axes) == 0:
        return () if noop_with_empty_axes else None
    return distinct_axes([int(axis) for axis in axes], data.ndim)


def reduce_sum(
    data: NDArray[Any],
    axes: Axes = None,
    *,
    keepdims: bool = True,
    noop_with_empty_axes: bool = False,
) -> NDArray[Any]:
    """Return the sum of all elements along ``axes``, of the dtype of ``data``.

    The sum of no elements is 0.

    ONNX: https://onnx.ai/onnx/operators/onnx__ReduceSum.html
    """
    axis = reduced_axes(data, axes, noop_with_empty_axes)
    return _accumulate(np.add, data, axis, keepdims)


def reduce_prod(
    data: NDArray[Any],
    axes: Axes = None,
    *,
    keepdims: bool = True,
    noop_with_empty_axes: bool = False,
) -> NDArray[Any]:
    """Return the product of all elements along ``axes``, of the dtype of ``data``.

    The product of no elements is 1.

    ONNX: https://onnx.ai/onnx/operators/onnx__ReduceProd.html
    """
    axis = reduced_axes(data, axes, noop_with_empty_axes)
    return _accumulate(np.multiply, data, axis, keepdims)


def reduce_l1(
    data: NDArray[Any],
    axes: Axes = None,
    *,
    keepdims: bool = True,
    noop_with_empty_axes: bool = False,
) -> NDArray[Any]:
    """Return the sum of absolute values along ``axes``, of the dtype of ``data``.

    ONNX: https://onnx.ai/onnx/operators/onnx__ReduceL1.html
    """
    axis = reduced_axes(data, axes, noop_with_empty_axes)
    return _accumulate(np.add, np.abs(data), axis, keepdims)


def reduce_sum_square(
    data: NDArray[Any],
    axes: Axes = None,
    *,
    keepdims: bool = True,
    noop_with_empty_axes: bool = False,
) -> NDArray[Any]:
    """Return the sum of squares along ``axes``, of the dtype of ``data``.

    ONNX: https://onnx.ai/onnx/operators/onnx__ReduceSumSquare.html
    """
    axis = reduced_axes(data, axes, noop_with_empty_axes)
    y = _accumulate(np.add, np.square(widened(data)), axis, keepdims)
    return y.astype(data.dtype, copy=False)


def reduce_l2(
    data: NDArray[Any],
    axes: Axes = None,
    *,
    keepdims: bool = True,
    noop_with_empty_axes: bool = False,
) -> NDArray[Any]:
    """Return the root of the sum of squares along ``axes``, of the dtype of ``data``.

    Of integers the root is rounded toward zero.

    ONNX: https://onnx.ai/onnx/operators/onnx__ReduceL2.html
    """
    axis = reduced_axes(data, axes, noop_with_empty_axes)
    y = _accumulate(np.add, np.square(widened(data)), axis, keepdims)
    return np.asarray(np.sqrt(y)).astype(data.dtype, copy=False)


def reduce_mean(
    data: NDArray[Any],
    axes: Axes = None,
    *,
    keepdims: bool = True,
    noop_with_empty_axes: bool = False,
) -> NDArray[Any]:
    """Return the mean of all elements along ``axes``, of the dtype of ``data``.

    The mean of integers is rounded toward zero; that of no elements is 0, as in
    onnxruntime.

    ONNX: https://onnx.ai/onnx/operators/onnx__ReduceMean.html
    """
    axis = reduced_axes(data, axes, noop_with_empty_axes)
    total = _accumulate(np.add, widened(data), axis, keepdims)
    count = data.size // total.size if total.size and data.size else 1
    if total.dtype.kind in "iu":
        # NumPy's integer division rounds down, not toward zero.
        return np.asarray(np.sign(total) * (np.abs(total) // count)).astype(
            data.dtype, copy=False
        )
    return np.asarray(total / total.dtype.type(count)).astype(data.dtype, copy=False)


def reduce_log_sum(
    data: NDArray[Any],
    axes: Axes = None,
    *,
    keepdims: bool = True,
    noop_with_empty_axes: bool = False,
) -> NDArray[Any]:
    """Return the logarithm of the sum along ``axes``, of the dtype of ``data``.

    ONNX: https://onnx.ai/onnx/operators/onnx__ReduceLogSum.html
    """
    axis = reduced_axes(data, axes, noop_with_empty_axes)
    total = _accumulate(np.add, widened(data), axis, keepdims)
    return np.asarray(np.log(total)).astype(data.dtype, copy=False)


def reduce_log_sum_exp(
    data: NDArray[Any],
    axes: Axes = None,
    *,
    keepdims: bool = True,
    noop_with_empty_axes: bool = False,
) -> NDArray[Any]:
    """Return the logarithm of the sum of exponentials along ``axes``.

    The dtype is that of ``data``; the result for no elements is minus infinity.

    ONNX: https://onnx.ai/onnx/operators/onnx__ReduceLogSumExp.html
    """
    axis = reduced_axes(data, axes, noop_with_empty_axes)
    x = widened(data) if data.dtype.kind not in "iu" else data.astype(np.float64)
    # The maximum is factored out of the sum, which could overflow otherwise.
    lowest = x.dtype.type(-np.inf)
    highest = accumulate(np.maximum, x, axis, keepdims=True, initial=lowest)
    highest = np.where(np.isfinite(highest), highest, x.dtype.type(0))
    total = accumulate(np.add, np.exp(x - highest), axis, keepdims=True)
    y = np.log(total) + highest
    return np.asarray(y if keepdims else y.squeeze(axis)).astype(data.dtype, copy=False)


def reduce_max(
    data: NDArray[Any],
    axes: Axes = None,
    *,
    keepdims: bool = True,
    noop_with_empty_axes: bool = False,
) -> NDArray[Any]:
    """Return the maximum along ``axes``, of the dtype of ``data``.

    The maximum of no elements is minus infinity, the smallest integer, or False.

    ONNX: https://onnx.ai/onnx/operators/onnx__ReduceMax.html
    """
    axis = reduced_axes(data, axes, noop_with_empty_axes)
    if data.size:
        return _accumulate(np.maximum, data, axis, keepdims)
    bound = _bound(data.dtype, lowest=True)
    return _accumulate(np.maximum, data, axis, keepdims, initial=bound)


def reduce_min(
    data: NDArray[Any],
    axes: Axes = None,
    *,
    keepdims: bool = True,
    noop_with_empty_axes: bool = False,
) -> NDArray[Any]:
    """Return the minimum along ``axes``, of the dtype of ``data``.

    The minimum of no elements is infinity, the largest integer, or True.

    ONNX: https://onnx.ai/onnx/operators/onnx__ReduceMin.html
    """
    axis = reduced_axes(data, axes, noop_with_empty_axes)
    if data.size:
        return _accumulate(np.minimum, data, axis, keepdims)
    bound = _bound(data.dtype, lowest=False)
    return _accumulate(np.minimum, data, axis, keepdims, initial=bound)


def _accumulate(
    ufunc: Any,
    data: NDArray[Any],
    axis: tuple[int, ...] | None,
    keepdims: bool,
    **options: Any,
) -> NDArray[Any]:
    """Reduce in the dtype of ``data``: NumPy would widen small integers."""
    y = accumulate(ufunc, widened(data), axis, keepdims=keepdims, **options)
    return y.astype(data.dtype, copy=False)


def _bound(dtype: np.dtype[Any], *, lowest: bool) -> Any:
    """Return the smallest or largest number of a dtype."""
    if dtype.kind == "b":
        return not lowest
    if dtype.kind in "iu":
        return np.iinfo(dtype).min if lowest else np.iinfo(dtype).max
    return -np.inf if lowest else np.inf
