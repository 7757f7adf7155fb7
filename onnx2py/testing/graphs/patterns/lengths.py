"""Arithmetic of shapes, as exporters write it out around Reshape, Expand, Slice and Pad."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

import numpy as np

from ...fuzz.draw import Draw
from ..registry import draws
from ..sketch import Sketch
from ._tracked import LARGEST, Tracked, Value

Made = Optional[Value]
WHOLE = ("int64", "int32")
SYMBOLS = ("b", "t", "n")
OPSETS = (11, 12, 13, 14, 15, 17, 18, 20, 21)


@draws("lengths")
def lengths(draw: Draw) -> Sketch:
    """Lengths that are taken, changed and used, in any order."""
    choices = [
        {symbol: draw.one_of((1, 2, 3, 4, 6)) for symbol in SYMBOLS} for _ in range(3)
    ]
    if draw.chance(0.1):
        choices[-1][draw.one_of(SYMBOLS)] = 0
    s = Tracked(draw, draw.one_of(OPSETS), choices)
    s.others = [{} for _ in choices[1:]]
    named = draw.one_of((1.0, 1.0, 0.6))
    for _ in range(draw.integer(1, 2)):
        rank = draw.integer(1, 4)
        possible: tuple[str | int, ...] = (*SYMBOLS, "b", "t", 1, 2, 3, 4)
        shape = [draw.one_of(possible) for _ in range(rank)]
        s.open_input(shape, named=named)
    for step in range(draw.integer(4, 24)):
        chosen = draw.one_of(SOURCES if step < 2 else STEPS)
        chosen(s)
    read = {name for node in s.nodes for name in node.input}
    ends = [v.name for v in s.values[len(s.inputs) :] if v.name not in read]
    s.finish(*(draw.some_of(ends, 1) if ends else [s.values[0].name]))
    return s


def _is_list(value: Value) -> bool:
    return value.dtype == "int64" and value.rank == 1 and max(value.sizes) < 9


def _is_integer(value: Value) -> bool:
    return value.dtype == "int64" and value.rank <= 1 and max(value.sizes) < 9


def _is_tensor(value: Value) -> bool:
    return value.dtype == "float32"


def _any(value: Value) -> bool:
    return True


# ------------------------------------------------------------------ where lengths come from


def _shape(s: Tracked) -> Made:
    x = s.pick(_is_tensor if s.draw.chance(0.9) else _any)
    given: dict[str, int] = {}
    if s.opset >= 15 and s.draw.chance(0.3):
        given["start"] = s.draw.integer(-3, 3)
    if s.opset >= 15 and s.draw.chance(0.3):
        given["end"] = s.draw.integer(-3, 3)
    part = slice(given.get("start"), given.get("end"))
    return x and s.make("Shape", [x], lambda a: np.array(a.shape[part], "i8"), **given)


def _size(s: Tracked) -> Made:
    x = s.pick(_any)
    return x and s.make("Size", [x], lambda a: np.array(a.size, "int64"))


# ------------------------------------------------------------------------- lists of lengths


def _gather(s: Tracked) -> Made:
    x = s.pick(_is_list)
    least = min(x.sizes) if x else 0
    if not x or not least:
        return None
    indices: Any = s.draw.integer(-least, least - 1)
    if s.draw.chance(0.4):
        count = s.draw.integer(1, 3)
        indices = [s.draw.integer(-least, least - 1) for _ in range(count)]
    at = s.fixed(indices)
    return s.make("Gather", [x, at], lambda a, i: a[i], axis=0)


def _slice(s: Tracked) -> Made:
    x = s.pick(lambda v: v.rank == 1 and v.dtype in WHOLE and max(v.sizes) < 9)
    if not x:
        return None
    step = s.draw.one_of((1, 1, 1, 2, -1, -2))
    far = 2**63 - 1 if step > 0 else -(2**63) + 1
    start, end = s.draw.integer(-4, 4), s.draw.one_of((*range(-4, 5), far, far))
    bounds = [s.fixed([start]), s.fixed([end])]
    if step != 1 or s.draw.chance():
        bounds.append(s.fixed([0]))
    if step != 1 or len(bounds) > 2 and s.draw.chance():
        bounds.append(s.fixed([step]))
    return s.make("Slice", [x, *bounds], lambda a, *_: _cut(a, 0, start, end, step))


def _cut(a: Any, axis: int, start: int, end: int, step: int) -> Any:
    """Slice one axis; Python clamps bounds as ONNX does."""
    return a[(slice(None),) * axis + (slice(start, end, step),)]


def _concat(s: Tracked) -> Made:
    parts = [s.pick(_is_list) for _ in range(s.draw.integer(1, 3))]
    if s.draw.chance():
        parts.append(s.fixed([s.draw.one_of((-1, 0, 1, 2, 3))]))
        parts = s.draw.some_of(parts, len(parts))
    known = [part for part in parts if part]
    if len(known) < len(parts):
        return None
    return s.make("Concat", known, lambda *each: np.concatenate(each), axis=0)


def _to_list(s: Tracked) -> Made:
    """A number becomes a list of one, or a list one of its kind again."""
    x = s.pick(_is_integer)
    shape = s.draw.one_of(([-1], [-1], [1], [1, -1], [-1, 1]))
    return x and s.make("Reshape", [x, s.fixed(shape)], lambda a, n: a.reshape(n))


def _to_number(s: Tracked) -> Made:
    x = s.pick(lambda v: v.dtype in WHOLE and v.sizes == {1})
    empty = s.fixed([])
    return x and s.make("Reshape", [x, empty], lambda a, n: a.reshape(()))


def _unsqueeze(s: Tracked) -> Made:
    x = s.pick(_is_integer if s.draw.chance(0.8) else _is_tensor)
    if not x:
        return None
    axis = s.draw.integer(-x.rank - 1, x.rank)
    rule: Callable[..., Any] = lambda a, *_: np.expand_dims(a, axis)
    if s.opset < 13:
        return s.make("Unsqueeze", [x], rule, axes=[axis])
    return s.make("Unsqueeze", [x, s.fixed([axis])], rule)


def _squeeze(s: Tracked) -> Made:
    x = s.pick(lambda v: v.rank > 0 and all(1 in a.shape for a in v.arrays))
    if not x:
        return None
    if s.draw.chance(0.2) and len({a.squeeze().ndim for a in x.arrays}) == 1:
        return s.make("Squeeze", [x], np.squeeze)
    axis = s.draw.integer(-x.rank, x.rank - 1)
    rule: Callable[..., Any] = lambda a, *_: np.squeeze(a, axis)
    if s.opset < 13:
        return s.make("Squeeze", [x], rule, axes=[axis])
    return s.make("Squeeze", [x, s.fixed([axis])], rule)


def _cast(s: Tracked) -> Made:
    x = s.pick(lambda v: v.dtype in (*WHOLE, "bool"))
    to, dtype = s.draw.one_of(((7, "int64"), (7, "int64"), (6, "int32"), (1, "f4")))
    return x and s.make("Cast", [x], lambda a: a.astype(dtype), to=to)


def _through_floats(s: Tracked) -> Made:
    """As ``int(n * 0.5)`` is traced: a float and back."""
    x = s.pick(_is_integer)
    y = x and s.make("Cast", [x], lambda a: a.astype("f4"), to=1)
    half = s.fixed(s.draw.one_of((0.5, 2, 1)), "float32")
    y = y and s.make("Mul", [y, half], np.multiply)
    name, rule = s.draw.one_of((("Floor", np.floor), ("Ceil", np.ceil)))
    y = y and s.make(name, [y], rule)
    return y and s.make("Cast", [y], lambda a: a.astype("i8"), to=7)


# ------------------------------------------------------------------------------ arithmetic

ARITHMETIC: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("Add", np.add),
    ("Sub", np.subtract),
    ("Mul", np.multiply),
    ("Div", lambda a, b: (a / _nonzero(b)).astype(np.int64).astype(a.dtype)),
    ("Mod", lambda a, b: np.mod(a, _nonzero(b))),
    ("Max", np.maximum),
    ("Min", np.minimum),
)
COMPARISONS: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("Equal", np.equal),
    ("Less", np.less),
    ("Greater", np.greater),
)


def _nonzero(array: Any) -> Any:
    if not array.all():
        raise ZeroDivisionError
    return array


def _operands(s: Tracked) -> list[Value] | None:
    dtype = s.draw.one_of((*WHOLE, "int64"))
    fits: Callable[[Value], bool] = (
        lambda v: v.dtype == dtype and v.rank < 3 and max(v.sizes) < 9
    )
    a = s.pick(fits)
    number: Any = s.draw.one_of((-1, 0, 1, 1, 2, 2, 3, 4))
    if s.draw.chance():
        number = [number]
    b = s.fixed(number, dtype) if s.draw.chance(0.6) else s.pick(fits)
    return s.draw.some_of([a, b], 2) if a and b else None


def _arithmetic(s: Tracked) -> Made:
    operands = _operands(s)
    name, rule = s.draw.one_of(ARITHMETIC)
    if name in ("Max", "Min") and s.opset < 12 or not operands:
        return None
    return s.make(name, operands, rule)


def _negated(s: Tracked) -> Made:
    x = s.pick(_is_integer)
    name, rule = s.draw.one_of((("Neg", np.negative), ("Abs", np.abs)))
    return x and s.make(name, [x], rule)


def _compared(s: Tracked) -> Made:
    operands = _operands(s)
    name, rule = s.draw.one_of(COMPARISONS)
    return s.make(name, operands, rule) if operands else None


def _logic(s: Tracked) -> Made:
    a, b = (s.pick(lambda v: v.dtype == "bool") for _ in range(2))
    if not a or not b or s.draw.chance(0.3):
        return a and s.make("Not", [a], np.logical_not)
    name, rule = s.draw.one_of((("And", np.logical_and), ("Or", np.logical_or)))
    return s.make(name, [a, b], rule)


def _where(s: Tracked) -> Made:
    condition = s.pick(lambda v: v.dtype == "bool") or _compared(s)
    operands = _operands(s)
    if not condition or condition.dtype != "bool" or not operands:
        return None
    return s.make("Where", [condition, *operands], np.where)


def _reduced(s: Tracked) -> Made:
    x = s.pick(lambda v: v.dtype in WHOLE and v.rank == 1 and 0 not in v.sizes)
    keep = s.draw.chance()
    name, rule = s.draw.one_of(REDUCTIONS)
    computed: Callable[..., Any] = lambda a: rule(a, axis=0, keepdims=keep).astype(
        a.dtype
    )
    return x and s.make(name, [x], computed, keepdims=int(keep))


def _product(a: Any, **how: Any) -> Any:
    if np.abs(np.prod(a.astype(np.float64))) >= LARGEST:
        raise ValueError  # an overflow, of which ONNX says nothing
    return np.prod(a, **how)


REDUCTIONS: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("ReduceProd", _product),
    ("ReduceProd", _product),
    ("ReduceSum", np.sum),
    ("ReduceMax", np.max),
    ("ReduceMin", np.min),
)


def _range(s: Tracked) -> Made:
    number: Callable[[Value], bool] = lambda v: v.dtype == "int64" and v.rank == 0
    limit = s.pick(number)
    start = s.fixed(s.draw.one_of((0, 0, 0, 1, -1)))
    if s.draw.chance(0.3):
        start = s.pick(number) or start
    step = s.fixed(s.draw.one_of((1, 1, 1, 2, -1)))
    return limit and s.make("Range", [start, limit, step], np.arange)


# --------------------------------------------------------------------- where lengths are used


def _constant_of_shape(s: Tracked) -> Made:
    shape = s.pick(_is_list)
    dtype = s.draw.one_of(("int64", "int64", "float32"))
    number = s.draw.one_of((0, 1, 2, -1))
    filler = np.full(1, number, dtype)
    rule: Callable[..., Any] = lambda n: np.full(_few(n), number, dtype)
    return shape and s.make("ConstantOfShape", [shape], rule, value=_tensor(filler))


def _tensor(array: Any) -> Any:
    from onnx import numpy_helper

    return numpy_helper.from_array(array)


def _few(shape: Any) -> tuple[int, ...]:
    if np.prod(shape, dtype=np.float64) > LARGEST:
        raise ValueError  # it would not fit into memory
    return tuple(shape)


def _expand(s: Tracked) -> Made:
    x, shape = s.pick(_any), s.pick(_is_list)
    if not x or not shape or any((a < 0).any() for a in shape.arrays):
        return None
    rule: Callable[..., Any] = lambda a, n: a * np.ones(_few(n), a.dtype)
    return s.make("Expand", [x, shape], rule)


def _reshaped(a: Any, shape: Any, zero: bool = False) -> Any:
    old = a.shape
    whole = [old[i] if n == 0 and not zero else n for i, n in enumerate(shape.tolist())]
    if min(whole, default=0) < -1 or (-1 in whole and 0 in whole):
        raise ValueError  # which onnxruntime does not take
    return a.reshape(whole)


def _reshape(s: Tracked) -> Made:
    x, shape = s.pick(_is_tensor), s.pick(_is_list)
    if s.opset >= 14 and s.draw.chance(0.15):
        zero: Callable[..., Any] = lambda a, n: _reshaped(a, n, zero=True)
        return x and shape and s.make("Reshape", [x, shape], zero, allowzero=1)
    return x and shape and s.make("Reshape", [x, shape], _reshaped)


def _rearranged(s: Tracked) -> Made:
    """Reshape to what is computed of a value's own lengths: some merged, -1 for the rest."""
    x = s.pick(_is_tensor)
    shape = x and x.rank and s.make("Shape", [x], lambda a: np.array(a.shape, "i8"))
    if not x or not shape:
        return None
    parts = []
    for axis in s.draw.some_of(range(x.rank)):
        length = s.make("Gather", [shape, s.fixed(axis)], lambda a, i: a[i], axis=0)
        again = s.draw.one_of((_unsqueezed, _listed))
        parts.append(length and again(s, length))
    parts += [s.fixed([s.draw.one_of((-1, -1, 1, 2))])] * s.draw.integer(0, 2)
    known = [part for part in s.draw.some_of(parts, len(parts)) if part]
    if not known:
        return None
    target = s.make("Concat", known, lambda *each: np.concatenate(each), axis=0)
    return target and s.make("Reshape", [x, target], _reshaped)


