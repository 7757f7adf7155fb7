"""Idioms of products, convolutions, pooling, normalization and attention."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...emit.calls import CallWriter
from ...ir.blocks import has_references
from ..idioms import Idiom, dtype_of, options, rank_of, shape_of, short, text
from .attention import Attention
from .idioms_text import functional, torch
from .literals import FLOATS


def gemm(w: CallWriter) -> str:
    """``F.linear(x, weight, bias)``, or ``torch.addmm(bias, x, weight)``."""
    args, kwargs = w.call.args, w.call.kwargs
    shapes = [shape_of(w, a) for a in args]
    if kwargs not in ({}, {"trans_b": True}) or not _of_one_type(w, args):
        return ""
    if shapes[0] is None or shapes[1] is None or len(shapes[0]) != 2 != len(shapes[1]):
        return ""
    columns = shapes[1][0 if kwargs else 1]
    if len(args) == 3 and (not isinstance(columns, int) or shapes[2] != (columns,)):
        return ""
    x, weight, *bias = map(w.argument, args)
    if kwargs:
        return f"{functional(w)}.linear({', '.join([x, weight, *bias])})"
    given = ", ".join([*bias, x, weight])
    return f"{torch(w)}.{'addmm' if bias else 'mm'}({given})"


def conv(w: CallWriter) -> str:
    """``F.conv2d(x, weight, bias, stride=2, padding=1)``, padded equally at both ends."""
    args, kwargs = w.call.args, w.call.kwargs
    rank = (rank_of(w, args[1]) or 0) - 2
    padding = _padding(kwargs.get("pads"), rank)
    if not 1 <= rank <= 3 or padding is None or not _of_one_type(w, args):
        return ""
    if kwargs.keys() - {"strides", "pads", "dilations", "group"}:
        return ""
    more = options(
        stride=_unless(1, kwargs.get("strides")),
        padding=_unless(0, padding),
        dilation=_unless(1, kwargs.get("dilations")),
        groups=kwargs.get("group"),
    )
    return f"{functional(w)}.conv{rank}d({', '.join(map(w.argument, args))}{more})"


def max_pool(w: CallWriter) -> str:
    """``F.max_pool2d(x, 3, stride=2, padding=1)``, padded by half a window at most."""
    window = _window(w)
    if window is None:
        return ""
    rank, more = window
    dilation = _unless(1, w.call.kwargs.get("dilations"))
    ceil = "True" if w.call.kwargs.get("ceil_mode") else None
    more += options(dilation=dilation, ceil_mode=ceil)
    return f"{functional(w)}.max_pool{rank}d({text(w, 0)}, {more})"


def average_pool(w: CallWriter) -> str:
    """``F.avg_pool2d(x, 3, stride=2)``."""
    window, kwargs = _window(w), w.call.kwargs
    if window is None or _unless(1, kwargs.get("dilations")) is not None:
        return ""
    rank, more = window
    pads = kwargs.get("pads")
    padded = isinstance(pads, tuple) and any(pads)
    counts = "False" if padded and not kwargs.get("count_include_pad") else None
    ceil = "True" if kwargs.get("ceil_mode") else None
    more += options(ceil_mode=ceil, count_include_pad=counts)
    return f"{functional(w)}.avg_pool{rank}d({text(w, 0)}, {more})"


def global_average_pool(w: CallWriter) -> str:
    """``x.mean((2, 3), keepdim=True)``."""
    rank = rank_of(w, w.call.args[0]) or 0
    if rank < 3 or dtype_of(w, w.call.args[0]) not in FLOATS:
        return ""
    axes = tuple(range(2, rank))
    return f"{text(w, 0)}.mean({axes if rank > 3 else 2}, keepdim=True)"


def layer_normalization(w: CallWriter) -> str:
    """``F.layer_norm(x, (768,), weight, bias, eps=1e-6)`` over the last axes."""
    args, kwargs = w.call.args, w.call.kwargs
    if len(args) < 2 or not _of_one_type(w, args):
        return ""
    shape, scale = shape_of(w, args[0]), shape_of(w, args[1])
    if shape is None or not scale or len(shape) < len(scale):
        return ""
    axis = kwargs.get("axis", -1)
    is_known = all(isinstance(n, int) for n in scale)
    if not is_known or scale != shape[-len(scale) :] or not isinstance(axis, int):
        return ""
    start = axis if axis < 0 else axis - len(shape)
    if start != -len(scale) or any(shape_of(w, a) != scale for a in args[2:]):
        return ""
    given = [text(w, 0), str(scale), *map(w.argument, args[1:])]
    eps = options(eps=_unless(1e-5, kwargs.get("epsilon", 1e-5)))
    return f"{functional(w)}.layer_norm({', '.join(given)}{eps})"


def batch_normalization(w: CallWriter) -> str:
    """``F.batch_norm(x, mean, var, weight, bias, eps=1e-3)`` with given statistics."""
    args = w.call.args
    ranks = [rank_of(w, a) for a in args]
    if not _of_one_type(w, args) or ranks[1:] != [1] * 4 or (ranks[0] or 0) < 2:
        return ""
    x, scale, bias, mean, var = map(w.argument, args)
    eps = options(eps=_unless(1e-5, w.call.kwargs.get("epsilon", 1e-5)))
    return f"{functional(w)}.batch_norm({x}, {mean}, {var}, {scale}, {bias}{eps})"


def attention(w: CallWriter) -> str:
    """``F.scaled_dot_product_attention(q, k, v, mask)``."""
    kwargs, function = dict(w.call.kwargs), w.call.function
    q, k, v, *mask = map(w.argument, w.call.args)
    if isinstance(function, Attention) and function.is_turned:
        k = f"{k}.mT"
    groups = kwargs.pop("groups", 1)
    if groups != 1:  # heads of queries share those of keys and values
        k, v = (f"{x}.repeat_interleave({groups}, dim=-3)" for x in (k, v))
    more = options(**{name: w.argument(value) for name, value in kwargs.items()})
    given = ", ".join((q, k, v, *mask))
    return f"{functional(w)}.scaled_dot_product_attention({given}{more})"


def pad(w: CallWriter) -> str:
    """``F.pad(x, (1, 1))``: by numbers that are known, with one that is."""
    args = w.call.args
    pads, value = (*args, None)[1:3]
    if w.call.kwargs or len(args) > 3 or not isinstance(pads, tuple):
        return ""
    if dtype_of(w, args[0]) not in FLOATS or not all(isinstance(p, int) for p in pads):
        return ""
    number = w.number(value) if value is not None else None
    digits = None if number is None else w.uses.dialect.digits(number, w.uses)
    if isinstance(value, (int, float)):
        digits = w.argument(value)
    if value is not None and digits is None:
        return ""
    half = len(pads) // 2
    if rank_of(w, args[0]) != half:
        return ""
    amounts = [
        n for axis in reversed(range(half)) for n in (pads[axis], pads[axis + half])
    ]
    while len(amounts) > 2 and amounts[-2:] == [0, 0]:
        amounts = amounts[:-2]
    more = options(value=None if digits in ("0", "0.0") else digits)
    return f"{functional(w)}.pad({text(w, 0)}, {tuple(amounts)}{more})"


def _of_one_type(w: CallWriter, args: tuple[Any, ...]) -> bool:
    """Whether all arguments are tensors of one type of floats."""
    types = {dtype_of(w, a) for a in args}
    return len(types) == 1 and types <= FLOATS


def _padding(pads: Any, rank: int) -> tuple[int, ...] | None:
    """Return the padding at each end of the axes, None if it differs or is not known."""
    if pads is None:
        return (0,) * rank
    if not isinstance(pads, tuple) or len(pads) != 2 * rank or min(pads, default=0) < 0:
        return None
    return pads[:rank] if pads[:rank] == pads[rank:] else None


def _window(w: CallWriter) -> tuple[int, str] | None:
    """Return the rank of windows, and how they are moved and padded."""
    kwargs: Mapping[str, Any] = w.call.kwargs
    sizes = kwargs["kernel_shape"]
    rank = len(sizes)
    padding = _padding(kwargs.get("pads"), rank)
    if not 1 <= rank <= 3 or padding is None or rank_of(w, w.call.args[0]) != rank + 2:
        return None
    if dtype_of(w, w.call.args[0]) not in FLOATS:
        return None
    if any(2 * p > size for p, size in zip(padding, sizes)):
        return None
    strides = kwargs.get("strides") or (1,) * rank
    stride = None if strides == sizes else short(strides)
    return rank, short(sizes) + options(stride=stride, padding=_unless(0, padding))


def _unless(usual: float, values: Any) -> str | None:
    """Return the text of an option, None if it is the usual one for all axes."""
    items = values if isinstance(values, tuple) else (values,)
    if values is None or all(item == usual for item in items):
        return None
    return short(items) if isinstance(values, tuple) else repr(values)


def _of_literals(idiom: Idiom) -> Idiom:
    """Return an idiom for calls whose options are known, no arguments of a constructor."""

    def checked(w: CallWriter) -> str:
        known = not any(map(has_references, w.call.kwargs.values()))
        return idiom(w) if known else ""

    return checked


LAYERS: Mapping[str, Idiom] = {
    "F.scaled_dot_product_attention": attention,
    "conv.conv": _of_literals(conv),
    "matmul.gemm": gemm,
    "normalization.layer_normalization": layer_normalization,
    "normalization_batch.batch_normalization": batch_normalization,
    "padding.pad": pad,
    "pool.average_pool": _of_literals(average_pool),
    "pool.global_average_pool": global_average_pool,
    "pool_max.max_pool": _of_literals(max_pool),
}
