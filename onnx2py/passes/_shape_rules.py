"""The shapes of results, lengths being numbers, symbols or unknown (None)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import Any, Optional

from ..ir.sums import equal, minus, plus, times
from ..ir.types import Dim

Lengths = Optional[tuple[Dim, ...]]
Elements = Optional[tuple[Dim, ...]]
"""What is in a tensor of integers with one axis or none."""

ARITHMETIC: dict[str, Callable[[Dim, Dim], Dim]] = {
    "Add": plus,
    "Sub": minus,
    "Mul": times,
    "Equal": equal,
}
"""What is known of integers that such operators make; truth is 1 or 0."""


class AtMost(str):
    """The length of a prefix of some elements, as a symbol: ``min(n, 512)``."""

    symbol: str
    limit: int

    @classmethod
    def of(cls, symbol: Dim, limit: int) -> Dim:
        """Name how many the first ``symbol`` of ``limit`` elements are."""
        if not isinstance(symbol, str):
            return None
        found = cls(f"min({symbol}, {limit})")
        found.symbol, found.limit = symbol, limit
        return found


def broadcast(shapes: Iterable[Lengths]) -> Lengths:
    """Return the shape that these broadcast to, provided that they do."""
    found: tuple[Dim, ...] = ()
    for shape in shapes:
        if shape is None:
            return None
        rank = max(len(found), len(shape))
        a = (1,) * (rank - len(found)) + found
        b = (1,) * (rank - len(shape)) + shape
        found = tuple(_common(x, y) for x, y in zip(a, b))
    return found


def _common(a: Dim, b: Dim) -> Dim:
    if a == b or b == 1:
        return a
    if a == 1:
        return b
    if isinstance(a, int) and isinstance(b, int):
        return None  # they do not fit, as it will say when it runs
    for x, y in ((a, b), (b, a)):
        if isinstance(x, int):
            return x  # it is not 1, so that the other can but be the same, or 1
        # Of n elements and the first n of a limit: beyond the limit they would not fit.
        if isinstance(y, AtMost) and y.symbol == x and y.limit > 1:
            return x
    return None


def matmul(a: Lengths, b: Lengths) -> Lengths:
    """Return the shape of a product of matrices."""
    if a is None or b is None or min(len(a), len(b)) < 2:
        return None
    lead = broadcast((a[:-2], b[:-2]))
    return None if lead is None else (*lead, a[-2], b[-1])


def gather(data: Lengths, indices: Lengths, axis: int) -> Lengths:
    """Return the shape of slices of ``data`` in the shape of ``indices``."""
    if data is None or indices is None or not data:
        return None
    axis %= len(data)
    return (*data[:axis], *indices, *data[axis + 1 :])


def transposed(x: Lengths, perm: Any) -> Lengths:
    """Return the shape with its axes in another order."""
    if x is None:
        return None
    return tuple(x[i] for i in perm) if perm is not None else x[::-1]


def concatenated(shapes: Sequence[Lengths], axis: int) -> Lengths:
    """Return the shape of tensors put side by side."""
    known = [shape for shape in shapes if shape is not None]
    if len(known) != len(shapes) or not known or not known[0]:
        return None
    axis %= len(known[0])
    found = list(known[0])
    for i in range(len(found)):
        lengths = [shape[i] for shape in known]
        if i == axis:
            found[i] = reduce(plus, lengths)
        else:
            found[i] = next((n for n in lengths if isinstance(n, int)), lengths[0])
    return tuple(found)


def reshaped(x: Lengths, wanted: Elements, allowzero: bool) -> Lengths:
    """Return the shape that Reshape makes, -1 resolved where symbols cancel out.

    A symbol may be 0, which stands for the length of ``x`` at the same place: it is taken for
    what it says only where these are the same, ``x`` has no such place, or 0 cannot be meant.
    """
    if wanted is None:
        return None
    old = x or ()
    found: list[Dim] = []
    for i, length in enumerate(wanted):
        here = old[i] if i < len(old) else None
        if length == 0 and not allowzero:
            found.append(here)
        elif (
            isinstance(length, str)
            and not allowzero
            and length != here
            and i < len(old)
            and not _never_zero(length, old, wanted)
        ):
            found.append(None)
        else:
            found.append(length)
    if -1 in found:
        found[found.index(-1)] = _rest(x, [n for n in found if n != -1])
    return tuple(found)


def _never_zero(symbol: str, x: tuple[Dim, ...], wanted: tuple[Dim, ...]) -> bool:
    """Whether a Reshape would fail if a symbol were 0: of no elements it would make some."""
    others = [n for n in wanted if n != symbol]
    heres = [n for n, length in zip(x, wanted) if length == symbol]
    return symbol in x and all(isinstance(n, int) and n > 0 for n in (*others, *heres))


def _rest(x: Lengths, others: Sequence[Dim]) -> Dim:
    """Divide the number of elements of ``x`` by these lengths."""
    if x is None or None in x or None in others:
        return None
    symbols = Counter(n for n in x if isinstance(n, str))
    symbols.subtract(n for n in others if isinstance(n, str))
    left = [n for n, count in symbols.items() if count]
    number = _product(x)
    divisor = _product(others)
    if not divisor or number % divisor or any(symbols[n] != 1 for n in left):
        return None
    number //= divisor
    if not left:
        return number
    return left[0] if len(left) == 1 and number == 1 else None


def _product(lengths: Iterable[Dim]) -> int:
    number = 1
    for n in lengths:
        number *= n if isinstance(n, int) else 1
    return number


def reduced(x: Lengths, axes: Any, keep: bool) -> Lengths:
    """Return the shape with some axes of the length 1, or without them."""
    if x is None or axes is None:
        return None
    gone = {axis % len(x) for axis in axes} if x else set()
    return tuple(
        1 if i in gone else n for i, n in enumerate(x) if keep or i not in gone
    )


def counted(start: Elements, stop: Elements, step: Elements) -> Lengths:
    """Return the shape of a range of integers."""
    if step != (1,) or not start or not stop:
        return None
    length = minus(stop[0], start[0])
    return (max(length, 0) if isinstance(length, int) else length,)


def computed(operator: str, a: Elements, b: Elements) -> Elements:
    """Return the result of arithmetic of integers, one of which may be broadcast."""
    if a is None or b is None or (len(a) != len(b) and 1 not in (len(a), len(b))):
        return None
    count = 0 if 0 in (len(a), len(b)) else max(len(a), len(b))
    rule = ARITHMETIC[operator]
    return tuple(rule(a[i % len(a)], b[i % len(b)]) for i in range(count))


def chosen(condition: Elements, a: Elements, b: Elements) -> Elements:
    """Return integers of ``a`` where the condition is 1 and of ``b`` where it is 0."""
    if condition is None or a is None or b is None:
        return None
    count = max(len(condition), len(a), len(b))
    if any(len(each) not in (1, count) for each in (condition, a, b)):
        return None
    found: list[Dim] = []
    for i in range(count):
        x, y, which = (each[i % len(each)] for each in (a, b, condition))
        found.append(x if which == 1 or x == y else y if which == 0 else None)
    return tuple(found)


def unsqueezed(x: Lengths, axes: Any) -> Lengths:
    """Return the shape with new axes of the length 1."""
    if x is None or axes is None:
        return None
    rank = len(x) + len(axes)
    new = {axis % rank for axis in axes if -rank <= axis < rank}
    if len(new) != len(axes):
        return None
    old = iter(x)
    return tuple(1 if i in new else next(old) for i in range(rank))
