"""Convolutions with constant weights.

Tensors are channels-last in memory, as those of NumPy's kernels. N is the batch, C and M
are the channels in and out, K... and O... the spatial axes of the kernel and the output.
Each function returns None for arguments that NumPy's kernel has to see to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Union

from ._convolution import (
    Array,
    Form,
    Prepared,
    Sizes,
    channels_last,
    contiguous_last,
    convolution_sizes,
    of_conv,
    of_depthwise,
    of_packed,
    of_pointwise,
)
from .activations import UNKNOWN, Activation, Found, post_op
from .active import threads_in_use
from .cache import own
from .copies import Copy
from .library import Missing
from .memory import F32, any_layout, layout, lengths
from .primitive import (
    BIAS,
    INFERENCE,
    PLUS,
    RESULT,
    SOURCE,
    WEIGHT,
    WEIGHT_LAYOUT,
    Call,
    Primitive,
    attributes,
)

Pads = Union[Sequence[int], str, None]
Windows = tuple[Any, Any, Any]
"""Strides, pads and dilations, as they were given."""

DIRECT = 1  # dnnl_convolution_direct

SMALL = 1_000_000
"""Multiply-adds that take less time on one thread than it takes to wake others."""


def conv(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    group: int = 1,
    plus: Array | None = None,
    activation: Activation = None,
) -> Array | None:
    """Cross-correlate ``x`` with ``weight`` [M, C / group, K...]."""
    windows = strides, pads, dilations
    return _computed(of_conv, group, x, weight, bias, windows, plus, activation)


def conv_packed(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    group: int = 1,
    plus: Array | None = None,
    activation: Activation = None,
) -> Array | None:
    """Cross-correlate ``x`` with ``weight`` [K..., C / group, M]."""
    windows = strides, pads, dilations
    return _computed(of_packed, group, x, weight, bias, windows, plus, activation)


def conv_pointwise(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    strides: Sequence[int] | None = None,
    plus: Array | None = None,
    activation: Activation = None,
) -> Array | None:
    """Cross-correlate ``x`` with kernels of one element, ``weight`` [C, M]."""
    windows = strides, None, None
    rank = x.ndim - 2
    return _computed(of_pointwise, rank, x, weight, bias, windows, plus, activation)


def conv_depthwise(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    plus: Array | None = None,
    activation: Activation = None,
) -> Array | None:
    """Cross-correlate each channel of ``x`` with its own kernel, ``weight`` [K..., C]."""
    windows = strides, pads, dilations
    return _computed(of_depthwise, 0, x, weight, bias, windows, plus, activation)


def _computed(
    form: Form,
    number: int,
    x: Array,
    weight: Array,
    bias: Array | None,
    windows: Windows,
    plus: Array | None,
    activation: Activation,
) -> Array | None:
    """Return a convolution, by the call that is kept for such arguments."""
    if x.dtype != F32 or weight.dtype != F32:
        return None
    if bias is not None and bias.dtype != F32 or plus is not None and plus.dtype != F32:
        return None
    calls = own().calls_of(weight)
    if calls is None:
        return None
    key = (
        form,
        number,
        x.shape,
        x.strides,
        bias if bias is None else bias.shape,
        windows,
        plus if plus is None else plus.shape,
        post_op(activation),
        threads_in_use(),
    )
    try:
        found = calls[key]
    except KeyError:
        found = calls.keep(key, _prepared(_Request(*key), x, weight))
    except TypeError:  # there are lists
        windows = _hashable(windows)
        return _computed(form, number, x, weight, bias, windows, plus, activation)
    return found(x, bias, plus, activation) if found else None


def _hashable(windows: Windows) -> Windows:
    """Return the parameters with tuples for lists."""
    strides, pads, dilations = (
        w if w is None or isinstance(w, str) else tuple(w) for w in windows
    )
    return strides, pads, dilations


class _Request(NamedTuple):
    """What a call is made for: the key that it is found by."""

    form: Form
    number: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    bias: tuple[int, ...] | None
    windows: Windows
    plus: tuple[int, ...] | None
    post: Found
    threads: int


def _prepared(asked: _Request, x: Array, weight: Array) -> Prepared | None:
    """Return the call for such arguments; None if NumPy's kernel has to see to them."""
    try:
        arranged = asked.form(weight, asked.number)
    except (ValueError, ZeroDivisionError):  # axes or groups do not match
        return None
    sizes = convolution_sizes(x.shape, arranged.shape, *asked.windows)
    if sizes is None or asked.bias not in (None, sizes.y[1:2]):
        return None
    rank = x.ndim - 2
    if asked.plus not in (None, (*sizes.y[:2], *sizes.y[-rank:])):
        return None
    whole, strides = contiguous_last(sizes.x), channels_last(x)
    layouts = [whole] if strides in (None, whole) else [strides, whole]
    fused = asked.plus is not None or isinstance(asked.post, tuple)
    for fuses in (True, False) if fused else (False,):
        for steps in layouts:
            try:
                call = _call(asked, sizes, steps, fuses, weight, arranged)
            except Missing:
                continue
            return Prepared(
                sizes,
                call,
                rank=rank,
                copy=None if steps == strides else Copy(x),
                adds=asked.plus is not None and not fuses,
                activates=asked.post == UNKNOWN or not fuses,
            )
    return None


def _call(
    asked: _Request,
    sizes: Sizes,
    steps: tuple[int, ...] | None,
    fuses: bool,
    weight: Array,
    arranged: Array,
) -> Call:
    """Return the call for a source of such strides, with what comes after it or without.

    Raises
    ------
    Missing
        If the library does not have it.
    """
    mine = own()
    arranged = arranged.reshape(sizes.weight)
    if sizes.weight[0] == 1:
        arranged = arranged[0]
    source = layout(sizes.x, steps)
    result = layout(sizes.y, contiguous_last(sizes.y))
    bias = None if asked.bias is None else layout(asked.bias)
    plus = result if fuses and asked.plus is not None else None
    post = asked.post if fuses and isinstance(asked.post, tuple) else None
    rank = len(sizes.strides)
    primitive = Primitive(
        "convolution_forward",
        INFERENCE,
        DIRECT,
        source,
        any_layout(arranged.shape),
        bias,
        result,
        lengths(sizes.strides),
        lengths([d - 1 for d in sizes.dilations]),
        lengths(sizes.pads[:rank]),
        lengths(sizes.pads[rank:]),
        attributes(plus, post),
        threads=1 if sizes.products < SMALL else asked.threads,
    )
    wanted = primitive.layout(WEIGHT_LAYOUT)
    packed = mine.weight(weight).packed(
        arranged, asked.form.__name__, wanted, mine.stream
    )
    moving = [(SOURCE, source), (RESULT, result)]
    if bias is not None:
        moving.append((BIAS, bias))
    if plus is not None:
        moving.append((PLUS, plus))
    return Call(primitive, mine.stream, mine.scratchpad, moving, [(WEIGHT, packed)])
