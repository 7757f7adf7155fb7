"""Rules as patterns of calls: see :mod:`..ir.patterns`.

A rule is found at its root, the last call of its pattern; the others must be read by nothing but
the pattern, and are gone then. A call in their place is known by all their nodes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Union

import numpy as np

from ..ir import patterns
from ..ir.graph import new_name
from ..ir.patterns import Matcher, Parts, Pattern
from ..ir.program import Argument, Call, Program, Ref, Statement, references, walk
from ..ir.types import Dim, TensorType, ValueType
from .traverse import count_reads, with_blocks

Match = patterns.Match[Statement]
Made = Union[Call, Mapping[int, Statement], None]
"""A call in place of the root, statements in the places of steps, by their ids, or nothing."""


class Rewrite(NamedTuple):
    """A pattern, and what takes its place."""

    pattern: Pattern
    make: Callable[[Block, Match], Made]


def rewritten(program: Program, *rules: Rewrite) -> Program:
    """Apply rules to a program and its bodies, each call's first that fits."""
    by_root: dict[Any, list[Rewrite]] = defaultdict(list)
    for rule in rules:
        by_root[rule.pattern[0]].append(rule)
    if not any(
        function_of(statement) in by_root for statement in walk(program.statements)
    ):
        return program
    values = Values(program.weights, dict(program.types))
    changed = with_blocks(
        program,
        lambda statements, outputs: Block(values, statements, outputs).rewritten(
            by_root
        ),
    )
    return replace(changed, types=values.types)


def function_of(statement: Statement) -> Callable[..., Any] | str | None:
    """Return the function that a statement calls, None if it is no call."""
    call = statement.operation
    return call.function if isinstance(call, Call) else None


@dataclass(frozen=True)
class Values:
    """What is known of the values of a program, and what rules add to it."""

    weights: Mapping[str, np.ndarray]
    types: dict[str, ValueType]

    def type(self, value: Argument | str) -> TensorType | None:
        """Return the type of a tensor, where known."""
        name = value.name if isinstance(value, Ref) else value
        kind = self.types.get(name) if isinstance(name, str) else None
        return kind if isinstance(kind, TensorType) else None

    def shape(self, value: Argument) -> tuple[Dim, ...]:
        """Return the lengths of the axes, none if their number is not known."""
        kind = self.type(value)
        return (kind.shape or ()) if kind else ()

    def is_constant(self, value: Argument) -> bool:
        """Whether a value is a weight."""
        return isinstance(value, Ref) and value.name in self.weights

    def new(self, name: str, kind: ValueType) -> str:
        """Return a name that nothing has, and note its type."""
        made = new_name(name, self.types, self.weights)
        self.types[made] = kind
        return made


@dataclass
class Block(Matcher[Statement]):
    """The statements of a program or of a body, as patterns are compared with them."""

    values: Values
    statements: Sequence[Statement]
    outputs: Sequence[str]
    makers: dict[str, Statement] = field(init=False)

    def __post_init__(self) -> None:
        self.uses = count_reads(self.statements, self.outputs)
        self.makers = {s.outputs[0]: s for s in self.statements if len(s.outputs) == 1}

    def rewritten(self, rules: Mapping[Any, Sequence[Rewrite]]) -> Iterator[Statement]:
        """Yield the statements after the rules, which are listed by their roots' functions."""
        new: dict[int, Statement | None] = {}
        for root in self.statements:
            for rule in rules.get(function_of(root), ()):
                match = self.find(rule.pattern, root)
                if match is None or not new.keys().isdisjoint(map(id, match.steps)):
                    continue  # part of it has gone into another call
                made = rule.make(self, match)
                if made is not None:
                    new.update((id(step), None) for step in match.steps)
                    if isinstance(made, Call):
                        made = {id(root): in_place(made, match)}
                    new.update(made)
                    break
        kept = (new.get(id(statement), statement) for statement in self.statements)
        yield from (statement for statement in kept if statement is not None)

    def function(self, step: Statement) -> Callable[..., Any] | str | None:
        """Return the function that a statement calls."""
        return function_of(step)

    def parts(self, step: Statement) -> Parts:
        """Return the arguments of a call."""
        call = step.operation
        assert isinstance(call, Call)
        return call.args, call.kwargs

    def reads(self, step: Statement) -> Iterator[str]:
        """Yield what a call reads."""
        return references(step.operation)

    def result(self, step: Statement) -> str:
        """Return the name of the one result of a call."""
        return step.outputs[0]

    def maker(self, operand: Argument) -> Statement | None:
        """Return the statement of this block that makes a value, and no other."""
        return self.makers.get(operand.name) if isinstance(operand, Ref) else None

    def number(self, operand: Argument) -> float | None:
        """Return a constant of one element that adds no axis."""
        if isinstance(operand, (int, float)) and not isinstance(operand, bool):
            return float(operand)
        array = (
            self.values.weights.get(operand.name) if isinstance(operand, Ref) else None
        )
        if array is None or array.size != 1 or array.ndim > 1:
            return None
        return float(array.reshape(())) if array.dtype.kind in "fiu" else None


def in_place(call: Call, match: Match) -> Statement:
    """Return the call in place of the root, with the labels of all that it stands for."""
    steps = match.steps[::-1]
    return replace(
        match.steps[0],
        operation=call,
        nodes=tuple(label for step in steps for label in step.nodes),
        literals=tuple(name for step in steps for name in step.literals),
    )
