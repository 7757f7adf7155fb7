"""Element types that PyTorch holds but hardly computes with, viewed as others.

It has few functions of uint16, uint32 and uint64, and few of 8-bit floats.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from operator import getitem
from typing import Any

import torch
from torch import Tensor

SIGNED = {
    torch.uint16: torch.int16,
    torch.uint32: torch.int32,
    torch.uint64: torch.int64,
}
"""The signed type of the same bits."""

LEAST = {torch.int16: -(2**15), torch.int32: -(2**31), torch.int64: -(2**63)}


def modular(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compute with signed integers of the same bits, where signs make no difference.

    So it is in sums, differences and products, which wrap around.
    """

    @wraps(function)
    def computed(*args: Any, **options: Any) -> Any:
        dtype = _first_dtype(args, SIGNED)
        if dtype is None:
            return function(*args, **options)
        signed = SIGNED[dtype]
        y = function(*(x.view(signed) if _is(x, dtype) else x for x in args), **options)
        return y.view(dtype) if _is(y, signed) else y

    return computed


def ordered(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compare signed integers in the order of the unsigned ones.

    The result consists of some of them, or of bools.
    """

    @wraps(function)
    def computed(*args: Any, **options: Any) -> Any:
        dtype = _first_dtype(args, SIGNED)
        if dtype is None:
            return function(*args, **options)
        y = function(*(in_order(x) if _is(x, dtype) else x for x in args), **options)
        return y if y.dtype == torch.bool else (y ^ LEAST[y.dtype]).view(dtype)

    return computed


def in_order(x: Tensor) -> Tensor:
    """Return numbers that PyTorch compares, in the order of those in ``x``.

    Unsigned integers of 16 bits or more become signed ones, and bools bytes.
    """
    if x.dtype == torch.bool:
        return x.byte()
    if x.dtype not in SIGNED:
        return x
    signed = x.view(SIGNED[x.dtype])
    return signed ^ LEAST[signed.dtype]


def moved(function: Callable[..., Any]) -> Callable[..., Any]:
    """Move elements as integers of the same size, where PyTorch does not move their own type.

    Its older versions move fewer. The arguments may have tuples and lists of tensors.
    """

    @wraps(function)
    def computed(*args: Any, **options: Any) -> Any:
        dtypes = [x.dtype for x in _tensors(args) if _carrier(x.dtype) is not None]
        if not dtypes:
            return function(*args, **options)
        y = function(*(_carried(x, dtypes[0]) for x in args), **options)
        return y.view(dtypes[0])

    return computed


either = moved(torch.where)
item = moved(getitem)
joined = moved(torch.cat)
stacked = moved(torch.stack)


def _carrier(dtype: torch.dtype) -> torch.dtype | None:
    """Return the integers that are moved in place of a type, None if it is moved itself."""
    is_small_float = dtype.is_floating_point and dtype.itemsize == 1
    return torch.uint8 if is_small_float else SIGNED.get(dtype)


def _carried(x: Any, dtype: torch.dtype) -> Any:
    if isinstance(x, (tuple, list)):
        return tuple(_carried(each, dtype) for each in x)
    return x.view(_carrier(dtype)) if _is(x, dtype) else x


def _tensors(args: tuple[Any, ...]) -> list[Tensor]:
    """Return the tensors among arguments, and those in tuples and lists."""
    items = [y for x in args for y in (x if isinstance(x, (tuple, list)) else [x])]
    return [x for x in items if isinstance(x, Tensor)]


def _is(x: Any, dtype: torch.dtype) -> bool:
    return isinstance(x, Tensor) and x.dtype == dtype


def _first_dtype(args: tuple[Any, ...], dtypes: Any) -> torch.dtype | None:
    for x in args:
        if isinstance(x, Tensor) and x.dtype in dtypes:
            return x.dtype
    return None
