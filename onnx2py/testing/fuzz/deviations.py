"""Where onnxruntime and the specification part, and we follow the latter (or it is unclear).

Each is named once, with its reason, beside the generator of its operator. It says which
cases it concerns, as narrowly as it can; they are still compiled and run, only not compared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .case import NodeCase


@dataclass(frozen=True)
class Deviation:
    """A known difference."""

    operators: tuple[str, ...]
    reason: str
    concerns: Callable[[NodeCase], bool]
    may_fail: bool = False
    """Whether we raise an error there where onnxruntime answers."""


DEVIATIONS: list[Deviation] = []


def deviates(
    *operators: str, reason: str, may_fail: bool = False
) -> Callable[[Callable[[NodeCase], bool]], Callable[[NodeCase], bool]]:
    """Register the decorated predicate: which cases of ``operators`` deviate."""

    def register(concerns: Callable[[NodeCase], bool]) -> Callable[[NodeCase], bool]:
        DEVIATIONS.append(Deviation(operators, reason, concerns, may_fail))
        return concerns

    return register


def known_deviation(case: NodeCase) -> Deviation | None:
    """Return the deviation that a case runs into, if any."""
    return next(
        (d for d in DEVIATIONS if case.operator in d.operators and d.concerns(case)),
        None,
    )
