"""Python names for all values of a program."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace

from ..ir.graph import onnx_name
from ..ir.program import (
    Program,
    Section,
    Statement,
    bodies_of,
    references,
    unsectioned,
    walk,
)
from .branches import results_inside, stands_inside
from .names import Wanted, assign_names, cut, snake_case, unique_name
from .naming import FunctionNames, given_to, weight_roles
from .naming_blocks import Interfaces
from .naming_generic import has_generic_name, parameter_of
from .naming_modules import Modules, Path, path_of
from .naming_roles import operator_of
from .section_names import module_name


def name_values(
    program: Program,
    used: Iterable[str],
    telling: Collection[str] = (),
    interfaces: Interfaces | None = None,
    inputs: tuple[Wanted, ...] | None = None,
    *,
    chained: bool = True,
) -> dict[str, str]:
    """Name every value but the results of loops over instances of blocks.

    A body is a method, whose names need only differ from what it captures. ``telling`` are
    constants that keep their names, as generic as they may look; ``interfaces`` are those of the
    blocks that the program calls. If the program is a block, ``inputs`` says what its inputs want
    to be called. ``chained`` is whether views stand in the expressions of others.
    """
    weights = [name for name in used if name not in program.inputs]
    return _Names(program, weights, telling, interfaces, inputs, chained).named()


@dataclass
class _Names:
    program: Program
    weights: list[str]
    telling: Collection[str]
    interfaces: Interfaces | None
    inputs: tuple[Wanted, ...] | None
    chained: bool
    names: dict[str, str] = field(default_factory=dict)
    loaded: set[str] = field(default_factory=set)
    """The weights, and what is computed of them at load."""
    bases: dict[str, str] = field(default_factory=dict)
    """For each result, what weights that are read for it are called after."""

    def named(self) -> dict[str, str]:
        """Name the inputs, what is loaded, the results of calls, and those in bodies."""
        program = self.program
        results = {*_made(unsectioned(program.statements))}
        loaded = (*self.weights, *(n for s in program.setup for n in s.outputs if n))
        self.loaded.update(loaded)
        modules = Modules.of(walk(program.statements), loaded)
        generic = [
            name
            for name in loaded
            if name not in self.telling
            and (name in modules.strangers or _is_generic(name, results))
        ]
        given = {*loaded}.difference(generic)
        inputs, called = self.inputs, _outputs(program)
        if inputs is None:
            inputs = tuple(Wanted(name, "x") for name in program.inputs)
        else:
            called = {}
        flat = tuple(unsectioned(program.statements))
        function = FunctionNames(flat, modules, called, self.interfaces, self.chained)
        function.results.update(_module_results(program.statements))
        self.names = assign_names([
            *inputs,
            *(Wanted(name, "weight") for name in loaded if name in given),
            *function.wanted(),
        ])  # fmt: skip
        self.bases.update(function.bases(self.names))
        self._name_sections(program.statements)
        self._name_bodies(program.statements, modules, {*self.names.values()})
        self._name_loaded(generic)
        return self.names

    def _name_sections(self, statements: Iterable[Statement]) -> None:
        """Name what sections make for themselves, below the modules that they are.

        A result that weights are called after keeps its name in the class, unless it is of a
        module: all weights have that before their names.
        """
        for statement in statements:
            section = statement.operation
            if not isinstance(section, Section):
                continue
            body = section.body
            modules = Modules.of(walk(body.statements), self.weights)
            function = FunctionNames(
                body.statements, modules, {}, self.interfaces, self.chained
            )
            held = {*body.captures, *body.outputs}
            if not section.is_whole:
                held.update(self._with_weights(body.statements))
            outer = path_of(statement)
            own = (each for each in function.wanted() if each.value not in held)
            wanted = (replace(each, path=_below(each.path, outer)) for each in own)
            # Results of loops are named later, unlike everything else.
            taken = {self.names[name] for name in held if name in self.names}
            self.names.update(assign_names(wanted, taken))

    def _with_weights(self, statements: Iterable[Statement]) -> Iterator[str]:
        """Yield the results that are computed with weights."""
        for statement in statements:
            if not self.loaded.isdisjoint(references(statement.operation)):
                yield from filter(None, statement.outputs)

    def _name_bodies(
        self, statements: Iterable[Statement], modules: Modules, taken: set[str]
    ) -> None:
        """Name what bodies make; ``taken`` are the names in the function around them."""
        for statement in statements:
            if isinstance(statement.operation, Section):
                section = statement.operation.body
                held = (*section.captures, *_made(section.statements))
                names = {self.names[n] for n in held if n in self.names}
                self._name_bodies(section.statements, modules, names)
                continue
            inside = stands_inside(statement.operation)
            added: set[str] = set()
            for body in bodies_of(statement.operation):
                function = FunctionNames(
                    body.statements, modules, {}, self.interfaces, self.chained
                )
                given = zip(body.inputs, given_to(statement.operation, self.names))
                wanted = [*function.parameters(dict(given)), *function.wanted()]
                own = {self.names[n] for n in body.captures if n in self.names}
                results = results_inside(body, statement.outputs) if inside else {}
                self.names.update((n, self.names[out]) for n, out in results.items())
                wanted = [each for each in wanted if each.value not in results]
                made = assign_names(wanted, taken if inside else own)
                self.names.update(made)
                (added if inside else own).update(made.values())
                self.bases.update(function.bases(self.names))
                self._name_bodies(body.statements, modules, own)
            taken.update(added)

    def _name_loaded(self, generic: list[str]) -> None:
        """Call weights, and what is computed of them at load, after what reads them."""
        program, names = self.program, self.names
        roles = weight_roles(program.walk(), {*generic})
        made = {n: s for s in program.setup for n in s.outputs if n}
        taken = dict.fromkeys(names.values(), 0)

        def wanted(value: str) -> str:
            result, role = roles.get(value, ("", "constant"))
            if result in made and result not in names:  # a weight that is prepared
                return wanted(result)
            base = self.bases.get(result) or names.get(result, "")
            return f"{base}_{role}" if base else role

        for name in generic:
            said = wanted(name)
            if name in made:
                said = _prepared(name, said, made[name])
            names[name] = unique_name(cut(said), taken)


def _below(path: Path, outer: Path) -> Path:
    """Return the path of a value below the module ``outer``.

    >>> _below(("net", "stem", "conv"), ("net", "stem")), _below(("stem_conv",), ("stem",))
    (('conv',), ('conv',))
    """
    if len(path) > len(outer) and path[: len(outer)] == outer:
        return path[len(outer) :]
    last = f"{outer[-1]}_" if outer else ""
    if path and last and path[:-1] == outer[:-1] and path[-1].startswith(last):
        return (path[-1][len(last) :],)
    return path


def _module_results(statements: Iterable[Statement]) -> Iterator[tuple[str, str]]:
    """Yield the only results of sections that are modules, with the names of these."""
    for statement in statements:
        section = statement.operation
        is_one = len(statement.outputs) == 1
        if is_one and isinstance(section, Section) and section.is_whole:
            yield statement.outputs[0], module_name(section)


def _made(statements: Iterable[Statement]) -> Iterator[str]:
    """Yield the results of statements."""
    return (name for s in statements for name in s.outputs if name)


def _outputs(program: Program) -> dict[str, str]:
    """Return the names of the model's outputs, as far as they have letters."""
    names = program.output_names or program.outputs
    pairs = zip(program.outputs, names)
    return {value: name for value, name in pairs if re.search("[A-Za-z]", name)}


def _is_generic(weight: str, results: Collection[str]) -> bool:
    """Return whether the name of a weight, or of what it is a parameter of, says nothing."""
    if has_generic_name(weight):
        return True
    whole = parameter_of(weight)
    computed = whole in results or re.search(r"\d", whole)
    return bool(whole and computed and has_generic_name(whole))


def _prepared(value: str, weight: str, statement: Statement) -> str:
    """Return the name of what is computed of a weight at load, with what the plan says of it."""
    sources = [onnx_name(name) for name in references(statement.operation)]
    if not sources:
        return snake_case(operator_of(statement)) or weight
    name = onnx_name(value)
    ends = (name[len(source) :] for source in sources if name.startswith(source))
    return f"{weight}_{snake_case(next(ends, '')) or 'prepared'}"
