"""The bounds that each function gives to its result, by those of its arguments."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from ...ir.program import Argument, Call, Ref
from ...ir.types import DTYPES
from ...kernels.arithmetic import clip
from ...kernels.casting import cast
from ...kernels.generate import range_
from ...kernels.indexing import gather, gather_nd
from ...kernels.shape import expand, flatten, reshape, squeeze, unsqueeze
from .ranges import TRUTH, Range, of_type

if TYPE_CHECKING:
    from .bounds import Bounds


@dataclass(frozen=True)
class Step:
    """A call, and which of the elements of its result the bounds are wanted of."""

    bounds: Bounds
    call: Call
    result: Ref
    dtype: str
    first: bool

    def operands(self, *places: int) -> list[Range]:
        """Return the bounds of arguments, of the same elements as of the result."""
        return [self.of(self.call.args[place], self.first) for place in places]

    def of(self, value: Argument, first: bool = False) -> Range:
        """Return the bounds of an argument; of what is no tensor, those of all numbers."""
        if isinstance(value, (Ref, bool, int, float)):
            return self.bounds.of(value, first)
        return of_type(None)

    def is_row_kept(self) -> bool:
        """Whether the elements along the last axis are those of the operand's in order."""
        x, call = self.call.args[0], self.call
        before, after = (self.bounds.type(v) for v in (x, self.result))
        if call.function is np.transpose:
            order: Any = call.args[1] if len(call.args) > 1 else ()
            return isinstance(order, tuple) and order[-1:] == (len(order) - 1,)
        if call.function is operator.getitem:
            index: Any = call.args[1]
            rank, is_plain = self.bounds.rank(x), not {None, Ellipsis} & {
                *map(_item, index)
            }
            return is_plain and (len(index) < rank or index[-1] == slice(None))
        if before is None or after is None or not before.shape or not after.shape:
            return False
        return before.shape[-1] is not None and before.shape[-1] == after.shape[-1]


def _item(item: Any) -> Any:
    return slice if isinstance(item, slice) else item


Rule = Callable[[Step], Optional[Range]]


def _made_by(function: Callable[..., Any], whole: Callable[..., Any]) -> Rule:
    """Return the rule of a sum or product, which is largest where its operands are extreme."""

    def rule(step: Step) -> Range | None:
        dtype = DTYPES[step.dtype]
        given = step.operands(0, 1)
        if dtype.kind == "f" and dtype.itemsize in (2, 4, 8):
            with np.errstate(all="ignore"):
                one, other = ([dtype.type(n) for n in x] for x in given)
                ends = [function(a, b) for a in one for b in other]
            return None if np.isnan(ends).any() else Range(min(ends), max(ends))
        if dtype.kind not in "iu":
            return None
        ends = [whole(int(a), int(b)) for a in given[0] for b in given[1]]
        limits = np.iinfo(dtype)
        fits = limits.min <= min(ends) and max(ends) <= limits.max
        return Range(min(ends), max(ends)) if fits else None

    return rule


def _divide(step: Step) -> Range | None:
    low, high = step.operands(1)[0]
    if low <= 0 <= high or DTYPES[step.dtype].kind != "f":
        return None
    return _made_by(np.divide, operator.truediv)(step)


def _negative(step: Step) -> Range | None:
    (x,) = step.operands(0)
    return Range(-x.high, -x.low) if DTYPES[step.dtype].kind == "f" else None


def _absolute(step: Step) -> Range | None:
    (x,) = step.operands(0)
    if DTYPES[step.dtype].kind != "f":
        return None
    return Range(0.0 if x.low <= 0 <= x.high else min(map(abs, x)), max(map(abs, x)))


def _extreme(choose: Callable[..., Any]) -> Rule:
    def rule(step: Step) -> Range:
        a, b = step.operands(0, 1)
        return Range(choose(a.low, b.low), choose(a.high, b.high))

    return rule


def _clip(step: Step) -> Range:
    (x,) = step.operands(0)
    low, high = (
        step.of(bound) if bound is not None else None
        for bound in (*step.call.args[1:], None, None)[:2]
    )
    if low:
        x = Range(max(x.low, low.low), max(x.high, low.high))
    return Range(min(x.low, high.low), min(x.high, high.high)) if high else x


def _compare(is_less: Callable[[Any, Any], bool], order: int = 1) -> Rule:
    """Return the rule of a comparison of whole numbers that all, or none, may be true of."""

    def rule(step: Step) -> Range:
        kinds = [step.bounds.type(x) for x in step.call.args[:2]]
        a, b = step.operands(0, 1)[::order]
        if any(kind and DTYPES[kind.dtype].kind not in "iu" for kind in kinds):
            return TRUTH
        return Range(int(is_less(a.high, b.low)), int(is_less(a.low, b.high)))

    return rule