def _respelled(s: Tracked) -> Made:
    """The same length again, by way of lists and numbers."""
    x = s.pick(lambda v: _is_tensor(v) and v.rank > 0)
    shape = x and s.make("Shape", [x], lambda a: np.array(a.shape, "i8"))
    if not x or not shape:
        return None
    at = s.fixed(s.draw.integer(-x.rank, x.rank - 1))
    length = s.make("Gather", [shape, at], lambda a, i: a[i], axis=0)
    for _ in range(s.draw.integer(0, 4)):
        if length and length.rank:
            length = s.draw.one_of((_numbered, _numbered, _listed, _doubled))(s, length)
        elif length:
            length = s.draw.one_of((_unsqueezed, _listed))(s, length)
    return length


def _numbered(s: Tracked, x: Value) -> Made:
    return s.make("Reshape", [x, s.fixed([])], lambda a, n: a.reshape(()))


def _doubled(s: Tracked, x: Value) -> Made:
    one = s.fixed([s.draw.one_of((-1, 1, 2))])
    parts = s.draw.some_of([x, one], 2)
    return s.make("Concat", parts, lambda *each: np.concatenate(each), axis=0)


def _unsqueezed(s: Tracked, x: Value) -> Made:
    rule: Callable[..., Any] = lambda a, *_: a[None]
    if s.opset < 13:
        return s.make("Unsqueeze", [x], rule, axes=[0])
    return s.make("Unsqueeze", [x, s.fixed([0])], rule)


