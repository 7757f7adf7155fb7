"""The expressions for the values of a program in the methods of one class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Spelling:
    """A value is a variable, an attribute of the instance, or a literal."""

    names: Mapping[str, str]
    """The Python name of every value."""
    attributes: Mapping[str, str]
    """The attribute that holds a constant."""
    literals: Mapping[str, str]
    """The constants that stand where they are read."""
    fixed: Set[str]
    """The values of the setup that calls read: attributes too."""
    modules: Mapping[str, str] = field(default_factory=dict)
    """The expressions for objects that are called, by the names that calls have for them."""
    owner: str = "self."
    """What stands before attributes: nothing if they are whole expressions."""

    def is_literal(self, value: str) -> bool:
        """Return whether a value is written where it is read."""
        return value in self.literals

    def is_attribute(self, value: str) -> bool:
        """Return whether the instance holds a value."""
        return value in self.attributes or value in self.fixed

    def is_variable(self, value: str) -> bool:
        """Return whether a value is a parameter or a local variable."""
        return not (self.is_attribute(value) or self.is_literal(value))

    def expression(self, value: str) -> str:
        """Return the expression for a value."""
        if value in self.literals:
            return self.literals[value]
        attribute = self.attributes.get(value)
        return f"{self.owner}{attribute}" if attribute else self.target(value)

    def target(self, value: str) -> str:
        """Return the left side of the assignment of a value; ``_`` if nothing reads it."""
        if not value:
            return "_"
        name = self.names[value]
        return f"self.{name}" if value in self.fixed else name

    def targets(self, values: tuple[str, ...]) -> str:
        """Return the left side of an assignment of a tuple."""
        return tuple_text([self.target(value) for value in values])


def tuple_text(names: Sequence[str]) -> str:
    """Return the left side of an assignment to names."""
    return f"({names[0]},)" if len(names) == 1 else ", ".join(names)
