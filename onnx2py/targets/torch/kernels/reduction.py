"""Reductions over some or all axes of a tensor.

``axes`` is a sequence or a tensor of integers; negative numbers count from the end. If it is
None or empty, all axes are reduced, or none if ``noop_with_empty_axes``. Reduced axes keep
length 1 unless ``keepdims`` is false.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf, prod
from typing import Any, Union

import torch
from torch import Tensor

from ._bits import modular, ordered
from ._ints import as_ints, distinct_axes
from ._norm import norm
from ._precision import widened

Axes = Union[Sequence[int], Tensor, None]


def _reduced(
    function: Callable[..., Tensor],
    data: Tensor,
    axes: Axes,
    keepdims: bool,
    noop_with_empty_axes: bool,
) -> Tensor:
    """Call ``function(data, axes, keepdims)``, small floats being float32.

    A scalar counts as one element along any axis, as in onnxruntime.
    """
    x = widened(data)
    given = () if axes is None or data.ndim == 0 else as_ints(axes)
    if not given and (noop_with_empty_axes or data.ndim == 0):
        return function(x.unsqueeze(-1), (-1,), False).to(data.dtype)
    places = distinct_axes(given, data.ndim) or tuple(range(data.ndim))
    return function(x, places, keepdims).to(data.dtype)


def reduce_sum(
    data: Tensor,
    axes: Axes = None,
    *,
    keepdims: bool = True,
    noop_with_empty_axes: bool = False,
) -> Tensor:
    """Return the sum of all elements along ``axes``, of the dtype of ``data``.

    The sum of no elements is 0.
    """
    return _reduced(_sum, data, axes, keepdims, noop_with_empty_axes)


def reduce_prod(
    data: Tensor,
    axes: Axes = None,
    *,
    keepdims: bool = True,
    noop_with_empty_axes: bool = False,
) -> Tensor:
    """Return the product of all elements along ``axes``, of the dtype of ``data``.

    The product of no elements is 1.
    """
    return _reduced(_prod, data, axes, keepdims, noop_with_empty_axes)


def reduce_l1(
    data: Tensor,
    axes: Axes = None,
    *,
    keepdims: bool = True,
    noop_with_empty_axes: bool = False,
) -> Tensor:
    """Return the sum of absolute values along ``axes``, of the dtype of ``data``."""
    x = data.abs() if data.dtype.is_signed else data
    return _reduced(_sum, x, axes, keepdims, noop_with_empty_axes)


def reduce_sum_square(
    data: Tensor,
    axes: Axes = None,
    *,
    keepdims: bool = True,
    noop_with_empty_axes: bool = False,
) -> Tensor:
    """Return the sum of squares along ``axes``, of the dtype of ``data``."""
    return _reduced(_sum_square, data, axes, keepdims, noop_with_empty_axes)


def reduce_l2(
    data: Tensor,
    axes: Axes = None,
    *,
    keepdims: bool = True,
    noop_with_empty_axes: bool = False,
) -> Tensor:
    """Return the root of the sum of squares along ``axes``, of the dtype of ``data``.

    Of integers the root is rounded toward zero.
    """
    return _reduced(_l2, data, axes, keepdims, noop_with_empty_axes)


def reduce_mean(
    data: Tensor,
    axes: Axes = None,
    *,
    keepdims: bool = True,
    noop_with_empty_axes: bool = False,
) -> Tensor:
    """Return the mean of all elements along ``axes``, of the dtype of ``data``.

    The mean of integers is rounded toward zero; that of no elements is 0, as in
    onnxruntime.
    """
    return _reduced(_mean, data, axes, keepdims, noop_with_empty_axes)


def reduce_log_sum(
    data: Tensor,
    axes: Axes = None,
    *,
    keepdims: bool = True,
    noop_with_empty_axes: bool = False,
) -> Tensor:
    """Return the logarithm of the sum along ``axes``, of the dtype of ``data``."""
    return _reduced(_log_sum, data, axes, keepdims, noop_with_empty_axes)


def reduce_log_sum_exp(
    data: Tensor,
    axes: Axes = None,
    *,
    keepdims: bool = True,
    noop_with_empty_axes: bool = False,
) -> Tensor:
    """Return the logarithm of the sum of exponentials along ``axes``.

    The dtype is that of ``data``; the result for no elements is minus infinity.
    """
    return _reduced(_log_sum_exp, data, axes, keepdims, noop_with_empty_axes)


def reduce_max(
    data: Tensor,
    axes: Axes = None,
    *,
    keepdims: bool = True,
    noop_with_empty_axes: bool = False,
) -> Tensor:
    """Return the maximum along ``axes``, of the dtype of ``data``.

    The maximum of no elements is minus infinity, the smallest integer, or False.
    """
    return _reduced(_max, data, axes, keepdims, noop_with_empty_axes)


def reduce_min(
    data: Tensor,
    axes: Axes = None,
    *,
    keepdims: bool = True,
    noop_with_empty_axes: bool = False,
) -> Tensor:
    """Return the minimum along ``axes``, of the dtype of ``data``.

    The minimum of no elements is infinity, the largest integer, or True.
    """
    return _reduced(_min, data, axes, keepdims, noop_with_empty_axes)


@modular
def _sum(x: Tensor, axes: tuple[int, ...], keepdims: bool) -> Tensor:
    return torch.sum(x, axes, keepdims, dtype=x.dtype)


@modular
def _sum_square(x: Tensor, axes: tuple[int, ...], keepdims: bool) -> Tensor:
    return torch.sum(x * x, axes, keepdims, dtype=x.dtype)


@modular
def _prod(x: Tensor, axes: tuple[int, ...], keepdims: bool) -> Tensor:
    for axis in sorted(axes, reverse=True):
        x = torch.prod(x, axis, keepdims, dtype=x.dtype)
    return x


def _mean(x: Tensor, axes: tuple[int, ...], keepdims: bool) -> Tensor:
    if x.is_floating_point() and x.numel() > 0:
        return torch.mean(x, axes, keepdims)
    total = _sum(x, axes, keepdims)
    count = max(1, prod(x.shape[axis] for axis in axes))
    return torch.div(total, count, rounding_mode="trunc")


def _l2(x: Tensor, axes: tuple[int, ...], keepdims: bool) -> Tensor:
    if x.is_floating_point():
        return norm(x, 2, axes, keepdims)
    return torch.sqrt(_sum_square(x, axes, keepdims).double())


def _log_sum(x: Tensor, axes: tuple[int, ...], keepdims: bool) -> Tensor:
    total = _sum(x, axes, keepdims)
    return torch.log(total if x.is_floating_point() else total.double())


def _log_sum_exp(x: Tensor, axes: tuple[int, ...], keepdims: bool) -> Tensor:
    return torch.logsumexp(x if x.is_floating_point() else x.double(), axes, keepdims)


@ordered
def _max(x: Tensor, axes: tuple[int, ...], keepdims: bool) -> Tensor:
    if x.numel() > 0:
        return torch.amax(x, axes, keepdims)
    return torch.full_like(_sum(x, axes, keepdims), _bound(x.dtype, lowest=True))


@ordered
def _min(x: Tensor, axes: tuple[int, ...], keepdims: bool) -> Tensor:
    if x.numel() > 0:
        return torch.amin(x, axes, keepdims)
    return torch.full_like(_sum(x, axes, keepdims), _bound(x.dtype, lowest=False))


def _bound(dtype: torch.dtype, *, lowest: bool) -> Any:
    """Return the smallest or largest number of a dtype."""
    if dtype == torch.bool:
        return not lowest
    if dtype.is_floating_point:
        return -inf if lowest else inf
    return torch.iinfo(dtype).min if lowest else torch.iinfo(dtype).max