def _listed(s: Tracked, x: Value) -> Made:
    return s.make("Reshape", [x, s.fixed([-1])], lambda a, n: a.reshape(n))


def _sliced(s: Tracked) -> Made:
    """Slice to computed bounds."""
    x = s.pick(lambda v: _is_tensor(v) and v.rank > 0)
    one: Callable[[Value], bool] = lambda v: v.dtype == "int64" and (
        {a.shape for a in v.arrays} == {(1,)}
    )
    end, start = s.pick(one), s.fixed([s.draw.one_of((0, 0, 1, -1))])
    if s.draw.chance(0.2):
        start = s.pick(one) or start
    if not x or not end:
        return None
    axis = s.draw.integer(0, x.rank - 1)
    rule: Callable[..., Any] = lambda a, i, j, *_: _cut(
        a, axis, int(i[0]), int(j[0]), 1
    )
    return s.make("Slice", [x, start, end, s.fixed([axis])], rule)


def _picked(s: Tracked) -> Made:
    """Gather by computed indices."""
    x = s.pick(lambda v: v.rank > 0 and v.dtype in ("float32", "int64"))
    at = s.pick(_is_integer)
    if not x or not at:
        return None
    axis = s.draw.integer(0, x.rank - 1)
    rule: Callable[..., Any] = lambda a, i: np.take(a, i, axis)
    return s.make("Gather", [x, at], rule, axis=axis)


