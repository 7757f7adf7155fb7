"""What calls make of lengths: a number, or a tuple of numbers for a list of them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any, Union

import numpy as np

from ..ir.program import Argument, Call, Expression, Number, Ref
from ..kernels import arithmetic, indexing, reduction, shape, slicing
from ._numbers import NEGATED, combined, equal, is_length, ordered

Lengths = Union[Number, tuple[Number, ...]]
"""A scalar of integers or truths, or a list of them."""

MOST = 16
"""Of numbers in a list: shapes are no longer."""


class NotLengths(Exception):
    """A call makes something else, or what it makes is not followed."""


class Evaluator:
    """Evaluates calls of lengths and constants."""

    def __init__(self, weights: Mapping[str, np.ndarray]) -> None:
        self.weights = weights
        self.known: dict[str, Lengths] = {}
        """The values that are lengths, by name."""

    def lengths(self, argument: Argument) -> Lengths:
        """Return the value of an argument.

        Raises
        ------
        NotLengths
            If it is something else.
        """
        if isinstance(argument, Ref) and argument.name in self.known:
            return self.known[argument.name]
        if isinstance(argument, Ref):
            return _constant(self.weights.get(argument.name))
        if isinstance(argument, (int, np.integer)):
            return int(argument)
        if isinstance(argument, tuple) and len(argument) <= MOST:
            return tuple(self.number(item) for item in argument)
        raise NotLengths

    def items(self, argument: Argument) -> tuple[Number, ...]:
        """Return the numbers of a scalar or a list."""
        lengths = self.lengths(argument)
        return lengths if isinstance(lengths, tuple) else (lengths,)

    def number(self, argument: Argument) -> Number:
        """Return the one number of an argument."""
        return _one_of(self.items(argument))

    def call(self, call: Call) -> Lengths:
        """Return the result of a call of lengths.

        Raises
        ------
        NotLengths
            If that is not followed.
        """
        rule = RULES.get(call.function)
        if rule is None:
            raise NotLengths
        lengths = rule(self, call)
        if isinstance(lengths, tuple) and len(lengths) > MOST:
            raise NotLengths
        return lengths


def _one_of(numbers: tuple[Number, ...]) -> Number:
    if len(numbers) != 1:
        raise NotLengths
    return numbers[0]


def _constant(array: np.ndarray | None) -> Lengths:
    if array is None or array.ndim > 1 or array.size > MOST:
        raise NotLengths
    if array.dtype not in (np.int64, np.int32, np.bool_):
        raise NotLengths
    numbers: Any = array.tolist()
    return tuple(numbers) if array.ndim else numbers


def _picked(evaluator: Evaluator, call: Call) -> Lengths:
    """``gather(lengths, index)`` and ``np.take(lengths, index, axis=0)``."""
    items = evaluator.lengths(call.args[0])
    index = evaluator.lengths(call.args[1])
    if not isinstance(items, tuple) or call.kwargs.get("axis", 0) not in (0, -1):
        raise NotLengths
    indices = index if isinstance(index, tuple) else (index,)
    try:
        picked = tuple(items[operator.index(i)] for i in indices)  # type: ignore[arg-type]
    except (IndexError, TypeError):
        raise NotLengths from None
    return picked if isinstance(index, tuple) else picked[0]


def _cut(evaluator: Evaluator, call: Call) -> Lengths:
    """``lengths[1:]``."""
    items, index = evaluator.lengths(call.args[0]), call.args[1]
    if not isinstance(items, tuple) or not isinstance(index, tuple) or len(index) != 1:
        raise NotLengths
    if not isinstance(index[0], slice):
        raise NotLengths
    return items[index[0]]


def _sliced(evaluator: Evaluator, call: Call) -> Lengths:
    """``slice_axes`` of a list, between bounds that are known."""
    items = evaluator.lengths(call.args[0])
    bounds = [evaluator.items(argument) for argument in call.args[1:3]]
    rest = [argument for argument in call.args[3:] if argument is not None]
    if not isinstance(items, tuple) or any(len(bound) != 1 for bound in bounds):
        raise NotLengths
    if any(number not in (0, 1) for a in rest for number in evaluator.items(a)):
        raise NotLengths
    (start,), (end,) = bounds
    if not isinstance(start, int) or not isinstance(end, int) or len(call.args) > 4:
        raise NotLengths
    return items[start:end]


def slice_of_list(call: Call) -> slice | None:
    """Return the bounds of a slice of a list that are known, None of other calls."""
    evaluator = Evaluator({})
    try:
        if call.function is operator.getitem:
            index = call.args[1]
            if not isinstance(index, tuple) or len(index) != 1:
                return None
            (bounds,) = index
            known = isinstance(bounds, slice) and bounds.step in (None, 1)
            plain = known and all(
                isinstance(n, int | None) for n in (bounds.start, bounds.stop)
            )
            return bounds if plain else None
        if call.function is not slicing.slice_axes:
            return None
        start, stop = (evaluator.number(argument) for argument in call.args[1:3])
        rest = [argument for argument in call.args[3:] if argument is not None]
        others = [evaluator.number(argument) for argument in rest]
    except NotLengths:
        return None
    plain = isinstance(start, int) and isinstance(stop, int) and others in _PLAIN
    return slice(start, stop) if plain else None


_PLAIN: list[list[Number]] = [[], [0], [0, 1]]
"""Axes and steps of slices of a list."""


def picks_the_only(call: Call) -> bool:
    """Whether a call makes a number of a list of one, and fails of an empty one."""
    evaluator = Evaluator({})
    try:
        if call.function in (np.squeeze, shape.squeeze):
            axis = call.kwargs.get("axis", call.args[1] if len(call.args) > 1 else None)
            return axis in (0, -1, (0,), (-1,))
        if call.function in (indexing.gather, np.take):
            index = evaluator.lengths(call.args[1])
            return index in (0, -1) and call.kwargs.get("axis", 0) in (0, -1)
    except NotLengths:
        pass
    return False


def _listed(evaluator: Evaluator, call: Call) -> Lengths:
    """A scalar with a new axis."""
    lengths = evaluator.lengths(call.args[0])
    axis = call.kwargs.get("axis", call.args[1] if len(call.args) > 1 else None)
    if isinstance(lengths, tuple) or axis not in (0, -1, (0,), (-1,)):
        raise NotLengths
    return (lengths,)


def _single(evaluator: Evaluator, call: Call) -> Lengths:
    """A list of one without its axis."""
    lengths = evaluator.lengths(call.args[0])
    axis = call.kwargs.get("axis", call.args[1] if len(call.args) > 1 else None)
    if not isinstance(lengths, tuple) or axis not in (None, 0, -1, (0,), (-1,)):
        raise NotLengths
    return _one_of(lengths)


def _reshaped(evaluator: Evaluator, call: Call) -> Lengths:
    """A list or a scalar as a list or a scalar."""
    items, wanted = evaluator.items(call.args[0]), evaluator.lengths(call.args[1])
    if wanted == () and len(items) == 1:
        return items[0]
    if wanted not in ((-1,), (len(items),)):
        raise NotLengths
    return items


def _joined(evaluator: Evaluator, call: Call) -> Lengths:
    parts = call.args[0]
    if not isinstance(parts, tuple) or call.kwargs.get("axis", 0) not in (0, -1):
        raise NotLengths
    lists = [evaluator.lengths(part) for part in parts]
    if not all(isinstance(each, tuple) for each in lists):
        raise NotLengths
    return tuple(number for each in lists for number in each)  # type: ignore[union-attr]


_INTEGERS = (np.dtype(np.int64), np.dtype(np.int32), np.int64, np.int32)


def _cast(evaluator: Evaluator, call: Call) -> Lengths:
    """Integers stay what they are."""
    if call.args[1] not in _INTEGERS:
        raise NotLengths
    return evaluator.lengths(call.args[0])


Two = Callable[[Number, Number], Number]


def _elementwise(two: Two) -> Callable[[Evaluator, Call], Lengths]:
    """Return the rule of a function of two numbers, which broadcasts."""

    def rule(evaluator: Evaluator, call: Call) -> Lengths:
        a, b = (evaluator.lengths(argument) for argument in call.args[:2])
        if len(call.args) != 2 or call.kwargs:
            raise NotLengths
        if not isinstance(a, tuple) and not isinstance(b, tuple):
            return two(a, b)
        left = a if isinstance(a, tuple) else (a,)
        right = b if isinstance(b, tuple) else (b,)
        count = max(len(left), len(right))
        if not {len(left), len(right)} <= {1, count}:
            raise NotLengths
        return tuple(
            two(left[i % len(left)], right[i % len(right)]) for i in range(count)
        )

    return rule


def _operator(symbol: str) -> Callable[[Evaluator, Call], Lengths]:
    return _elementwise(lambda a, b: combined(symbol, a, b))


def _compared(symbol: str) -> Callable[[Evaluator, Call], Lengths]:
    return _elementwise(lambda a, b: ordered(symbol, a, b))


def _divided(symbol: str) -> Callable[[Evaluator, Call], Lengths]:
    """C rounds toward zero, Python down: of lengths that is the same."""

    def two(a: Number, b: Number) -> Number:
        if not is_length(a) or not isinstance(b, int) or b <= 0:
            raise NotLengths
        return combined(symbol, a, b)

    return _elementwise(two)


def _negated(evaluator: Evaluator, call: Call) -> Lengths:
    lengths = evaluator.lengths(call.args[0])
    if isinstance(lengths, tuple):
        return tuple(combined("-", 0, number) for number in lengths)
    return combined("-", 0, lengths)


def _opposite(evaluator: Evaluator, call: Call) -> Lengths:
    """``not`` of what a comparison made."""

    def of(number: Number) -> Number:
        if isinstance(number, bool):
            return not number
        if isinstance(number, Expression) and number.operator in NEGATED:
            return Expression(NEGATED[number.operator], number.left, number.right)
        raise NotLengths

    lengths = evaluator.lengths(call.args[0])
    return tuple(map(of, lengths)) if isinstance(lengths, tuple) else of(lengths)


def _chosen(evaluator: Evaluator, call: Call) -> Lengths:
    """``np.where`` of a condition that is certain."""
    condition, *both = (evaluator.lengths(argument) for argument in call.args)
    lists = [x if isinstance(x, tuple) else (x,) for x in (condition, *both)]
    count = max(map(len, lists))
    if not {len(x) for x in lists} <= {1, count} or len(both) != 2:
        raise NotLengths
    if not all(isinstance(truth, bool) for truth in lists[0]):
        raise NotLengths
    truths, yes, no = ([x[i % len(x)] for i in range(count)] for x in lists)
    numbers = tuple(a if truth else b for truth, a, b in zip(truths, yes, no))
    is_list = any(isinstance(x, tuple) for x in (condition, *both))
    return numbers if is_list else numbers[0]


def _reduced(symbol: str, *empty: int) -> Callable[[Evaluator, Call], Lengths]:
    """Return the rule of a function that reduces a list to one number, which is that of none."""

    def rule(evaluator: Evaluator, call: Call) -> Lengths:
        items = evaluator.lengths(call.args[0])
        options = dict(call.kwargs)
        axes = options.pop("axis", call.args[1] if len(call.args) > 1 else None)
        is_list = options.pop("keepdims", call.function in _KEEPING)
        if not isinstance(items, tuple) or axes not in (None, 0, -1, (0,), (-1,)):
            raise NotLengths
        if not (items or empty) or any(options.values()):
            raise NotLengths
        total = reduce(lambda a, b: combined(symbol, a, b), items, *empty)
        return (total,) if is_list else total

    return rule


_KEEPING = (
    reduction.reduce_max,
    reduction.reduce_min,
    reduction.reduce_prod,
    reduction.reduce_sum,
)
"""Functions whose result has the reduced axes by default."""

RULES: dict[Any, Callable[[Evaluator, Call], Lengths]] = {
    ".astype": _cast,
    arithmetic.div: _divided("//"),
    indexing.gather: _picked,
    np.add: _operator("+"),
    np.concatenate: _joined,
    np.equal: _elementwise(equal),
    np.expand_dims: _listed,
    np.floor_divide: _divided("//"),
    np.greater: _compared(">"),
    np.greater_equal: _compared(">="),
    np.less: _compared("<"),
    np.less_equal: _compared("<="),
    np.logical_not: _opposite,
    np.max: _reduced("max"),
    np.maximum: _operator("max"),
    np.min: _reduced("min"),
    np.minimum: _operator("min"),
    np.mod: _divided("%"),
    np.multiply: _operator("*"),
    np.negative: _negated,
    np.prod: _reduced("*", 1),
    np.reshape: _reshaped,
    np.squeeze: _single,
    np.subtract: _operator("-"),
    np.sum: _reduced("+", 0),
    np.take: _picked,
    np.where: _chosen,
    operator.getitem: _cut,
    reduction.reduce_max: _reduced("max"),
    reduction.reduce_min: _reduced("min"),
    reduction.reduce_prod: _reduced("*", 1),
    reduction.reduce_sum: _reduced("+", 0),
    shape.reshape: _reshaped,
    shape.squeeze: _single,
    shape.unsqueeze: _listed,
    slicing.slice_axes: _sliced,
}
"""What functions make of lengths."""