def _differ(value: int) -> Rule:
    """Return the rule of a comparison that is ``value`` of operands without a number in common."""

    def rule(step: Step) -> Range:
        a, b = step.operands(0, 1)
        return Range(value, value) if a.high < b.low or b.high < a.low else TRUTH

    return rule


def _not(step: Step) -> Range | None:
    (x,) = step.operands(0)
    return Range(1 - x.high, 1 - x.low) if step.dtype == "bool" else None


def _where(step: Step) -> Range:
    condition, x, y = step.operands(0, 1, 2)
    if condition.low == condition.high:
        return x if condition.low else y
    return x.joined(y)


def _convert(step: Step) -> Range | None:
    """Bounds stay in order, and truth is 0 or 1."""
    kind, dtype = step.bounds.type(step.call.args[0]), DTYPES[step.dtype]
    if kind is None or kind.dtype not in DTYPES or step.call.kwargs:
        return None
    before, (x,) = DTYPES[kind.dtype].kind, step.operands(0)
    if dtype.kind == "f" and dtype.itemsize in (2, 4, 8):
        with np.errstate(all="ignore"):
            return Range(dtype.type(x.low), dtype.type(x.high))
    if dtype.kind not in "iu" or before not in "biu":
        return x if dtype.kind == before == "b" else None
    limits = np.iinfo(dtype)
    return x if limits.min <= x.low and x.high <= limits.max else None


def _view(step: Step) -> Range:
    """Return the bounds of the first elements where these are the first of a row before."""
    return step.of(step.call.args[0], step.first and step.is_row_kept())


def _spread(step: Step) -> Range:
    """The first elements stay the first ones."""
    return step.operands(0)[0]


def _rows(step: Step) -> Range:
    return step.of(step.call.args[0])


def _joined(step: Step) -> Range | None:
    parts: Any = step.call.args[0]
    if not isinstance(parts, (tuple, list)) or not parts:
        return None
    made = step.of(parts[0])
    for part in parts[1:]:
        made = made.joined(step.of(part))
    return made


def _trilu(step: Step) -> Range:
    """What is above or below the diagonal is 0; of the lower half, the first column stays."""
    x, above = step.call.args[0], step.call.kwargs.get("k", 0)
    is_lower = step.call.function is np.tril
    if step.first and is_lower and isinstance(above, int) and above >= 0:
        return step.of(x, True)
    return step.of(x).joined(Range(0, 0))


def _positions(step: Step) -> Range | None:
    """Numbers from 0, or from the first of two bounds."""
    args = step.call.args
    if step.call.kwargs.keys() - {"dtype"} or "int" not in step.dtype:
        return None
    if len(args) > 2 and step.of(args[2]) != (1, 1):
        return None
    start = step.of(args[0]) if len(args) > 1 else Range(0, 0)
    last = max(step.of(args[len(args) > 1]).high - 1, start.high)
    return start if step.first else Range(start.low, last)


def _filled(step: Step) -> Range | None:
    return step.of(step.call.args[1]) if len(step.call.args) > 1 else None


RULES: Mapping[Any, Rule] = {
    np.add: _made_by(np.add, operator.add),
    np.subtract: _made_by(np.subtract, operator.sub),
    np.multiply: _made_by(np.multiply, operator.mul),
    np.divide: _divide,
    np.negative: _negative,
    np.abs: _absolute,
    np.maximum: _extreme(max),
    np.minimum: _extreme(min),
    np.logical_and: _extreme(min),
    np.logical_or: _extreme(max),
    np.logical_not: _not,
    clip: _clip,
    np.less: _compare(operator.lt),
    np.less_equal: _compare(operator.le),
    np.greater: _compare(operator.lt, -1),
    np.greater_equal: _compare(operator.le, -1),
    np.equal: _differ(0),
    np.not_equal: _differ(1),
    np.where: _where,
    ".astype": _convert,
    cast: _convert,
    **dict.fromkeys(
        (np.reshape, reshape, np.expand_dims, unsqueeze, np.squeeze, squeeze), _view
    ),
    **dict.fromkeys((np.transpose, flatten, operator.getitem), _view),
    **dict.fromkeys((np.broadcast_to, expand), _spread),
    **dict.fromkeys((np.take, gather, gather_nd), _rows),
    np.concatenate: _joined,
    np.tril: _trilu,
    np.triu: _trilu,
    np.arange: _positions,
    range_: _positions,
    np.full: _filled,
    np.zeros: lambda step: Range(0, 0),
    np.ones: lambda step: Range(1, 1),
}
"""The rule for the calls of each function."""
