"""Normalization to mean 0 and variance 1, without parameters."""

from __future__ import annotations

from torch import Tensor

from ._rounding import rounded_once


@rounded_once
def mean_variance_normalization(
    x: Tensor,
    *,
    axes: tuple[int, ...] = (0, 2, 3),
    normalize_variance: bool = True,
) -> Tensor:
    """Normalize to mean 0, and to variance 1 if requested, over the ``axes`` that exist.

    Raises
    ------
    ValueError
        If ``x`` has none of the axes.
    """
    own = tuple({axis % x.ndim for axis in axes if -x.ndim <= axis < x.ndim})
    if not own:
        raise ValueError(
            f"axes: expected axes of an input of rank {x.ndim}, got {axes}"
        )
    y = x - x.mean(own, keepdim=True)
    if normalize_variance:
        y = y / (y.square().mean(own, keepdim=True).sqrt() + 1e-9)
    return y
