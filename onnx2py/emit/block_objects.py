"""How the objects of an outline are made: each by the object that calls it, if it has one alone.

O1  An instance that one object calls at one site -> made by that object's constructor.
O2  ... at several sites -> made once there, the attributes of the others are the same object.
O3  An instance that several objects call -> made by the model and passed to their constructors.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..ir.blocks import Kernel
from .block_choices import Choices
from .block_given import Choice, Constant, Given, Shared, is_plain, key_of, leaves
from .block_parts import Parts
from .block_tree import PROGRAM, BlockTree, Site
from .literals import array_literal, dtype_literal, function_name, literal, scalar_text
from .names import Wanted, assign_names, snake_case, unique_name
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
    constants: dict[str, str] = field(default_factory=dict)
    """The expression for each constant that the model passes on."""
    shared: dict[tuple[str, int], str] = field(default_factory=dict)
    """The attribute of the model that holds an instance that several objects call."""

    def __post_init__(self) -> None:
        self.choices = Choices(self.parts.values(), self.classes.values())
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
                given = [self.text(column[number]) for column in parts.given.values()]
                call = self.call(block, self.paths[block, number], given)
                lines.append(f"self.{attribute} = {call}")
                self.shared[block, number] = attribute
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
                tables.append((name, [self.text(row[0]) for row in rounds]))
            else:
                rows = tuple(zip(*rounds))
                passed = self.passed(owner, f"{site.attribute}_{_plural(name)}", rows)
                tables.append((passed, None))
        call = self.call(site.block, f"{site.attribute}.{{i}}", given)
        number = "i" if self.loads(site.block) else "_"
        if not tables:
            return f"[{call} for {number} in range({len(columns)})]"
        walked = _walked(tables)
        target = variables[0] if len(variables) == 1 else ", ".join(variables)
        if number == "_":
            return f"[{call} for {target} in {walked}]"
        target = target if len(variables) == 1 else f"({target})"
        return f"[{call} for i, {target} in enumerate({walked})]"

    # ------------------------------------------------------------------ arguments

    def passed(self, owner: str, name: str, rows: Column) -> str:
        """Return the argument that a constructor passes on, given each instance's own."""
        if owner == PROGRAM:
            return self.text(rows[0])
        if _same_literal(rows):
            return self.text(rows[0])
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

    def text(self, value: Given) -> str:
        """Spell what the model passes to a constructor."""
        if isinstance(value, Constant):
            return self.constants[value.name]
        if isinstance(value, Shared):
            return f"self.{self.shared[value.block, value.number]}"
        if isinstance(value, Choice):
            return self.choices.name(value)
        if isinstance(value, Kernel):
            return self.kernel(value)
        if isinstance(value, np.generic):
            array = np.asarray(value)
            return f"{dtype_literal(array.dtype, self.uses)}({scalar_text(array)})"
        if isinstance(value, np.ndarray):
            return array_literal(value, self.uses)
        if isinstance(value, tuple):
            items = ", ".join(map(self.text, value))
            return f"({items},)" if len(value) == 1 else f"({items})"
        if isinstance(value, slice):
            bounds = (value.start, value.stop, value.step)
            return f"slice({', '.join(map(self.text, bounds))})"
        if isinstance(value, type(Ellipsis)):
            return "..."
        return literal(value, self.uses)

    def kernel(self, kernel: Kernel) -> str:
        """Spell a function with its options."""
        function = kernel.function
        if isinstance(function, str):
            name = f"np.ndarray{function}"
        else:
            name = function_name(function, self.uses)
        if not kernel.options:
            return name
        options = (f"{k}={self.text(v)}" for k, v in kernel.options.items())
        return f"{self.uses.name('functools', 'partial')}({name}, {', '.join(options)})"


def _same_literal(rows: Column) -> bool:
    return len({key_of(row) for row in rows}) == 1 and is_plain(rows[0])


def _walked(tables: Sequence[tuple[str, list[str] | None]]) -> str:
    """Return the source of a comprehension: one table of literals, or several."""
    if all(rows is not None for _, rows in tables):
        columns = [rows for _, rows in tables if rows is not None]
        if len(columns) == 1:
            return f"({', '.join(columns[0])})"
        rows = [f"({', '.join(row)})" for row in zip(*columns)]
        return f"({', '.join(_runs(rows))})"
    each = [name if rows is None else f"({', '.join(rows)})" for name, rows in tables]
    return each[0] if len(each) == 1 else f"zip({', '.join(each)})"


def _runs(rows: Sequence[str]) -> Iterator[str]:
    """Yield rows; equal ones that follow each other are a list that is repeated."""
    for row, equal in itertools.groupby(rows):
        count = len([*equal])
        yield f"*[{row}] * {count}" if count > 1 else row


def _plural(name: str) -> str:
    return name if name.endswith("s") else f"{name}s"


def _identifier(local: str) -> str:
    return assign_names([Wanted(local, "value")])[local]
