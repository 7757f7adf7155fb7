"""The methods that one class has for the bodies of control flow and for functions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from ..ir.program import Body, Section, Statement
from .joined_branches import JoinedBranches
from .names import snake_case, unique_name
from .section_names import method_names


@dataclass
class Methods:
    """Names of methods; a body that reads the same as an earlier one is that one's method."""

    taken: dict[str, int]
    """All names of the class, for what needs one of its own."""
    statements: Sequence[Statement] = ()
    """Those of the call: sections are methods too."""
    values: Mapping[str, str] = field(default_factory=dict)
    """The names of values."""
    attributes: Collection[str] = ()
    """Attributes that hold objects: paths of values begin with them, or with a method."""
    names: dict[tuple[str, str, str], str] = field(default_factory=dict)
    """The name of each method, by its owner, its body's name and its text."""
    of: dict[int, str] = field(default_factory=dict)
    """The name of the method for each body, by its identity."""
    inside: dict[int, str] = field(default_factory=dict)
    """For each body that stands in an ``if``: ``result.then``, where that is the result."""
    branches: JoinedBranches = field(default_factory=JoinedBranches)
    """The ``If``s that were joined."""
    conditional: set[str] = field(default_factory=set)
    """The results of ``If`` that are conditional expressions."""
    joined: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """For the results of expressions, the values of the views inside (see ``chains``)."""

    instances: dict[tuple[str, str], str] = field(default_factory=dict)
    """The variable of loops over objects, by their class and what it was to be called."""

    def __post_init__(self) -> None:
        operations = (statement.operation for statement in self.statements)
        bodies = [each.body for each in operations if isinstance(each, Section)]
        named = zip(bodies, method_names(self.statements, self.values))
        self.sections = {id(body): name for body, name in named}
        """The name of each section, by the identity of its body."""

    def fresh(self, name: str) -> str:
        """Return a name that nothing else has."""
        return unique_name(name, self.taken)

    def instance(self, kind: str, name: str) -> str:
        """Return the name of the variable for one of a class's objects: loops share it."""
        if (kind, name) not in self.instances:
            self.instances[kind, name] = self.fresh(name)
        return self.instances[kind, name]

    def scope(self, body: Body, around: str) -> str:
        """Return the prefix of names in a body; ``around`` is that of its function."""
        if id(body) in self.inside:
            return f"{around}{self.inside[id(body)]}."
        return f"{self.of.get(id(body), '').strip('_')}."

    def place(self, body: Body, owner: str, text: str) -> tuple[str, bool]:
        """Return the name of the method for a body, and whether the method is new."""
        key = (owner, body.name, text)
        is_new = key not in self.names
        if is_new:
            name = snake_case(f"{owner}_{body.name}") or "function"
            while (method := self.fresh(f"_{name}"))[1:] in self.attributes:
                continue
            self.names[key] = method
        self.of[id(body)] = self.names[key]
        return self.names[key], is_new
