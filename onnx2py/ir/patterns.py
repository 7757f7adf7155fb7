"""Patterns of nodes or of calls: what a rule looks for, written down as nested tuples.

``("Mul", "x", ("Sigmoid", "x"))`` is a Mul of some value and its Sigmoid, ``(np.matmul, (softmax,
"scores"), "v")`` a product whose first operand is a softmax. What lies between is read by nothing
else. A name stands for any operand, the same one wherever it occurs; a list for any of several
patterns; a number for a constant of one element, which is that number to float32's rounding;
``Number(name)`` for any such constant; ``Rest(name)`` for all operands that are left;
``Options(name)`` for the keyword arguments of a call, which has none where a pattern has not; any
other item for what equals it. The operands of sums and products may have changed places.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

Step = TypeVar("Step")
Pattern = Any

COMMUTATIVE = frozenset(("Add", "Mul", np.add, np.multiply))
RELATIVE_ERROR = 2e-7
"""How far a constant may be off: two roundings to float32."""


class Number(NamedTuple):
    """A constant of one element that adds no axis."""

    name: str


class Rest(NamedTuple):
    """The operands that are left, as a tuple."""

    name: str


class Options(NamedTuple):
    """The keyword arguments, as a dictionary."""

    name: str


@dataclass(slots=True)
class Match(Generic[Step]):
    """What names stand for, and the steps that the pattern takes in, the root first."""

    values: Mapping[str, Any] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def bind(self, name: str, value: Any) -> Match[Step] | None:
        """Return the match with a name for a value, None if the name stands for another."""
        if name in self.values:
            return self if self.values[name] == value else None
        return Match({**self.values, name: value}, self.steps)


Parts = tuple[Sequence[Any], Mapping[str, Any]]
"""What the rest of a pattern is compared with: the operands of a step, and its options."""


class Matcher(ABC, Generic[Step]):
    """Compares patterns with steps, each of which makes one value."""

    makers: Mapping[str, Step]
    uses: Counter[str]

    @abstractmethod
    def function(self, step: Step) -> Any:
        """Return the operation of a step, by which patterns name it."""

    @abstractmethod
    def parts(self, step: Step) -> Parts | None:
        """Return the operands and options of a step, None if no pattern is meant to match it."""

    @abstractmethod
    def reads(self, step: Step) -> Iterable[str]:
        """Return the names of the values that a step reads."""

    @abstractmethod
    def result(self, step: Step) -> str:
        """Return the name of the value that a step makes."""

    @abstractmethod
    def maker(self, operand: Any) -> Step | None:
        """Return the step that makes an operand."""

    @abstractmethod
    def number(self, operand: Any) -> float | None:
        """Return a constant of one element and no axes, or one axis."""

    def find(self, pattern: Pattern, root: Step) -> Match[Step] | None:
        """Match a pattern with a step and those before it, which nothing else may read."""
        if self.function(root) != pattern[0]:
            return None
        for match in self._step(pattern, root, Match()):
            inside = {id(step): step for step in match.steps}
            reads = Counter(name for s in inside.values() for name in self.reads(s))
            hidden = [self.result(s) for s in inside.values() if s is not root]
            if all(self.uses[name] == reads[name] for name in hidden):
                return Match(match.values, tuple(inside.values()))
        return None

    def _operand(
        self, pattern: Pattern, operand: Any, match: Match[Step]
    ) -> Iterator[Match[Step]]:
        if isinstance(pattern, list):
            for each in pattern:
                yield from self._operand(each, operand, match)
        elif isinstance(pattern, str):
            if bound := match.bind(pattern, operand):
                yield bound
        elif isinstance(pattern, Number):
            number = self.number(operand)
            bound = None if number is None else match.bind(pattern.name, number)
            if bound:
                yield bound
        elif _is_of_step(pattern):
            maker = self.maker(operand)
            if maker is not None and self.function(maker) == pattern[0]:
                yield from self._step(pattern, maker, match)
        elif isinstance(pattern, (int, float)):
            number = self.number(operand)
            if number is not None and _is_close(number, pattern):
                yield match
        elif operand == pattern:
            yield match

    def _step(
        self, pattern: Pattern, step: Step, match: Match[Step]
    ) -> Iterator[Match[Step]]:
        """Yield the ways in which a step fits the rest of a pattern, after its function."""
        parts, (function, *wanted) = self.parts(step), pattern
        if parts is None:
            return
        operands, options = parts
        inside: Match[Step] | None = Match(match.values, (*match.steps, step))
        if wanted and isinstance(wanted[-1], Options):
            inside = inside and inside.bind(wanted.pop().name, options)
        elif options:
            return
        if inside is None:
            return
        yield from self._operands(wanted, operands, inside)
        if function in COMMUTATIVE and len(operands) == 2:
            yield from self._operands(wanted, operands[::-1], inside)

    def _operands(
        self, patterns: Sequence[Pattern], operands: Sequence[Any], match: Match[Step]
    ) -> Iterator[Match[Step]]:
        if patterns and isinstance(patterns[0], Rest):
            if bound := match.bind(patterns[0].name, tuple(operands)):
                yield bound
        elif len(patterns) and len(operands):
            for each in self._operand(patterns[0], operands[0], match):
                yield from self._operands(patterns[1:], operands[1:], each)
        elif len(patterns) == len(operands):
            yield match


def _is_of_step(pattern: Pattern) -> bool:
    """Whether this is a pattern of a step, not a tuple that is itself an operand."""
    if not isinstance(pattern, tuple) or not pattern:
        return False
    return isinstance(pattern[0], str) or callable(pattern[0])


def _is_close(number: float, pattern: float) -> bool:
    return abs(number - pattern) <= RELATIVE_ERROR * abs(pattern)
