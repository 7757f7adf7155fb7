"""The function of a block: ``apply_layer(params, hidden)``, of its part of the tree."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ...emit.arrays import is_scalar
from ...emit.block_given import Given, key_of
from ...emit.block_labels import docstring
from ...emit.block_loops import Looped
from ...emit.block_names import local_names
from ...emit.block_parts import Parts
from ...emit.block_settings import Settings
from ...emit.block_source import BlockWriter
from ...emit.block_tree import PROGRAM, Site
from ...emit.class_writer import ClassWriter, Written
from ...emit.literals import literal
from ...emit.methods import Methods
from ...emit.names import Wanted, assign_names, unique_name
from ...emit.naming_blocks import plural
from ...emit.spelling import Spelling
from ...emit.usage import read_as_numbers
from ...ir.blocks import Block
from ...ir.program import Program, Repeat, Statement, walk
from ...plan.traverse import read_in_calls
from ..network.instances import Instances
from ..network.layer import layer_calls
from ..network.tree import Leaf
from .literals import array_literal
from .params import ROOT, ParamsTree

Column = tuple[Given, ...]
"""What each instance of a block is given."""


@dataclass
class FunctionWriter(ClassWriter):
    """Writes functions of blocks."""

    instances: Instances
    given: dict[str, dict[str, Column]] = field(default_factory=dict)
    """What the function of each block is given beside values, by names of parameters."""
    taken: dict[str, int] = field(default_factory=dict)
    """The names of functions."""
    scanned: dict[int, Looped] = field(default_factory=dict)
    """The loops that JAX makes, by the identity of their sites."""

    def written(self, block: str) -> Written:
        """Write the function of a block."""
        parts = self._parts(self.outline.blocks[block])
        whole = replace(parts.block, inputs=(*parts.block.inputs, *parts.given))
        first = parts.block.instances[0].weights
        arrays = {n: self.program.weights[first[n]] for n in parts.block.weights}
        self.given[block] = {}
        self._pass_on(block)
        if self.given[block]:
            self.divisions[block] = []  # sections do not have what is passed on
        local = self.local_program(whole, parts.statements, arrays, {})
        names = self._names(parts, local)
        self.given[block].update({names[n]: c for n, c in parts.given.items()})
        spelling, taken = self._spelling(parts, local, names, arrays)
        loops = self.calling.loop_variables(names, taken)
        loops.name(local.statements, local.outputs)
        spelling = replace(spelling, literals={**spelling.literals, **loops.parts})
        writer = JaxWriter(
            local, spelling, self.uses, Methods(taken, local.statements, names),
            calling=self.calling, loops=loops, lengths=self.lengths,
            functions=self, owner=block,
        )  # fmt: skip
        body = writer.block(local.statements, local.outputs)
        self.taken.update(dict.fromkeys(writer.methods.names.values(), 0))
        self.given[block] = {
            name: column
            for name, column in self.given[block].items()
            if re.search(rf"\b{name}\b", body)
        }
        results = ", ".join(map(spelling.expression, local.outputs))
        lines = [
            f"def {self.calling.classes[block]}{self._parameters(parts, local, names)}:",
            textwrap.indent(docstring(parts.block, writer.calls), "    "),
            textwrap.indent(body, "    "),
            f"\n    return {results}",
            *(f"\n\n{function}" for function in writer.bodies),
        ]
        return Written(
            "\n".join(lines), names, writer.methods, local.statements, writer.calls
        )

    def beside(self, owner: str, site: Site) -> list[tuple[str, str, bool]]:
        """Return the arguments of a call of a block that are no values, or of each round of a loop.

        Each is the name of a parameter, its argument or what a loop walks, and whether it is that.
        """
        found = []
        for name, column in self.given[site.block].items():
            rows = [tuple(column[n] for n in numbers) for numbers in site.instances]
            is_walked = any(len({*map(key_of, row)}) > 1 for row in rows)
            if is_walked:
                text = self._passed(owner, plural(name), rows)
            else:
                text = self._passed(owner, name, [row[0] for row in rows])
            found.append((name, text, is_walked))
        return found

    # ------------------------------------------------------------------ what a block has

    def _parts(self, block: Block) -> Parts:
        """Return a block over settings, in which tuples are opened."""
        taken = dict.fromkeys((*block.inputs, *block.weights, *block.settings), 0)
        for statement in walk(block.statements):
            taken.update(dict.fromkeys(statement.outputs, 0))
        settings = Settings(block, taken)
        statements = tuple(settings.statements(block.statements))
        return Parts(block, statements, given=dict(settings.columns), taken=taken)

    def _names(self, parts: Parts, local: Program) -> dict[str, str]:
        """Name the values of a block, and what it is given beside."""
        plain = replace(local, inputs=parts.block.inputs)
        names = local_names(plain, parts, self.interfaces, [], [])
        names = self.uses.dialect.named(names)
        wanted = (Wanted(n, "value") for n in parts.given)
        used = {*names.values(), *self.taken, *self.given[parts.block.name]}
        return {**names, **assign_names(wanted, used)}

    def _spelling(
        self,
        parts: Parts,
        local: Program,
        names: dict[str, str],
        arrays: dict[str, np.ndarray],
    ) -> tuple[Spelling, dict[str, int]]:
        """Return the expressions for values, and the names that are taken."""
        block = parts.block
        start = len(self.instances.paths[block.name, 0]) + 1
        keys = dict(self.instances.keys(block))
        paths = [
            *self.instances.modules(block.name),
            *(k[start:] for k in keys.values()),
        ]
        tree = ParamsTree(self._leaves(paths), self.uses)
        shown = read_as_numbers(local.walk(), self.uses)
        literals = {
            name: array_literal(array, self.uses)
            for name, array in arrays.items()
            if name not in keys and not (name in shown and is_scalar(array))
        }
        numbers = [n for n in arrays if n not in keys and n not in literals]
        literals.update(
            (n, self.uses.dialect.scalar(arrays[n], self.uses)) for n in numbers
        )
        spelling = Spelling(
            names,
            {name: tree.expression(key[start:]) for name, key in keys.items()},
            literals,
            read_in_calls(local),
            {
                layer.path: tree.expression(layer.path[start:])
                for layer, _ in layer_calls(parts.statements)
            },
            owner="",
        )
        reserved = self.uses.dialect.reserved
        return spelling, dict.fromkeys([*names.values(), *self.taken, *reserved], 0)

    @staticmethod
    def _leaves(paths: Sequence[str]) -> dict[str, Leaf]:
        """Return leaves at paths, without those that hold others."""
        around = {path.rpartition(".")[0] for path in paths}
        return {path: Leaf("") for path in dict.fromkeys(paths) if path not in around}

    # ------------------------------------------------------------------ parameters

    def _parameters(self, parts: Parts, local: Program, names: dict[str, str]) -> str:
        """Return the parameters of the function, and the annotation of what it returns."""
        block = parts.block
        values = [f"{names[n]}: {self.annotation(local, n)}" for n in block.inputs]
        kinds = [self.annotation(local, name) for name in local.outputs]
        returned = kinds[0] if len(kinds) == 1 else f"tuple[{', '.join(kinds)}]"
        more = []
        for name, column in self.given[block.name].items():
            types = {type(value).__name__ for value in column}
            kind = types.pop() if len(types) == 1 else self.uses.typing("Any")
            more.append(f"{name}: {kind}")
        return f"({', '.join([f'{ROOT}: Params', *values, *more])}) -> {returned}"

    def _pass_on(self, block: str) -> None:
        """Let a block be given what it only passes on."""
        for site in self.instances.tree.sites.get(block, ()):
            self.beside(block, site)

    def _passed(self, owner: str, name: str, column: Sequence[Given]) -> str:
        """Return an argument: a literal, or a parameter of the owner's."""
        if len({*map(key_of, column)}) == 1:
            return literal(column[0], self.uses)
        given = self.given[owner]
        for known, others in given.items():
            if [*map(key_of, others)] == [*map(key_of, column)]:
                return known
        new = unique_name(name, dict.fromkeys((*given, *self.taken), 0))
        given[new] = tuple(column)
        return new


