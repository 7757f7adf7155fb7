"""Names by role for the values of one function.

A value keeps its ONNX name unless that is generic (see ``naming_generic``). Else it is called, in
this order, after

1. the parameter that reads it, if that tells and all readers agree: ``q``, ``mask``;
2. the module whose weight it is computed with: ``layer1_0_conv1``;
3. the module that its node belongs to; what a module computes before its last call is
   ``fc1_product``;
4. its operator, as a noun (see ``traits.nouns``).

Equal names are numbered within the function, from 1.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ..ir.graph import onnx_name
from ..ir.program import (
    Apply,
    Argument,
    Call,
    Invoke,
    Loop,
    MapItems,
    Operation,
    Ref,
    Repeat,
    Scan,
    Statement,
    references,
)
from .chains import views_of_views
from .names import Wanted, scopes_of, snake_case
from .naming_blocks import Interfaces, told_of
from .naming_generic import has_generic_name
from .naming_modules import Modules, Path, Runs, path_of
from .naming_roles import noun, operator_of, parameters_of, role_of


@dataclass
class FunctionNames:
    """What the values of one function want to be called."""

    statements: tuple[Statement, ...]
    modules: Modules
    called: Mapping[str, str] = field(default_factory=dict)
    """Other names of values, which count whatever they are: those of the model's outputs."""
    interfaces: Interfaces | None = None
    """What is known of the blocks that the function calls."""
    chained: bool = True
    """Whether views stand in the expressions of others."""
    told: dict[str, str] = field(init=False)
    """What the readers of each value call it, '' if they do not agree."""
    runs: Runs = field(init=False)
    results: dict[str, str] = field(default_factory=dict)
    """What results of whole modules are called after these, unless their names tell."""
    after_modules: set[str] = field(default_factory=set)
    """Values that are called after their module."""

    def __post_init__(self) -> None:
        self.told = told_of(self.statements, self.interfaces)
        self.runs = Runs(self.statements, self.modules)

    def bases(self, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Yield each result with what weights that are read for it are called after."""
        for place, statement in enumerate(self.statements):
            base = self._base(place, statement, names)
            yield from ((value, base) for value in statement.outputs if value)

    def _base(self, place: int, statement: Statement, names: Mapping[str, str]) -> str:
        module, first = self.runs.modules.get(place), next(iter(statement.outputs), "")
        if module:
            result = self.runs.result(place)
            return names[result] if result in self.after_modules else _brief(module)
        if not first or (first in self.called and has_generic_name(self.called[first])):
            return noun(statement, 0)
        return names.get(first, "")

    def wanted(self) -> Iterator[Wanted]:
        """Yield what each result of the statements wants to be called."""
        inner = views_of_views(self.statements, [*self.called]) if self.chained else ()
        for place, statement in enumerate(self.statements):
            is_loop = isinstance(statement.operation, Repeat)
            for index, value in enumerate(statement.outputs):
                if value and not (is_loop and value not in self.called):
                    wanted = self._wanted(place, index, value)
                    yield replace(wanted, inner=value in inner)

    def parameters(self, values: Mapping[str, str]) -> Iterator[Wanted]:
        """Yield what parameters want to be called, which are given something of another name."""
        for value, given in values.items():
            if has_generic_name(value):
                said = self.told.get(value) or given
                yield Wanted(value, said, (said,), counted=True, brief=True)
            else:
                yield Wanted(value, given)

    def _wanted(self, place: int, index: int, value: str) -> Wanted:
        statement = self.statements[place]
        operation = statement.operation
        if isinstance(operation, (Apply, Repeat)):
            return self._returned(operation, index, value)
        if not statement.nodes:  # a length
            if not re.search("[A-Za-z]", value):
                return Wanted(value, "length", ("length",), counted=True)
            return Wanted(value, "length", scopes_of(value, "length")[-1:])
        named = noun(statement, index)
        if value in self.called:
            return Wanted(value, named, scopes_of(self.called[value], named))
        if not has_generic_name(value):
            return Wanted(value, named)
        path, told = path_of(statement), self.told.get(value)
        if not told and self.results.get(value):
            return Wanted(
                value, named, (self.results[value],), counted=True, brief=True
            )
        module = self.runs.modules.get(place)
        if told or not module:
            return Wanted(value, named, (*path, told or named), True, True)
        if index or not self.runs.ends(place):
            module = (*module[:-1], f"{module[-1]}_{named}")
        else:
            self.after_modules.add(value)
        return Wanted(value, named, module, counted=True)

    def _returned(self, operation: Apply | Repeat, index: int, value: str) -> Wanted:
        """Return the name that a result of a block wants; loops name those of theirs."""
        named = self.told.get(value, "")
        if not named and isinstance(operation, Apply) and self.interfaces is not None:
            named = self.interfaces.returned(operation, index)
        named = named or "result"
        if value in self.called:
            return Wanted(value, named, scopes_of(self.called[value], named))
        if not has_generic_name(value):
            return Wanted(value, named)
        return Wanted(value, named, (named,), counted=True, brief=True)


def given_to(operation: Operation, names: Mapping[str, str]) -> Iterator[str]:
    """Yield what the inputs of a body are given, as it is called outside."""

    def called(argument: Argument) -> str:
        name = names.get(argument.name, "") if isinstance(argument, Ref) else ""
        return re.sub(r"_?\d+$", "", name) or "item"

    if isinstance(operation, Loop):
        yield from ("iteration", "condition", *map(called, operation.state))
    elif isinstance(operation, Scan):
        yield from map(called, operation.state)
        yield from (called(each.value) for each in operation.inputs)
    elif isinstance(operation, MapItems):
        yield from map(called, operation.inputs)
    elif isinstance(operation, Invoke):
        yield from map(called, operation.arguments)


def weight_roles(
    statements: Iterable[Statement], weights: Collection[str]
) -> dict[str, tuple[str, str]]:
    """Return, for each weight, the result that it is first read for, and its role there."""
    roles: dict[str, tuple[str, str]] = {}
    for statement in statements:
        operation, operator = statement.operation, operator_of(statement)
        result = next(filter(None, statement.outputs), "")
        if not result or _reads_lengths(statement):
            continue
        if isinstance(operation, Call):
            for place, (argument, parameter) in enumerate(parameters_of(operation)):
                if isinstance(argument, Ref) and argument.name in weights:
                    role = role_of(parameter, operator, place)
                    roles.setdefault(argument.name, (result, role))
        if isinstance(operation, Loop):
            pairs = (
                (operation.trip_count, "count"),
                (operation.condition, "condition"),
            )
            for argument, role in pairs:
                if isinstance(argument, Ref) and argument.name in weights:
                    roles.setdefault(argument.name, (result, role))
        otherwise = "constant" if isinstance(operation, Call) else "start"
        for name in references(operation):
            if name in weights:
                roles.setdefault(name, (result, otherwise))
    return roles


def _reads_lengths(statement: Statement) -> bool:
    call = statement.operation
    return isinstance(call, Call) and call.function in (np.ndim, np.shape, np.size)


def node_name(statement: Statement) -> str:
    """Return the name for the methods of a node's bodies; '' if it has none.

    That is the node, or if its name is generic the operator, after the module around it.
    """
    name = statement.nodes[0].rpartition(": ")[0] if statement.nodes else ""
    if "{" in name or name in map(onnx_name, statement.outputs):
        return ""  # a pattern of a block's nodes, or a value in place of a name
    if not has_generic_name(name):
        return scopes_of(name, "")[-1]
    operator = snake_case(operator_of(statement))
    return "_".join((*path_of(statement)[-1:], operator))


def _brief(module: Path) -> str:
    outer = (scope for scope in module[:-1] if scope[-1:].isdigit())
    name = "_".join((*outer, module[-1]))
    return name if name[:1].isalpha() else f"v{name}"
