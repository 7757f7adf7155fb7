"""Settings of a block that are tuples or slices: only what differs in them is a setting.

``pads`` of (0, 0, 0, 64) in one instance and (0, 0, 0, 32) in another is (0, 0, 0, self.pad).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..ir.blocks import Block, Setting, mapped
from ..ir.graph import new_name
from ..ir.program import Apply, Argument, Kernel, Ref, Repeat, Statement
from .block_given import key_of


@dataclass
class Settings:
    """The settings of a block, and its statements over them."""

    block: Block
    taken: dict[str, int]
    columns: dict[str, tuple[Setting, ...]] = field(default_factory=dict)
    """What each instance has for a setting."""
    arguments: dict[str, Argument] = field(default_factory=dict)
    """What stands in the place of a setting of the block."""
    _known: dict[Any, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.block.settings:
            column = tuple(i.settings[name] for i in self.block.instances)
            kernel = any(isinstance(value, Kernel) for value in column)
            if kernel or len(column) == 1:
                self.columns[name] = column
            else:
                self.arguments[name] = self.opened(name, column)

    def opened(self, name: str, column: Sequence[Any]) -> Any:
        """Return a value that all instances have, but for settings where they differ."""
        if len({key_of(value) for value in column}) == 1:
            return column[0]
        tuples = all(isinstance(value, tuple) for value in column)
        if tuples and len({len(value) for value in column}) == 1:
            part = name[:-1] if len(name) > 2 and name.endswith("s") else name
            return tuple(self.opened(part, each) for each in zip(*column))
        if all(isinstance(value, slice) for value in column):
            ends = ("start", "stop", "step")
            columns = [[getattr(value, end) for value in column] for end in ends]
            return slice(*map(self.opened, ends, columns))
        return Ref(self.setting(name, tuple(column)))

    def setting(self, name: str, column: tuple[Setting, ...]) -> str:
        """Return the name of a setting with these values."""
        key = key_of(column)
        if key not in self._known:
            if name in self.taken and name not in self.block.settings:
                name = new_name(name, self.taken)
            elif name in self.columns:
                name = new_name(name, self.columns, self.taken)
            self.taken[name] = 0
            self.columns[name] = column
            self._known[key] = name
        return self._known[key]

    def statements(self, statements: Iterable[Statement]) -> Iterator[Statement]:
        """Yield statements over these settings; calls of blocks stay the same objects."""
        for statement in statements:
            if isinstance(statement.operation, (Apply, Repeat)):
                yield statement
                continue
            operation = mapped(
                statement.operation, self.argument, lambda n: n, self.statements
            )
            yield replace(statement, operation=operation)

    def argument(self, value: Argument) -> Argument:
        """Return an argument, in which settings are replaced by their parts."""
        if isinstance(value, Ref):
            return self.arguments.get(value.name, value)
        return value
