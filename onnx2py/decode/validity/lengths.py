"""Check of the lengths of a node's inputs against its operator's pattern, see :mod:`.patterns`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from ...ir.graph import Node
from ...ir.types import Dim, TensorType, ValueType
from .patterns import DEFAULTS, pattern_of

MANY = ("...", "~", "*")
"""Placeholders for any number of axes."""


def misfit(node: Node, types: Mapping[str, ValueType]) -> tuple[int, str] | None:
    """Return the first input that does not match, and its expected lengths."""
    pattern = pattern_of(node)
    if pattern is None:
        return None
    shapes = [
        kind.shape if isinstance(kind := types.get(name), TensorType) else None
        for name in node.inputs
    ]
    made = types.get(node.outputs[0]) if node.outputs else None
    output = made.shape if isinstance(made, TensorType) else None
    lengths = _Lengths(_known(node, shapes[0] if shapes else None))
    for _ in range(2):  # a later input may say what a product in an earlier one is
        for place, (axes, shape) in enumerate(zip(pattern, shapes)):
            if shape is None:
                continue
            target = output if axes == (">y",) else shapes[0]
            if not lengths.fit(axes, shape, target):
                return place, lengths.expected(axes, target)
    return None


def _known(node: Node, first: Sequence[Dim] | None) -> dict[str, int]:
    """Return the values of names that are known before any input is checked."""
    known = dict(DEFAULTS)
    known.update((k, v) for k, v in node.attributes.items() if isinstance(v, int))
    known["directions"] = (
        2 if node.attributes.get("direction") == "bidirectional" else 1
    )
    if first is not None:
        known["rank"] = len(first)
    return known


class _Lengths:
    """The values of the names in a pattern, as far as they are known."""

    def __init__(self, known: dict[str, int]) -> None:
        self.known = known
        self.rest: list[Dim] | None = None
        """What ``...`` stands for."""
        self.count: int | None = None
        """How many axes ``...`` and ``~`` are."""
        self.broadcast: list[Dim] = []

    def fit(
        self, axes: Sequence[str], shape: Sequence[Dim], target: Sequence[Dim] | None
    ) -> bool:
        """Whether a shape matches; the values of names are remembered."""
        if axes == ("&",):
            return self._broadcast(shape)
        if axes[0].startswith(">"):
            return target is None or broadcasts_to(shape, target)
        place = next((i for i, axis in enumerate(axes) if axis in MANY), None)
        if place is None:
            fits = len(axes) == len(shape)
            return fits and all(map(self._length, axes, shape))
        many = len(shape) - len(axes) + 1
        if many < 0 or not self._many(axes[place], shape[place : place + many]):
            return False
        after = len(axes) - place - 1
        single = (*axes[:place], *axes[place + 1 :])
        return all(
            map(self._length, single, (*shape[:place], *shape[len(shape) - after :]))
        )

    def expected(self, axes: Sequence[str], target: Sequence[Dim] | None) -> str:
        """Spell the lengths that were expected."""
        if axes == ("&",):
            return f"what can be broadcast with {spelled(self.broadcast)}"
        if axes[0].startswith(">"):
            return f"what can be broadcast to {spelled(target or ())}"
        dims: list[Dim] = []
        for axis in axes:
            if axis == "..." and self.rest is not None:
                dims += self.rest
            elif axis == "~" and self.count is not None:
                dims += [None] * self.count
            elif axis in MANY:
                dims.append("...")
            else:
                dims.append(self._spelled_product(axis))
        return spelled(dims)

    def _many(self, axis: str, shape: Sequence[Dim]) -> bool:
        if axis == "*":
            return True
        if self.count is None:
            self.count = len(shape)
        if self.count != len(shape):
            return False
        if axis == "...":
            before = self.rest or [None] * len(shape)
            if not all(map(_same, before, shape)):
                return False
            self.rest = [new if old is None else old for old, new in zip(before, shape)]
            numbers = [dim for dim in self.rest if isinstance(dim, int)]
            if len(numbers) == len(shape):
                self.known["kernel"] = prod(numbers)
        return True

    def _length(self, axis: str, dim: Dim) -> bool:
        if axis == "?" or not isinstance(dim, int):
            return True
        number, unknown = self._product(axis)
        if not unknown:
            return number == dim
        if len(unknown) != 1 or not number:
            return True
        if dim % number == 0:
            self.known[unknown[0]] = dim // number
        return dim % number == 0

    def _product(self, axis: str) -> tuple[int, list[str]]:
        """Return the product of the factors that are known, and the names of the others."""
        number, unknown = 1, []
        for factor in axis.split("*"):
            if factor.isdigit():
                number *= int(factor)
            elif factor in self.known:
                number *= self.known[factor]
            else:
                unknown.append(factor)
        return number, unknown

    def _spelled_product(self, axis: str) -> Dim:
        if axis == "?":
            return None
        number, unknown = self._product(axis)
        if not unknown:
            return number
        return "*".join([*([str(number)] if number != 1 else []), *unknown])

    def _broadcast(self, shape: Sequence[Dim]) -> bool:
        """Broadcast a shape with those before it."""
        if not broadcasts_together(shape, self.broadcast):
            return False
        pairs = zip(*_of_one_rank(shape, self.broadcast))
        self.broadcast = [_wider(a, b) for b, a in pairs]
        return True


def broadcasts_together(first: Sequence[Dim], second: Sequence[Dim]) -> bool:
    """Whether two shapes may be broadcast to one."""
    pairs = zip(*_of_one_rank(first, second))
    return all(1 in (a, b) or _same(a, b) for a, b in pairs)


def _of_one_rank(*shapes: Sequence[Dim]) -> list[list[Dim]]:
    rank = max(map(len, shapes))
    return [[*[1] * (rank - len(shape)), *shape] for shape in shapes]


def _wider(a: Dim, b: Dim) -> Dim:
    if a == 1:
        return b
    return b if b != 1 and isinstance(b, int) else a


def _same(a: Dim, b: Dim) -> bool:
    """Return whether two lengths may be equal: only numbers can contradict each other."""
    return not isinstance(a, int) or not isinstance(b, int) or a == b


def broadcasts_to(shape: Sequence[Dim], target: Sequence[Dim]) -> bool:
    """Whether a shape may be broadcast to another one, whose lengths stay as they are."""
    missing = len(target) - len(shape)
    return missing >= 0 and all(
        dim == 1 or _same(dim, other) for dim, other in zip(shape, target[missing:])
    )


def spelled(dims: Sequence[Dim]) -> str:
    """Spell lengths: ``[2, ?, n]``."""
    return f"[{', '.join('?' if dim is None else str(dim) for dim in dims)}]"
