"""The variables of loops over instances of a block.

L1  An input that all rounds are given alike -> the value itself.
L2  An input that is an output of the round before -> a variable that the loop assigns again. It
    is the variable of its first value if nothing else reads that, else it starts as a copy.
L3  An input that differs -> ``zip`` of the instances and the values.
L4  An output that is read after the loop, other than that of the last round -> a list.
L5  What one call of a block transforms for the next -> one variable as well: x = self.stem(x).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..ir.program import Apply, Repeat, Section, Statement, bodies_of, references, walk
from .branches import results_inside, stands_inside
from .names import unique_name
from .naming_blocks import HIDDEN, MAIN, plural, rounds_of


@dataclass
class Looped:
    """How a loop is written."""

    starts: list[tuple[str, str]] = field(default_factory=list)
    """Variables that are assigned before the loop, and the values that they start from."""
    walked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    """Variables that the loop walks, and their values in each round."""
    targets: list[str] = field(default_factory=list)
    lists: list[tuple[str, str]] = field(default_factory=list)
    """Lists, and the variable that is added to each in a round."""
    inputs: list[tuple[str, str]] = field(default_factory=list)
    """For each input, the value that all rounds are given, or else a variable."""


@dataclass
class LoopVariables:
    """Names the variables of all loops in one function and in the bodies below it."""

    names: dict[str, str]
    """The Python name of every value; changed here where loops assign one again."""
    own: Mapping[str, Mapping[str, str]]
    """The names within each block."""
    signatures: Mapping[str, tuple[Sequence[str], Sequence[str]]]
    """The inputs and outputs of each block."""
    mains: Mapping[str, str]
    """The input that each block transforms, '' if none is only that."""
    lasting: frozenset[str]
    """Values that no loop assigns again: what the caller of the model gave."""
    taken: dict[str, int]
    parts: dict[str, str] = field(default_factory=dict)
    """The expressions for values that are elements of a list."""
    loops: dict[int, Looped] = field(default_factory=dict)
    """By the identity of the statement."""
    _inside: dict[str, list[str]] = field(default_factory=dict)
    """What branches that stand in an ``if`` compute for each of its results."""
    _shared: set[str] = field(default_factory=set)
    """Values whose variable a loop assigns again."""

    def name(self, statements: Sequence[Statement], outputs: Sequence[str]) -> None:
        """Name the variables of loops among statements that return ``outputs``."""
        later: set[str] = set(outputs)
        after: list[set[str]] = []
        self.look_inside(statements)
        reads: Counter[str] = Counter(outputs)
        for statement in reversed(statements):
            calls = isinstance(statement.operation, (Apply, Repeat, Section))
            after.append(set(later) if calls else set())
            later.update(read := [*_reads(statement)])
            reads.update(read)
        for value in self.transformed(statements):
            reads[value] -= 1
        made = {name for s in statements for name in s.outputs}
        for statement, read_later in zip(statements, reversed(after)):
            if isinstance(statement.operation, Repeat):
                self.loops[id(statement)] = self.loop(statement, read_later, made)
            elif isinstance(statement.operation, Apply):
                self.call(statement, read_later, reads)
            for body in bodies_of(statement.operation):
                kept = body.outputs
                if isinstance(statement.operation, Section):
                    # a value has one name, in the method and around it
                    kept = (*kept, *(n for n in body.captures if n in read_later))
                self.name(body.statements, kept)

    def look_inside(self, statements: Sequence[Statement]) -> None:
        """Note the values that have the names of results, as they are assigned in an ``if``."""
        for statement in statements:
            if stands_inside(statement.operation):
                for body in bodies_of(statement.operation):
                    for value, result in results_inside(
                        body, statement.outputs
                    ).items():
                        self._inside.setdefault(result, []).append(value)

    def transformed(self, statements: Sequence[Statement]) -> Iterator[str]:
        """Yield the values that calls of blocks transform."""
        for statement in statements:
            operation = statement.operation
            if isinstance(operation, (Apply, Repeat)) and self.mains[operation.block]:
                place = self.signatures[operation.block][0].index(
                    self.mains[operation.block]
                )
                yield rounds_of(operation)[0][place].name

    def call(
        self, statement: Statement, later: set[str], others: Mapping[str, int]
    ) -> None:
        """Let one variable hold what a call transforms and its result (rule L5).

        ``others`` counts the places that read a value, and do more than transform it.
        """
        call = statement.operation
        assert isinstance(call, Apply)
        inputs, outputs = self.signatures[call.block]
        main = self.mains[call.block]
        if not main or len(outputs) != 1:
            return
        (result,) = statement.outputs
        first = call.arguments[inputs.index(main)].name
        given = [ref.name for ref in call.arguments]
        free = first in self.names and first not in self.parts
        free = free and first not in later | self.lasting and given.count(first) == 1
        if free and (first in self._shared or others[result] == 0):
            variable = self.carried(self.own[call.block][main], first, free, Looped())
            self.rename(result, variable)
            self._shared.add(result)

    def rename(self, value: str, name: str) -> None:
        """Give a value another name; the old one is free if nothing else has it."""
        old, self.names[value] = self.names.get(value, ""), name
        if old != name and old not in self.names.values():
            self.taken.pop(old, None)
        for inner in self._inside.get(value, ()):
            self.rename(inner, name)

    def loop(self, statement: Statement, later: set[str], made: set[str]) -> Looped:
        """Return how one loop is written; ``later`` are the values that are read after it."""
        loop = statement.operation
        assert isinstance(loop, Repeat)
        inputs, outputs = self.signatures[loop.block]
        own = self.own[loop.block]
        count = len(outputs)
        rounds = [
            statement.outputs[i : i + count]
            for i in range(0, len(statement.outputs), count)
        ]
        roles = [_role(column, rounds) for column in zip(*loop.rounds)]
        looped = Looped()
        given = [ref.name for ref in loop.rounds[0]]
        fixed = {
            name
            for role, column in zip(roles, zip(*loop.rounds))
            if not isinstance(role, int)
            for name in (ref.name for ref in column)
        }
        variables: dict[int, str] = {}
        for place, role in enumerate(roles):
            if isinstance(role, int) and role not in variables:
                first = given[place]
                free = first not in later | fixed | self.lasting
                free = free and first in self.names and first not in self.parts
                free = free and first in made | {*self.names}
                others = [
                    given[p]
                    for p, r in enumerate(roles)
                    if r != role and isinstance(r, int)
                ]
                free = free and first not in others
                variables[role] = self.carried(own[inputs[place]], first, free, looped)
        for number, output in enumerate(outputs):
            made_here = [values[number] for values in rounds]
            wanted = self.shared(made_here) or own[output]
            variable = variables.get(number) or unique_name(wanted, self.taken)
            looped.targets.append(variable)
            self.output((variable, wanted), made_here, later, looped)
        for place, role in enumerate(roles):
            if isinstance(role, int):
                looped.inputs.append(("", variables[role]))
            elif role == "same":
                looped.inputs.append((given[place], ""))
            else:
                values = tuple(call[place].name for call in loop.rounds)
                wanted = self.shared(values) or own[inputs[place]]
                variable = unique_name(wanted, self.taken)
                looped.walked.append((variable, values))
                looped.inputs.append(("", variable))
        return looped

    def shared(self, values: Sequence[str]) -> str:
        """Return the words that the names of values share, empty if there are none."""
        columns = [*zip(*(self.names.get(v, "").split("_") for v in values))]
        rows = [name.split("_") for name in (self.names.get(v, "") for v in values)]
        if len({len(row) for row in rows}) > 1:
            return ""
        words = [column[0] for column in columns if len(set(column)) == 1]
        return "_".join(w for w in words if not w.isdigit()).strip("_")

    def carried(self, wanted: str, first: str, free: bool, looped: Looped) -> str:
        """Return the variable of an output that the next round is given."""
        is_named = free and self.names[first] == wanted
        if is_named and [*self.names.values()].count(wanted) == 1:  # not in a body
            self._shared.add(first)
        if free and first in self._shared:
            return self.names[first]
        if wanted == MAIN and wanted in self.taken:
            wanted = HIDDEN
        variable = unique_name(wanted, self.taken)
        if free:
            self.rename(first, variable)
            self._shared.add(first)
        else:
            looped.starts.append((variable, first))
        return variable

    def output(
        self,
        names: tuple[str, str],
        values: Sequence[str],
        later: set[str],
        looped: Looped,
    ) -> None:
        """Name what one output is after the loop: a variable, or a list named after it."""
        variable, wanted = names
        read = [place for place, value in enumerate(values) if value in later]
        if not set(read) <= {len(values) - 1}:
            name = unique_name(plural(wanted, "_all"), self.taken)
            looped.lists.append((name, variable))
            self.parts.update((v, f"{name}[{i}]") for i, v in enumerate(values))
        else:
            self.names[values[-1]] = variable
            self._shared.add(values[-1])


def _role(column: Sequence[object], rounds: Sequence[Sequence[str]]) -> int | str:
    """Return the number of the output that a round is given from the one before, or how else."""
    names = [getattr(ref, "name", "") for ref in column]
    if len(set(names)) == 1:
        return "same"
    for number, _ in enumerate(rounds[0]):
        if all(n == made[number] for n, made in zip(names[1:], rounds)):
            return number
    return "each"


def _reads(statement: Statement) -> Iterator[str]:
    """Yield what a statement reads, its bodies included."""
    for each in walk((statement,)):
        yield from references(each.operation)
        for body in bodies_of(each.operation):
            yield from (*body.outputs, *body.captures)
