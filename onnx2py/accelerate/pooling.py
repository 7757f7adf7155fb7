"""Pooling of tensors that are channels-last in memory.

Each function returns None for arguments that NumPy's kernel has to see to. Max pooling
passes over NaN, which NumPy's kernel keeps.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple, Union

import numpy as np

from ._convolution import Array, channels_last, contiguous_last
from .active import threads_in_use
from .cache import kept, own
from .copies import Copy
from .library import Missing
from .memory import BYTES, F32, KINDS, layout, lengths
from .primitive import INFERENCE, RESULT, SOURCE, Call, Primitive, attributes
from .stacks import stacked_product

Pads = Union[Sequence[int], str, None]

MAX, MEAN_WITH_PADS, MEAN = 0x1FF, 0x2FF, 0x3FF

SMALL = 60_000
"""Elements times elements of the window that one thread takes less time for than two."""


def max_pool(
    x: Array,
    *,
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    ceil_mode: bool = False,
) -> Array | None:
    """Return the maximum of each window."""
    return _pooled(MAX, x, kernel_shape, strides, pads, dilations, ceil_mode)


def average_pool(
    x: Array,
    *,
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    ceil_mode: bool = False,
    count_include_pad: bool = False,
) -> Array | None:
    """Return the mean of each window."""
    mode = MEAN_WITH_PADS if count_include_pad else MEAN
    return _pooled(mode, x, kernel_shape, strides, pads, dilations, ceil_mode)


def global_average_pool(x: Array) -> Array | None:
    """Return the mean of each channel: [N, C, D...] -> [N, C, 1...]."""
    if x.dtype != F32 or x.ndim < 3 or 0 in x.shape:
        return None
    n, c, *sizes = x.shape
    places = prod(sizes)
    # A product reads either order of memory, and takes half of the time of pooling.
    share = np.full((1, places), 1 / places, F32)
    if x.flags.c_contiguous:
        y = stacked_product(x.reshape(1, n * c, places), share.T)
    else:
        rows = np.moveaxis(x, 1, -1).reshape(n, places, c)
        y = stacked_product(share, rows)
    return None if y is None else y.reshape(n, c, *[1] * len(sizes))


class _Windows(NamedTuple):
    """Two or three axes of windows, and how many there are."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    begins: tuple[int, ...]
    ends: tuple[int, ...]
    out: tuple[int, ...]


class _Pooling(NamedTuple):
    """A pooling of tensors of one shape, in one thread."""

    call: Call
    shape: tuple[int, ...]
    copy: Copy | None


def _pooled(
    mode: int,
    x: Array,
    kernel: Sequence[int],
    strides: Sequence[int] | None,
    pads: Pads,
    dilations: Sequence[int] | None,
    ceil_mode: bool,
) -> Array | None:
    """Return the pooled tensor, by the call that is kept for such arguments."""
    rank = x.ndim - 2
    if x.dtype != F32 and (mode != MAX or x.dtype not in BYTES):
        return None
    if rank not in (1, 2, 3) or isinstance(pads, str):
        return None
    if dilations is not None and max(dilations) > 1 or len(kernel) != rank:
        return None
    windows = (
        tuple(kernel),
        tuple(strides or (1,) * rank),
        tuple(pads or (0,) * (2 * rank)),
        bool(ceil_mode),
    )
    key = "pool", mode, x.dtype, x.shape, x.strides, windows, threads_in_use()
    found = kept(key, lambda: _made(mode, x, *windows))
    if found is None:
        return None
    if found.copy is not None:
        x = found.copy(x)
    y = np.empty(found.shape, x.dtype)
    return np.moveaxis(y, -1, 1) if found.call(x, y) else None


def _made(
    mode: int,
    x: Array,
    kernel: tuple[int, ...],
    strides: tuple[int, ...],
    pads: tuple[int, ...],
    ceil_mode: bool,
) -> _Pooling:
    """Return the pooling of such arguments.

    Raises
    ------
    Missing
        If the library does not have it, or NumPy's kernel has to see to it.
    """
    n, c, *sizes = x.shape
    rank = len(sizes)
    if (len(strides), len(pads)) != (rank, 2 * rank) or 0 in x.shape:
        raise Missing("shapes")
    windows = _windows(sizes, kernel, strides, pads, ceil_mode)
    if mode == MEAN_WITH_PADS and windows.ends != pads[rank:]:
        raise Missing("elements beyond the padding do not count")
    shape = n, *windows.out, c
    if rank == 1:
        sizes = [1, *sizes]
        windows = _Windows(
            *((first, *part) for first, part in zip((1, 1, 0, 0, 1), windows))
        )
    whole, given = contiguous_last((n, c, *sizes)), channels_last(x)
    for steps in [whole] if given in (None, whole) else [given, whole]:
        try:
            kind = KINDS[x.dtype]
            call = _call(mode, kind, (n, c, *sizes), steps or whole, windows)
        except Missing:
            continue
        return _Pooling(call, shape, None if steps == given else Copy(x))
    raise Missing("layout")


def _call(
    mode: int,
    kind: int,
    shape: tuple[int, ...],
    steps: Sequence[int],
    windows: _Windows,
) -> Call:
    """Return the call for a source of such strides.

    Raises
    ------
    Missing
        If the library does not have it.
    """
    mine = own()
    pooled = *shape[:2], *windows.out
    source = layout(shape, steps, kind)
    result = layout(pooled, contiguous_last(pooled), kind)
    work = prod(pooled) * prod(windows.kernel)
    primitive = Primitive(
        "pooling_forward",
        INFERENCE,
        mode,
        source,
        result,
        lengths(windows.strides),
        lengths(windows.kernel),
        lengths([0] * len(windows.kernel)),
        lengths(windows.begins),
        lengths(windows.ends),
        attributes(),
        threads=1 if work < SMALL else threads_in_use(),
    )
    moving = [(SOURCE, source), (RESULT, result)]
    return Call(primitive, mine.stream, mine.scratchpad, moving)


def _windows(
    sizes: Sequence[int],
    kernel: Sequence[int],
    strides: Sequence[int],
    pads: Sequence[int],
    ceil_mode: bool,
) -> _Windows:
    """Return the windows; those that ``ceil_mode`` adds have more padding at the end.

    Raises
    ------
    Missing
        If a window would have no element, or there is none.
    """
    rank, ends, out = len(sizes), [], []
    begins = tuple(pads[:rank])
    for size, k, stride, begin, end in zip(sizes, kernel, strides, begins, pads[rank:]):
        if min(k, stride) < 1 or not 0 <= begin < k or not 0 <= end < k:
            raise Missing("padding")
        free = size + begin + end - k
        if free < 0:
            raise Missing("windows")
        count = free // stride + 1
        if ceil_mode and free % stride and count * stride < size + begin:
            count += 1
            end = (count - 1) * stride + k - size - begin
        if end >= k:
            raise Missing("padding")
        ends.append(end)
        out.append(count)
    return _Windows(tuple(kernel), tuple(strides), begins, tuple(ends), tuple(out))