@dataclass
class JaxWriter(BlockWriter):
    """Writes the statements of one function."""

    functions: FunctionWriter | None = None
    owner: str = PROGRAM

    def variable(self, site: Site) -> str:
        """Return the name of the part of the tree in a loop: ``layer`` of ``layers``."""
        name = site.attribute
        return name[:-1] if len(name) > 2 and name.endswith("s") else name

    def repeated(self, operation: Repeat, statement: Statement) -> Iterator[str]:
        """Yield a loop over parts of the tree, of Python's or of JAX's."""
        assert self.functions is not None
        site = self.calling.sites[id(statement)]
        looped = self.functions.scanned.get(id(site))
        if looped is None:
            yield from super().repeated(operation, statement)
        else:
            yield from self.scanned(site, looped)

    def scanned(self, site: Site, looped: Looped) -> Iterator[str]:
        """Yield a function of one round, and the call that repeats it."""
        spell = self.spelling.expression
        for variable, first in looped.starts:
            yield f"{variable} = {spell(first)}"
        inputs = {name for value, name in looped.inputs if not value}
        carried = [name for name in dict.fromkeys(looped.targets) if name in inputs]
        lists = {variable: name for name, variable in looped.lists}
        made = [n for n in looped.targets if n not in carried or n in lists]
        layer = self.methods.instance(site.block, self.variable(site))
        carry = _packed(carried)
        parts = _packed([layer, *(name for name, _ in looped.walked)])
        step = self.methods.fresh("step")
        names = [
            (carry, "") if len(carried) == 1 else ("carry", carry),
            (parts, "") if parts == layer else ("parts", parts),
        ]
        any_type = self.uses.typing("Any")
        parameters = ", ".join(f"{name}: {any_type}" for name, _ in names)
        yield f"def {step}({parameters}) -> {any_type}:"
        yield from (f"    {inside} = {name}" for name, inside in names if inside)
        given = [spell(value) if value else name for value, name in looped.inputs]
        yield f"    {', '.join(looped.targets)} = {self.called(site, layer, given)}"
        yield f"    return {carry}, {_packed(made) if made else None}"
        yield ""
        results = _packed([lists.get(name, name) for name in made]) if made else "_"
        over = [site.text]
        for _, values in looped.walked:
            jnp = self.uses.name("jnp", "jnp")
            over.append(f"{jnp}.stack({_packed(list(map(spell, values)))})")
        lax = self.uses.name("lax", "lax")
        yield f"{carry}, {results} = {lax}.scan({step}, {carry}, {_packed(over)})"
        yield from (f"{name} = {name}[-1]" for name in made if name not in lists)

    def assigning(self, statement: Statement, lines: list[str]) -> int | None:
        """Return which line first assigns the results: of a scan, that of the call."""
        assert self.functions is not None
        site = self.calling.sites.get(id(statement))
        looped = self.functions.scanned.get(id(site)) if site else None
        if looped is None:
            return super().assigning(statement, lines)
        start = f"    {', '.join(looped.targets)} = "
        return next((n for n, line in enumerate(lines) if line.startswith(start)), None)

    def called(self, site: Site, instance: str, given: Sequence[str]) -> str:
        """Return the call of the function of a block, for a part of the tree."""
        assert self.functions is not None
        arguments = [instance, *given]
        for name, text, is_walked in self.functions.beside(self.owner, site):
            if not is_walked:
                arguments.append(f"{name}={text}")
        return f"{self.calling.classes[site.block]}({', '.join(arguments)})"

    def walked_too(self, site: Site) -> Sequence[tuple[str, str, str]]:
        """Return the arguments that are no values and differ between the rounds of a loop."""
        assert self.functions is not None
        found = []
        for name, text, is_walked in self.functions.beside(self.owner, site):
            if is_walked:
                variable = self.methods.fresh(name)
                found.append((variable, text, f"{name}={variable}"))
        return found


def _packed(names: Sequence[str]) -> str:
    """Return one name as it is, several as a tuple."""
    return names[0] if len(names) == 1 else f"({', '.join(names)})"
