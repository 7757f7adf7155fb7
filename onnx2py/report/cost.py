"""Number of multiply-adds of a call, counted for matrix products and convolutions only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from ..ir.program import Call, Ref
from ..ir.types import Dim, TensorType, ValueType
from ..traits.costs import Unknown, free
from ..traits.kernels import kernel_traits


@dataclass(frozen=True)
class Cost:
    """A count: ``number`` times dynamic lengths."""

    number: int
    symbols: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " × ".join([*self.symbols, f"{self.number:,}"])


def multiply_adds(
    call: Call, outputs: Iterable[str], types: Mapping[str, ValueType]
) -> Cost | None:
    """Return the cost of a call: 0 if it has no products, None if it is unknown."""
    count = kernel_traits(call.function).cost
    if count is None:
        return None
    if count is free:
        return Cost(0)

    def shape(place: int) -> tuple[Dim, ...]:
        argument = call.args[place] if place < len(call.args) else None
        return _shape(argument, types)

    try:
        made = _shape(Ref(next(iter(outputs))), types)
        lengths = list(count(shape, made, call.kwargs))
    except Unknown:
        return None
    if None in lengths:
        return None
    symbols = sorted(dim for dim in lengths if isinstance(dim, str))
    return Cost(prod(dim for dim in lengths if isinstance(dim, int)), tuple(symbols))


def total(costs: Iterable[Cost | None]) -> list[Cost]:
    """Sum costs, separately for each product of dynamic lengths."""
    found: Counter[tuple[str, ...]] = Counter()
    for cost in costs:
        if cost is not None:
            found[cost.symbols] += cost.number
    return [
        Cost(number, symbols) for symbols, number in sorted(found.items()) if number
    ]


def _shape(argument: Any, types: Mapping[str, ValueType]) -> tuple[Dim, ...]:
    kind = types.get(argument.name) if isinstance(argument, Ref) else None
    if not isinstance(kind, TensorType) or kind.shape is None:
        raise Unknown
    return kind.shape