def _transposed(s: Tracked) -> Made:
    x = s.pick(lambda v: v.rank > 1)
    perm = x and [int(i) for i in s.draw.rng.permutation(x.rank)]
    return x and s.make("Transpose", [x], lambda a: a.transpose(perm), perm=perm)


def _padded(s: Tracked) -> Made:
    """Pads as PyTorch turns them around: in pairs, from the last axis."""
    x = s.pick(lambda v: _is_tensor(v) and v.rank > 0)
    if not x:
        return None
    some = s.fixed([s.draw.integer(0, 2) for _ in range(2 * s.draw.integer(1, x.rank))])
    count = s.fixed([2 * x.rank - some.arrays[0].size])
    none = s.make("ConstantOfShape", [count], lambda n: np.zeros(tuple(n), "i8"),
                  value=_tensor(np.zeros(1, np.int64)))  # fmt: skip
    pads = none and s.make(
        "Concat", [some, none], lambda a, b: np.concatenate((a, b)), axis=0
    )
    pairs = pads and s.make(
        "Reshape", [pads, s.fixed([-1, 2])], lambda a, _: a.reshape(-1, 2)
    )
    bounds = [s.fixed([n]) for n in (-1, -(2**63) + 1, 0, -1)]
    back = pairs and s.make("Slice", [pairs, *bounds], lambda a, *_: a[::-1])
    turned = back and s.make("Transpose", [back], np.transpose, perm=[1, 0])
    flat = turned and s.make(
        "Reshape", [turned, s.fixed([-1])], lambda a, _: a.reshape(-1)
    )
    pads = flat and s.make("Cast", [flat], lambda a: a, to=7)
    rule: Callable[..., Any] = lambda a, p: np.pad(a, p.reshape(2, -1).T)
    return pads and s.make("Pad", [x, pads], rule)


