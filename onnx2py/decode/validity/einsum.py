"""Einsum: each letter stands for one length, except 1, which is broadcast."""

from __future__ import annotations

from ...ir.types import Shape
from .lengths import broadcasts_together, spelled
from .view import View

DOTS = "..."


def einsum(node: View) -> str | None:
    """Return which input contradicts the equation, or an output letter that is repeated."""
    equation = node.node.attributes.get("equation")
    if not isinstance(equation, str):
        return None
    inputs, arrow, output = equation.replace(" ", "").partition("->")
    repeated = sorted({c for c in output.replace(".", "") if output.count(c) > 1})
    if arrow and repeated:
        return f"attribute equation: expected each letter once in {output}, got {repeated[0]} twice"
    lengths: dict[str, int] = {}
    spread: list[Shape] = []
    for place, term in enumerate(inputs.split(",")):
        shape = node.input(place)
        axes = None if shape is None else _axes(term, len(shape))
        if shape is None or axes is None:
            continue
        for letter, dim in zip(axes, shape):
            if letter == DOTS or not isinstance(dim, int) or dim == 1:
                continue
            if lengths.setdefault(letter, dim) != dim:
                return (
                    f"input {place} ({term}): expected length {lengths[letter]} for "
                    f"{letter}, got {spelled(shape)}"
                )
        own = tuple(d for letter, d in zip(axes, shape) if letter == DOTS)
        if any(not broadcasts_together(own, other or ()) for other in spread):
            return (
                f"input {place} ({term}): expected axes for ... that can be broadcast "
                f"with {spelled(spread[0] or ())}, got {spelled(shape)}"
            )
        spread.append(own)
    return None


def _axes(term: str, rank: int) -> list[str] | None:
    """Return a letter, or dots, for each axis; None where they are not as many."""
    before, dots, after = term.partition(DOTS)
    many = rank - len(before) - len(after)
    if many < 0 or many and not dots:
        return None
    return [*before, *[DOTS] * many, *after]
