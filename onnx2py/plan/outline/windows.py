"""Windows: runs of statements that the search has chosen, each of which becomes a call of a block.

Windows of one block are alike: the same operations, whose arguments are the same results of the
window or come from outside in all of them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ...ir.blocks import mapped_statement
from ...ir.program import Apply, Argument, Call, Operation, Statement, bodies_of


@dataclass(frozen=True)
class Window(Apply):
    """A run of statements that becomes a call of a block; ``block`` is its name."""

    statements: tuple[Statement, ...] = ()


ABSENT = ""
"""In place of the constants of a call that a window leaves out."""


@dataclass(frozen=True)
class Passing:
    """The function of a call that a window leaves out: it returns its first argument."""

    __name__ = "passing"

    def __call__(self, x: Any, *_: Any) -> Any:
        """Return the first argument."""
        return x


def is_passing(statement: Statement) -> bool:
    """Whether a statement stands for a call that its window leaves out."""
    operation = statement.operation
    return isinstance(operation, Call) and isinstance(operation.function, Passing)


def windows_in(statements: Iterable[Statement]) -> Iterator[Window]:
    """Yield windows, each before those in it."""
    for statement in statements:
        operation = statement.operation
        if isinstance(operation, Window):
            yield operation
            yield from windows_in(operation.statements)
        for body in bodies_of(operation):
            yield from windows_in(body.statements)


def collect(
    statement: Statement,
    argument: Callable[[Argument], Any],
    name: Callable[[str], Any],
) -> None:
    """Hand over the arguments of a statement, and the names that it defines."""

    def noted(value: Argument) -> Argument:
        argument(value)
        return value

    def named(value: str) -> str:
        name(value)
        return value

    mapped_statement(statement, noted, named)


def argument_names(operation: Operation) -> Iterator[str]:
    """Yield what each argument of a call is for, in the order of :func:`mapped`."""
    if not isinstance(operation, Call):
        return
    try:
        parameters = [*inspect.signature(operation.function).parameters]  # type: ignore[arg-type]
    except (TypeError, ValueError):
        parameters = []
    names = [*parameters[: len(operation.args)]]
    names += ["value"] * (len(operation.args) - len(names))
    for name, value in (*zip(names, operation.args), *operation.kwargs.items()):
        slots: list[Argument] = []
        collect(Statement(Call("", (value,)), (), ()), slots.append, same)
        yield from [name] * len(slots)


def same(value: Any) -> Any:
    """Return the value."""
    return value
