"""Neighboring ``If``s of one condition as one ``if``: it is asked once, and reads as one choice.

Conditional expressions alone stay lines of their own, which is shorter. What a branch of the
second computes must not depend on where the first assigns its results: at the end of its branch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..ir.program import Body, Branch, Call, Statement, bodies_of, references
from ..traits.kernels import kernel_traits
from .branches import MOST, stands_inside


@dataclass
class JoinedBranches:
    """The statements that were joined, by the identity of what they became."""

    parts: dict[int, tuple[Branch, tuple[Statement, ...]]] = field(default_factory=dict)
    """The one ``If``, which keeps its identity, and the statements that it stands for."""

    def of(self, branch: Branch) -> tuple[Statement, ...]:
        """Return the statements that an ``If`` stands for, none if it is one of them."""
        return self.parts[id(branch)][1] if id(branch) in self.parts else ()

    def joined(
        self,
        statements: Sequence[Statement],
        names: Mapping[str, str],
        is_line: Sequence[bool],
    ) -> Iterator[Statement]:
        """Yield statements with neighbors as one, unless all of these are lines."""
        start = 0
        while start < len(statements):
            end = start + 1
            while end < len(statements) and _fit(statements[start : end + 1], names):
                end += 1
            run = tuple(statements[start:end])
            if len(run) > 1 and not all(is_line[start:end]):
                yield self._one(run)
            else:
                yield from run
            start = end

    def _one(self, run: tuple[Statement, ...]) -> Statement:
        branches = [s.operation for s in run if isinstance(s.operation, Branch)]
        first = replace(
            branches[0],
            then_body=_body([branch.then_body for branch in branches]),
            else_body=_body([branch.else_body for branch in branches]),
        )
        self.parts[id(first)] = (first, run)
        return replace(
            run[0],
            operation=first,
            outputs=tuple(name for s in run for name in s.outputs),
            nodes=tuple(node for s in run for node in s.nodes),
            literals=tuple(name for s in run for name in s.literals),
            frees=tuple(name for s in run for name in s.frees),
        )


def _body(bodies: Sequence[Body]) -> Body:
    """Return a body that makes what several make, one after the other."""
    captures = dict.fromkeys(name for body in bodies for name in body.captures)
    return Body(
        bodies[0].name,
        (),
        tuple(captures),
        tuple(name for body in bodies for name in body.outputs),
        tuple(statement for body in bodies for statement in body.statements),
    )


def _fit(run: Sequence[Statement], names: Mapping[str, str]) -> bool:
    """Whether the last of the statements may be one ``if`` with those before, which are."""
    *before, last = run
    operations = [statement.operation for statement in run]
    branches = [o for o in operations if isinstance(o, Branch) and stands_inside(o)]
    if len(branches) < len(run) or branches[0].condition != branches[-1].condition:
        return False
    both = zip(*map(bodies_of, branches))
    if any(sum(len(body.statements) for body in each) > MOST for each in both):
        return False
    if any(s.frees for s in before) and not _makes_views(branches[-1]):
        return False  # what is freed would be held while new arrays are made
    read, made = _read(last), {n for s in before for n in s.outputs if n}
    given = {names.get(n) for s in before for n in _read(s)}
    assigned = {names.get(n) for n in (*last.outputs, *_inner(last)) if n}
    return made.isdisjoint(read) and given.isdisjoint(assigned)


def _makes_views(branch: Branch) -> bool:
    calls = (s.operation for body in bodies_of(branch) for s in body.statements)
    return all(isinstance(c, Call) and kernel_traits(c.function).view for c in calls)


def _read(statement: Statement) -> set[str]:
    """Return the values that an ``If`` and its bodies read, or give as they are."""
    read = set(references(statement.operation))
    for body in bodies_of(statement.operation):
        read.update(body.outputs)
        read.update(n for s in body.statements for n in references(s.operation))
    return read


def _inner(statement: Statement) -> Iterator[str]:
    """Yield what the bodies of an ``If`` compute."""
    for body in bodies_of(statement.operation):
        for each in body.statements:
            yield from each.outputs
