"""Transposed convolutions with constant weights.

Tensors are channels-last in memory, as those of NumPy's kernels. N is the batch, C and M
are the channels in and out, K... and O... the spatial axes of the kernel and the output.
None is returned for arguments that NumPy's kernel has to see to.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple, Optional, Union

from ._convolution import Array, Prepared, Sizes, channels_last, contiguous_last
from .active import threads_in_use
from .cache import own
from .convolution import SMALL
from .copies import Copy
from .library import Missing
from .memory import F32, any_layout, layout, lengths
from .primitive import (
    BIAS,
    INFERENCE,
    RESULT,
    SOURCE,
    WEIGHT,
    WEIGHT_LAYOUT,
    Call,
    Primitive,
    attributes,
)

Ints = Optional[tuple[int, ...]]

DIRECT = 10  # dnnl_deconvolution_direct

LEAST = 200_000
"""Multiply-adds below which NumPy is as fast."""


def conv_transpose_packed(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    strides: Sequence[int] | None = None,
    pads: Union[Sequence[int], str, None] = None,
    dilations: Sequence[int] | None = None,
    output_padding: Sequence[int] | None = None,
    output_shape: Sequence[int] | None = None,
) -> Array | None:
    """Add each element of ``x`` times ``weight`` [C, K..., M] to a window."""
    if x.dtype != F32 or weight.dtype != F32 or isinstance(pads, str):
        return None
    if output_shape is not None or bias is not None and bias.dtype != F32:
        return None
    if x.ndim < 3 or not len(weight) or x.size * weight[0].size < LEAST:
        return None
    calls = own().calls_of(weight)
    if calls is None:
        return None
    asked = _Request(
        x.shape,
        x.strides,
        None if bias is None else bias.shape,
        _hashable(strides),
        _hashable(pads),
        _hashable(dilations),
        _hashable(output_padding),
        threads_in_use(),
    )
    key = "transposed", asked
    try:
        found = calls[key]
    except KeyError:
        found = calls.keep(key, _prepared(asked, x, weight))
    return found(x, bias, None, None) if found else None


def _hashable(values: Sequence[int] | None) -> Ints:
    """Return the values as a tuple."""
    return None if values is None else tuple(values)


class _Request(NamedTuple):
    """What a call is made for: the key that it is found by."""

    shape: tuple[int, ...]
    steps: tuple[int, ...]
    bias: Ints
    strides: Ints
    pads: Ints
    dilations: Ints
    extra: Ints
    threads: int


def _prepared(asked: _Request, x: Array, weight: Array) -> Prepared | None:
    """Return the call for such arguments; None if NumPy's kernel has to see to them."""
    sizes = _sizes(asked, weight.shape)
    if sizes is None or asked.bias not in (None, sizes.y[1:2]):
        return None
    whole, strides = contiguous_last(sizes.x), channels_last(x)
    for steps in [whole] if strides in (None, whole) else [strides, whole]:
        try:
            call = _call(asked, sizes, steps or whole, weight)
        except Missing:
            continue
        return Prepared(
            sizes,
            call,
            rank=x.ndim - 2,
            copy=None if steps == strides else Copy(x),
            adds=False,
            activates=False,
        )
    return None


def _sizes(asked: _Request, weight: tuple[int, ...]) -> Sizes | None:
    """Return the sizes, with the padding at the end that gives the result's length.

    A single spatial axis gets one of length 1 before it. None is returned for what oneDNN
    does not have, or NumPy's kernel has to find an error in.
    """
    n, c, *places = asked.shape
    rank = len(places)
    if rank not in (1, 2, 3) or len(weight) != rank + 2 or weight[0] != c:
        return None
    kernel, m = weight[1:-1], weight[-1]
    strides, dilations = asked.strides or (1,) * rank, asked.dilations or (1,) * rank
    pads, extra = asked.pads or (0,) * (2 * rank), asked.extra or (0,) * rank
    if (len(strides), len(dilations), len(extra)) != (rank, rank, rank):
        return None
    if len(pads) != 2 * rank or min(*asked.shape, *weight, *strides, *dilations) < 1:
        return None
    begins = pads[:rank]
    ends = [end - more for end, more in zip(pads[rank:], extra)]
    out = [
        stride * (size - 1) + dilation * (k - 1) + 1 - begin - end
        for stride, size, dilation, k, begin, end in zip(
            strides, places, dilations, kernel, begins, ends
        )
    ]
    if min(*pads, *extra, *ends) < 0 or min(out) < 1:
        return None
    ones, zeros = ((1,), (0,)) if rank == 1 else ((), ())
    return Sizes(
        (n, c, *ones, *places),
        (m, c, *ones, *kernel),
        (n, m, *ones, *out),
        (*ones, *strides),
        (*zeros, *begins, *zeros, *ends),
        (*ones, *dilations),
    )


def _call(asked: _Request, sizes: Sizes, steps: tuple[int, ...], weight: Array) -> Call:
    """Return the call for a source of such strides.

    Raises
    ------
    Missing
        If the library does not have it.
    """
    mine, rank = own(), len(sizes.strides)
    axes = weight.ndim - 1
    arranged = weight.transpose(axes, 0, *range(1, axes)).reshape(sizes.weight)
    source = layout(sizes.x, steps)
    result = layout(sizes.y, contiguous_last(sizes.y))
    bias = None if asked.bias is None else layout(asked.bias)
    products = prod(sizes.x) * prod(sizes.weight[:1] + sizes.weight[2:])
    primitive = Primitive(
        "deconvolution_forward",
        INFERENCE,
        DIRECT,
        source,
        any_layout(sizes.weight),
        bias,
        result,
        lengths(sizes.strides),
        lengths([d - 1 for d in sizes.dilations]),
        lengths(sizes.pads[:rank]),
        lengths(sizes.pads[rank:]),
        attributes(),
        threads=1 if products < SMALL else asked.threads,
    )
    wanted = primitive.layout(WEIGHT_LAYOUT)
    packed = mine.weight(weight).packed(arranged, "transposed", wanted, mine.stream)
    moving = [(SOURCE, source), (RESULT, result)]
    if bias is not None:
        moving.append((BIAS, bias))
    return Call(primitive, mine.stream, mine.scratchpad, moving, [(WEIGHT, packed)])