def _same_shape(s: Tracked) -> Made:
    x = s.pick(_is_tensor)
    if x and s.draw.chance(0.3):
        return s.make("Add", [x, x], np.add)
    name, rule = s.draw.one_of((("Neg", np.negative), ("Abs", np.abs)))
    return x and s.make(name, [x], rule)


def _joined(s: Tracked) -> Made:
    a, b = s.pick(_is_tensor), s.pick(_is_tensor)
    if not a or not b or not a.rank:
        return None
    axis = s.draw.integer(-a.rank, a.rank - 1)
    rule: Callable[..., Any] = lambda *each: np.concatenate(each, axis)
    if s.draw.chance():
        return s.make("Concat", [a, b], rule, axis=axis)
    return s.make("Mul", [a, b], np.multiply)


def _identity(s: Tracked) -> Made:
    x = s.pick(_any)
    return x and s.make("Identity", [x], lambda a: a)


SOURCES = (_shape, _shape, _shape, _size)
STEPS = (
    *(_shape, _shape, _shape, _gather, _gather, _gather, _gather, _slice, _slice),
    *(_concat, _concat, _concat, _to_list, _to_list, _to_list, _to_number, _to_number),
    *(_unsqueeze, _unsqueeze, _squeeze, _cast, _cast, _through_floats, _size),
    *(_arithmetic, _arithmetic, _arithmetic, _negated, _compared, _logic, _where),
    *(_where, _reduced, _reduced, _range, _range, _constant_of_shape, _expand, _expand),
    *(_respelled, _respelled, _respelled, _respelled, _respelled),
    *(_reshape, _reshape, _rearranged, _rearranged, _rearranged, _rearranged, _sliced),
    *(_sliced, _picked, _transposed, _padded, _same_shape, _joined, _identity),
)
