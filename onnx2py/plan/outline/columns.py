"""Columns: what stands in one place of all windows of a block, and what it becomes (rule G6).

Columns of values become inputs, columns of constants weights, columns of literals settings if they
are not equal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from ...errors import InternalError
from ...ir.blocks import (
    Chosen,
    Setting,
    has_references,
    key_of,
    mapped_statement,
    without_memory,
)
from ...ir.graph import new_name
from ...ir.memory import is_uniform
from ...ir.program import (
    CONTINUATION,
    Argument,
    Call,
    Kernel,
    Ref,
    Statement,
    references,
)
from ...traits.kernels import is_choice
from .windows import Passing, Window, argument_names, collect, is_passing, same


@dataclass
class Row:
    """One window, whose inner windows are calls of blocks already."""

    window: Window
    statements: tuple[Statement, ...]
    names: list[str] = field(default_factory=list)
    """What its statements define, in order, the inputs of bodies too."""
    slots: list[Argument] = field(default_factory=list)
    """References and literals, in order."""
    local: dict[str, str] = field(default_factory=dict)
    """What the block calls a value."""
    weights: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Setting] = field(default_factory=dict)

    @cached_property
    def place(self) -> dict[str, int]:
        """The place of what is defined."""
        return {name: i for i, name in enumerate(self.names) if name}

    @cached_property
    def passed(self) -> dict[str, str]:
        """What the results of calls that are left out stand for."""
        calls = ((s.operation, s.outputs[0]) for s in self.statements if is_passing(s))
        return {output: next(references(operation)) for operation, output in calls}


class UniformWeights:
    """Which weights are equal by chance: vectors of one number, before any training.

    Exporters put them together, and so zeros are the bias of all that has one.
    """

    def __init__(self, weights: Mapping[str, np.ndarray]) -> None:
        self.weights, self.known = weights, dict[str, bool]()

    def __call__(self, name: str) -> bool:
        """Return whether a constant is such a vector."""
        if name not in self.known:
            array = self.weights.get(name)
            self.known[name] = array is not None and is_uniform(array)
        return self.known[name]


class Columns:
    """The places of arguments over all windows of a block, and what each becomes."""

    def __init__(
        self, rows: Sequence[Row], constants: set[str], is_uniform: UniformWeights
    ) -> None:
        self.rows, self.constants = rows, constants
        self.is_uniform = is_uniform
        if len({len(row.statements) for row in rows}) != 1:
            raise self.unlike("their number of statements")
        self.taken: set[str] = set()
        for statement in rows[0].statements:
            collect(statement, self._take, self.taken.add)
        self.made: dict[Any, str] = {}
        """What the block calls a column."""
        self._given: dict[str, tuple[str, ...]] = {}
        self.plain = [
            self._plain([row.statements[j] for row in rows])
            for j in range(len(rows[0].statements))
        ]
        for j, statements in enumerate(self.plain):
            for row, statement in zip(rows, statements):
                collect(statement, row.slots.append, row.names.append)
            if len({len(row.slots) for row in rows}) != 1:
                raise self.unlike(f"the arguments of statement {j}")
        first = rows[0]
        for row in rows:
            if len(row.names) != len(first.names):
                raise self.unlike("their number of results")
            row.local.update(
                (name, own) for name, own in zip(row.names, first.names) if name
            )

    def _take(self, argument: Argument) -> None:
        if isinstance(argument, Ref):
            self.taken.add(argument.name)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the inputs, in the order of their first use."""
        return tuple(self._given)

    def given(self, number: int) -> tuple[str, ...]:
        """Return which values a window gives to the inputs."""
        return tuple(column[number] for column in self._given.values())

    def unlike(self, what: str) -> InternalError:
        """Return the error for windows that are not alike."""
        return InternalError(f"block {self.rows[0].window.block}: {what} differ")

    def _plain(self, statements: Sequence[Statement]) -> list[Statement]:
        """Return one statement of each window without ``out``; what differs is a kernel."""
        bare = [without_memory(s) for s in statements]
        calls = [s.operation for s in bare if isinstance(s.operation, Call)]
        if len(calls) != len(bare):
            return bare
        options = [
            {k: v for k, v in c.kwargs.items() if not _is_of_call(k, v)} for c in calls
        ]
        present = next(c for c in calls if not isinstance(c.function, Passing))
        if is_choice(present.function):
            kinds = len({key_of(Kernel(c.function, o)) for c, o in zip(calls, options)})
        else:
            kinds = len({(key_of(c.function), *c.kwargs) for c in calls})
        if kinds == 1:
            return bare
        name = self.new_setting("kernel")
        optional = any(isinstance(call.function, Passing) for call in calls)
        for row, call, own in zip(self.rows, calls, options):
            left_out = isinstance(call.function, Passing)
            row.settings[name] = None if left_out else Kernel(call.function, own)
        return [
            replace(
                statement,
                operation=replace(
                    call,
                    function=Chosen(name, optional),
                    kwargs={k: v for k, v in call.kwargs.items() if _is_of_call(k, v)},
                ),
            )
            for statement, call in zip(bare, calls)
        ]

    def new_setting(self, name: str) -> str:
        """Return a name for a setting, which no value has."""
        return new_name(name, self.rows[0].settings, self.taken)

    def statements(self) -> Iterator[Statement]:
        """Yield the statements of the block."""
        place = 0
        for number, statements in enumerate(self.plain):
            hints = iter(argument_names(statements[0].operation))
            places = iter(range(place, len(self.rows[0].slots)))
            reader = statements[0].scopes or number

            def argument(_: Argument) -> Argument:
                place, hint = next(places), next(hints, "value")  # noqa: B023
                return self.column(place, hint, reader)  # noqa: B023

            yield mapped_statement(statements[0], argument, same)
            place = next(places, len(self.rows[0].slots))

    def column(self, place: int, hint: str, reader: Any) -> Argument:
        """Return the argument of the block for those of the windows."""
        slots = [row.slots[place] for row in self.rows]
        refs = [slot.name for slot in slots if isinstance(slot, Ref)]
        if not refs:
            return self.literal(slots, hint)
        if len(refs) != len(slots):
            raise self.unlike(f"{hint}: a value and a literal")
        inside = {row.place.get(name) for row, name in zip(self.rows, refs)}
        if inside != {None}:
            if len(inside) > 1:
                raise self.unlike(f"{hint}: the results that it refers to")
            return slots[0]
        if self.constants.issuperset(refs):
            return self.weight(tuple(refs), (reader, hint))
        return self.value(tuple(refs))

    def literal(self, slots: Sequence[Argument], hint: str) -> Argument:
        """Return a literal, or a setting if it is not the same in all windows."""
        keys = tuple(map(key_of, slots))
        if len(set(keys)) == 1:
            return slots[0]
        if keys not in self.made:
            name = self.made[keys] = self.new_setting(hint)
            for row, slot in zip(self.rows, slots):
                row.settings[name] = slot
        return Ref(self.made[keys])

    def weight(self, names: tuple[str, ...], use: Any) -> Ref:
        """Return a constant of the block: of those that are equal by chance, one for each use."""
        key = ("weight", names, use if all(map(self.is_uniform, names)) else ())
        if key not in self.made:
            self.made[key] = self.fresh(next(filter(None, names)), "weight")
            for row, name in zip(self.rows, names):
                row.weights[self.made[key]] = name
        return Ref(self.made[key])

    def value(self, names: tuple[str, ...]) -> Ref:
        """Return an input of the block."""
        key = ("value", names)
        if key not in self.made:
            name = self.made[key] = self.fresh(names[0], "value")
            self._given[name] = names
            for row, given in zip(self.rows, names):
                row.local.setdefault(given, name)
        return Ref(self.made[key])

    def fresh(self, name: str, kind: str) -> str:
        """Return a name of its own for a column whose first element has that name."""
        used = {made for key, made in self.made.items()}
        if name not in used:
            return name
        return new_name(name, used | self.taken)


def _is_of_call(option: str, value: Argument) -> bool:
    """Whether an option stays with a call whose kernel is a setting."""
    return has_references(value) or option in CONTINUATION
