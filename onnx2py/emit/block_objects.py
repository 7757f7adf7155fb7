"""How the objects of an outline are made: each by the object that calls it, if it has one alone.

O1  An instance that one object calls at one site -> made by that object's constructor.
O2  ... at several sites -> made once there, the attributes of the others are the same object.
O3  An instance that several objects call -> made by the model and passed to their constructors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .block_choices import Choices
from .block_given import Given, Shared, is_plain, key_of, leaves
from .block_parts import Parts
from .block_tree import PROGRAM, BlockTree, Site
from .block_values import Values, source_of
from .names import Wanted, assign_names, snake_case, unique_name
from .naming_blocks import plural
from .uses import Uses

Column = tuple[Given, ...]


@dataclass
class Objects:
    """Writes the lines that make the objects of blocks."""

    parts: Mapping[str, Parts]
    tree: BlockTree
    uses: Uses
    classes: Mapping[str, str]
    parameters: dict[str, dict[str, str]] = field(default_factory=dict)
    """The name of each constructor's parameters, by block and local name."""
    loading: dict[str, bool] = field(default_factory=dict)
    """Whether a constructor of a block, or of one that it makes, reads files."""

    def __post_init__(self) -> None:
        choices = Choices(self.parts.values(), self.classes.values())
        self.values = Values(self.uses, choices)
        self.homes: dict[tuple[str, int], set[tuple[str, tuple[int, ...]]]] = {}
        """The owner and the column of all sites that call an instance."""
        for owner, sites in self.tree.sites.items():
            for site in sites:
                for column in zip(*site.instances):
                    for number in column:
                        homes = self.homes.setdefault((site.block, number), set())
                        homes.add((owner, column))
        self.paths: dict[tuple[str, int], str] = {}
        for use in self.tree.uses:
            applied = self.parts[use.block].block.applications[use.number]
            self.paths.setdefault((use.block, applied.instance), use.path)

    def model_lines(self, taken: dict[str, int]) -> list[str]:
        """Return the lines with which the model makes its objects, the shared ones first."""
        wanted = {
            (value.block, value.number)
            for parts in self.parts.values()
            for column in parts.given.values()
            for value in leaves(column)
            if isinstance(value, Shared)
        }
        lines = []
        for block, parts in self.parts.items():  # each after those that it calls
            for number in sorted(n for name, n in wanted if name == block):
                attribute = unique_name(snake_case(self.classes[block]), taken)
                given = [
                    self.values.text(column[number]) for column in parts.given.values()
                ]
                call = self.call(block, self.paths[block, number], given)
                lines.append(f"self.{attribute} = {call}")
                self.values.shared[block, number] = attribute
        return lines + self.lines(PROGRAM)

    def lines(self, owner: str) -> list[str]:
        """Return the lines that make the objects that one object calls."""
        made: dict[tuple[str, tuple[int, ...]], str] = {}
        lines: list[str] = []
        for site in self.tree.sites.get(owner, ()):
            lines += self.site(owner, site, made)
        return lines

    def site(
        self, owner: str, site: Site, made: dict[tuple[str, tuple[int, ...]], str]
    ) -> list[str]:
        """Return the lines for one site; ``made`` has what was made before."""
        columns = [*zip(*site.instances)]
        target = f"self.{site.attribute}"
        if not site.is_loop:
            return [f"{target} = {self.one(owner, site, columns[0], '', target, made)}"]
        alone = [self.is_alone(owner, site.block, column) for column in columns]
        if len(set(columns)) == 1 and len(columns) > 1:
            one = self.one(owner, site, columns[0], ".0", f"{target}[0]", made)
            return [f"{target} = [{one}] * {len(columns)}"]
        new = all((site.block, column) not in made for column in columns)
        if all(alone) and new and len(set(columns)) == len(columns):
            for i, column in enumerate(columns):
                made[site.block, column] = f"{target}[{i}]"
            return [f"{target} = {self.comprehension(owner, site, columns)}"]
        before, names = [], []
        for i, column in enumerate(columns):
            name = f"{site.attribute}_{i}"
            one = self.one(owner, site, column, f".{i}", name, made)
            if "(" in one:
                before.append(f"{name} = {one}")
                one = name
            names.append(one)
        return [*before, f"{target} = [{', '.join(names)}]"]

    def is_alone(self, owner: str, block: str, column: tuple[int, ...]) -> bool:
        """Whether no other object calls the instances of a column."""
        home = {(owner, column)}
        return len(set(column)) == len(column) and all(
            self.homes[block, number] == home for number in column
        )

    def one(
        self,
        owner: str,
        site: Site,
        column: tuple[int, ...],
        suffix: str,
        target: str,
        made: dict[tuple[str, tuple[int, ...]], str],
    ) -> str:
        """Return the expression for one instance."""
        key = (site.block, column)
        if key in made:
            return made[key]
        made[key] = target
        if not self.is_alone(owner, site.block, column):
            given = tuple(Shared(site.block, number) for number in column)
            return self.passed(owner, site.attribute, given)
        return self.constructed(owner, site, f"{site.attribute}{suffix}", column)

    def constructed(
        self, owner: str, site: Site, path: str, column: tuple[int, ...]
    ) -> str:
        """Return the call of a constructor."""
        given = []
        for local, values in self.parts[site.block].given.items():
            rows = tuple(values[number] for number in column)
            name = self.parameters[site.block][local]
            given.append(self.passed(owner, f"{site.attribute}_{name}", rows))
        return self.call(site.block, path, given)

    def call(self, block: str, path: str, given: Sequence[str]) -> str:
        """Return the call of a constructor with arguments."""
        start: list[str] = []
        if self.loads(block):
            mark = "f" if "{" in path else ""
            start = [f'load.at({mark}"{path}")']
        return f"{self.classes[block]}({', '.join([*start, *given])})"

    def loads(self, block: str) -> bool:
        """Return whether a block's objects read files."""
        if block not in self.loading:
            inner = any(self.loads(s.block) for s in self.tree.sites.get(block, ()))
            parts = self.parts[block]
            self.loading[block] = bool(parts.files or parts.convolutions) or inner
        return self.loading[block]

    # ------------------------------------------------------------------ loops

    def comprehension(
        self, owner: str, site: Site, columns: Sequence[tuple[int, ...]]
    ) -> str:
        """Return a list of instances, which differ in their number and in what they are given."""
        given: list[str] = []
        variables: list[str] = []
        tables: list[tuple[str, list[str] | None]] = []
        for local, values in self.parts[site.block].given.items():
            rounds = [tuple(values[number] for number in column) for column in columns]
            name = self.parameters[site.block][local]
            if len({key_of(row) for row in rounds}) == 1:
                given.append(self.passed(owner, f"{site.attribute}_{name}", rounds[0]))
                continue
            variables.append(name)
            given.append(name)
            if owner == PROGRAM or all(_same_literal(row) for row in rounds):
                tables.append((name, [self.values.text(row[0]) for row in rounds]))
            else:
                rows = tuple(zip(*rounds))
                passed = self.passed(owner, f"{site.attribute}_{plural(name)}", rows)
                tables.append((passed, None))
        call = self.call(site.block, f"{site.attribute}.{{i}}", given)
        number = "i" if self.loads(site.block) else "_"
        if not tables:
            return f"[{call} for {number} in range({len(columns)})]"
        walked = source_of(tables)
        target = variables[0] if len(variables) == 1 else ", ".join(variables)
        if number == "_":
            return f"[{call} for {target} in {walked}]"
        target = target if len(variables) == 1 else f"({target})"
        return f"[{call} for i, {target} in enumerate({walked})]"

    # ------------------------------------------------------------------ arguments

    def passed(self, owner: str, name: str, rows: Column) -> str:
        """Return the argument that a constructor passes on, given each instance's own."""
        if owner == PROGRAM:
            return self.values.text(rows[0])
        if _same_literal(rows):
            return self.values.text(rows[0])
        parts, parameters = self.parts[owner], self.parameters.setdefault(owner, {})
        key = key_of(rows)
        for local, others in parts.given.items():
            if key_of(others) == key:
                return self.parameter(owner, local)
        local = unique_name(name, parts.taken)
        parts.given[local] = rows
        parameters[local] = local
        return local

    def parameter(self, owner: str, local: str) -> str:
        """Return the name of a parameter of a constructor."""
        parameters = self.parameters.setdefault(owner, {})
        if local not in parameters:
            taken = dict.fromkeys(("load", "i", *parameters.values()), 0)
            parameters[local] = unique_name(_identifier(local), taken)
        return parameters[local]

    def name_parameters(self, block: str, names: Mapping[str, str]) -> None:
        """Call what a constructor is given as the attribute that holds it."""
        parameters = self.parameters.setdefault(block, {})
        taken = dict.fromkeys(("load", "name", "i", *parameters.values()), 0)
        for local in self.parts[block].given:
            if local in names and local not in parameters:
                parameters[local] = unique_name(names[local], taken)


def _same_literal(rows: Column) -> bool:
    return len({key_of(row) for row in rows}) == 1 and is_plain(rows[0])


def _identifier(local: str) -> str:
    return assign_names([Wanted(local, "value")])[local]
