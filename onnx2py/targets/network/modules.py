"""Which layers are one module, where each is in the module tree, and which weights it has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ...ir.program import Call, Program, Ref, Statement, references
from ...ir.types import tensor_type_of
from ...plan.rewrite import function_of
from ...plan.traverse import names_read, with_blocks
from .layer import MODULES, Fit, Parameter
from .origins import Origins
from .paths import Places, other_path, scope_path, stem, weight_path
from .sites import Facts, Site
from .unread import without_unread


@dataclass(frozen=True)
class Found:
    """A call that a layer stands for."""

    site: Site
    statement: Statement
    fit: Fit

    @property
    def place(self) -> str:
        """The module that the exporter says, by its first name: calls of one are numbered."""
        if self.fit.place:
            return self.fit.place
        path, scopes = scope_path(self.statement.scopes), self.statement.scopes
        for parameter in self.fit.parameters:
            named = stem(parameter.value, parameter.key)
            if not scopes or scopes[-1].class_name or is_uniform(parameter.array):
                continue  # only the older exporter numbers calls
            if named and _is_call_of(path, named):
                return named
        return path

    @property
    def key(self) -> Any:
        """What is equal for calls of one module."""
        values = tuple((p.key, p.value) for p in self.fit.parameters)
        return self.built, values, 0 if values else id(self)

    @property
    def built(self) -> Any:
        """What is equal for layers that are built alike, in one place."""
        fit = self.fit
        options = tuple((k, v) for k, v in fit.options.items() if v is not None)
        return fit.module, fit.name, fit.arguments, options, self.place


@dataclass
class Modules:
    """The modules of a program, as its layers are found."""

    facts: Facts
    found: Sequence[Found]
    origins: Origins = field(default_factory=Origins)
    places: Places = field(default_factory=Places)
    weights: dict[str, np.ndarray] = field(default_factory=dict)
    """The parameters of layers, by the names of values."""

    def __post_init__(self) -> None:
        self.members: dict[Any, Found] = {}
        self.sharers: dict[str, set[Any]] = {}
        self.owners: dict[str, set[Any]] = {}
        """The modules that have each tensor of the file."""
        self.keys: dict[int, Any] = {}
        alike: dict[Any, list[Found]] = {}
        for each in self.found:
            same = alike.setdefault(each.built, []) if each.place else []
            first = next((other for other in same if _are_equal(each, other)), each)
            key = self.keys[id(each)] = first.key
            if first is not each:
                continue  # the exporter has a copy of the weights for each call
            same.append(each)
            self.members.setdefault(key, each)
            for parameter in each.fit.parameters:
                self.sharers.setdefault(parameter.value, set()).add(key)
                origin = self.origins.of(parameter.value)
                self.owners.setdefault(origin, set()).add(key)
        self.paths: dict[Any, str] = {}
        self.values: dict[tuple[Any, str], str] = {}
        """The value that is a parameter of a module."""

    def program(self) -> Program:
        """Return the program with layers in place of calls."""
        self._claim()
        self._share()
        program = self.facts.program
        new: dict[int, tuple[Statement, ...]] = {}
        for each in self.found:
            new.update((id(s), ()) for s in each.fit.statements)
            new[id(each.statement)] = (
                *each.fit.before,
                self._call(each),
                *each.fit.after,
            )
        changed = with_blocks(
            program,
            lambda statements, _: [t for s in statements for t in new.get(id(s), (s,))],
        )
        changed = without_unread(program, changed)
        read = names_read((*changed.setup, *changed.statements), changed.outputs)
        weights = {**program.weights, **self.weights}
        kept = read | {*program.defaults}
        return replace(
            changed,
            weights={n: a for n, a in weights.items() if n in kept},
            types=self.facts.types,
        )

    def _call(self, found: Found) -> Statement:
        key, fit, statement = self.keys[id(found)], found.fit, found.statement
        layer = fit.layer(function_of(statement) or "", self.paths[key])
        layer = replace(layer, also=self._also(key))
        weights = (Ref(self.values[key, p.key]) for p in fit.parameters)
        given = (*fit.inputs, *weights)
        call = Call(layer, given, fit.keywords(), results=fit.results)
        every = (statement, *fit.statements)
        return replace(
            statement,
            operation=call,
            outputs=fit.outputs or statement.outputs,
            nodes=tuple(node for s in every for node in s.nodes),
            literals=tuple(name for s in every for name in s.literals),
        )

    def _claim(self) -> None:
        """Find a path for each module, those that names of weights say for certain first."""
        certain = {key: self._stem(each) for key, each in self.members.items()}
        for key, path in certain.items():
            if path:
                self._place(key, path)
        for each in self.found:
            for name, array in each.fit.made.items():
                if name not in self.weights:
                    self.places.claim(weight_path(name))
                    self.weights[name] = array
        program = self.facts.program
        for value in program.weights:
            is_kept = program.buffers.get(value, True)
            if value not in self.sharers and weight_path(value) and is_kept:
                self.places.claim(weight_path(value))
        for key, each in self.members.items():
            if key not in self.paths:
                self._place(key, self._guess(each))

    def _place(self, key: Any, path: str) -> None:
        each = self.members[key]
        if each.fit.module == MODULES:
            self.paths[key] = self.places.claim(path, each.fit.name.lower())
            return
        self.paths[key] = path
        for parameter in each.fit.parameters:
            self.places.claim(f"{path}.{parameter.key}")

    def _stem(self, each: Found) -> str:
        """Return the module that is certain, "" if none is.

        That is one of the layer's class, or that of a parameter's name, which no other layer reads:
        a tied weight has the name of one of its modules, and is read in another.
        """
        scopes = each.statement.scopes
        if each.fit.place:
            return each.fit.place
        if scopes and scopes[-1].class_name == each.fit.name:
            return each.place
        named = [*self._named(each)]
        path = next((p for p in named if not self._is_elsewhere(each, p)), "")
        return path or (each.place if named else self._called(each))

    def _called(self, each: Found) -> str:
        """Return the module of a shared weight whose name says all modules around the layer."""
        place = each.place.split(".")
        for parameter in each.fit.parameters:
            path = stem(self.origins.of(parameter.value), parameter.key)
            parts = path.split(".")
            if len(place) < len(parts) and _is_within(place, parts):
                return path if place[-1] == parts[-1] else ""
        return ""

    def _named(self, each: Found) -> Iterator[str]:
        """Yield the modules that names of parameters say, which no other layer reads."""
        for parameter in each.fit.parameters:
            origin = self.origins.of(parameter.value)
            path = stem(origin, parameter.key)
            others = self.facts.sharers[origin] if origin != parameter.value else 0
            if path and len(self.owners[origin]) == 1 and not others:
                yield path

    def _is_elsewhere(self, each: Found, named: str) -> bool:
        """Whether a layer is another module than the one that a weight's name says.

        A function that reads the weight of another module is none.
        """
        place, scopes = each.place, each.statement.scopes
        if not place or scopes[-1].class_name or _is_call_of(place, named):
            return False
        parts = named.split(".")
        own = place.split(".")
        if _is_numbered(own[-1], parts[-1]) or _is_within(own, parts):
            return False  # the names of nodes leave out modules that are not called
        inside = (o.place for o in self.members.values() if o is not each)
        if any(f"{other}.".startswith(f"{place}.") for other in inside):
            return False
        return self.origins.is_leaf(place, (p.key for p in each.fit.parameters))

    def _also(self, key: Any) -> tuple[tuple[str, str], ...]:
        """Return the parameters of a module, and the names that the file has for them."""
        fit = self.members[key].fit
        if fit.place or fit.module != MODULES:
            return ()
        names = ((p.key, self.origins.name(p.value, p.array)) for p in fit.parameters)
        return tuple((key, name) for key, name in names if "." in name)

    def _guess(self, each: Found) -> str:
        path = each.place
        named = (stem(p.value, p.key) for p in each.fit.parameters)
        path = path or next(filter(None, named), "")
        fallback = each.fit.name.lower()
        labels = (label.rpartition(": ")[0] for label in each.statement.nodes)
        return path or other_path(next(labels, ""), fallback)

    def _share(self) -> None:
        """Give each module its parameters: weights as they are, in another layout, or copies."""
        for key, each in self.members.items():
            for parameter in each.fit.parameters:
                if self._stays(key, parameter):
                    self.values[key, parameter.key] = parameter.value
                    self.weights[parameter.value] = parameter.array
        self.facts.defined.difference_update(self._unread())
        moved: dict[tuple[str, str, str], str] = {}
        for key, each in self.members.items():
            for parameter in each.fit.parameters:
                if (key, parameter.key) not in self.values:
                    # the same weight in the same layout is one, unless all numbers are equal
                    same = (parameter.value, each.fit.name, parameter.key)
                    name = moved.get(same) or self._turned_table(each, parameter)
                    if not name or is_uniform(parameter.array):
                        name = self._new(self.paths[key], parameter)
                    self.values[key, parameter.key] = moved[same] = name

    def _unread(self) -> set[str]:
        """Return the weights that nothing reads as they are: their names are free."""
        program = self.facts.program
        calls = {id(s) for f in self.found for s in (f.statement, *f.fit.statements)}
        read = {*program.outputs, *program.defaults, *self.weights}
        for statement in program.walk():
            if id(statement) not in calls:
                read.update(references(statement.operation))
        for each in self.found:
            read.update(n for a in each.fit.inputs for n in references(Call("", (a,))))
        return {*program.weights} - read

    def _stays(self, key: Any, parameter: Parameter) -> bool:
        """Whether the weight itself is the parameter."""
        sharers = self.sharers[parameter.value]
        if parameter.is_moved:
            return False
        if len(sharers) == 1 or not is_uniform(parameter.array):
            return True
        return stem(parameter.value, parameter.key) == self.paths[key]

    def _turned_table(self, each: Found, parameter: Parameter) -> str:
        """Return the table of an embedding that a matrix without a name is a copy of."""
        if each.fit.name != "Linear" or parameter.key != "weight":
            return ""
        if "." in weight_path(parameter.value):
            return ""
        for other in self._tables():
            array = self.weights[other]
            same = array.shape == parameter.array.shape
            if same and np.array_equal(array, parameter.array):
                return other
        return ""

    def _tables(self) -> Iterator[str]:
        for key, each in self.members.items():
            if each.fit.name == "Embedding":
                yield self.values[key, "weight"]

    def _new(self, path: str, parameter: Parameter) -> str:
        kind = tensor_type_of(parameter.array)
        name = self.facts.new(f"{path}.{parameter.key}", kind)
        self.weights[name] = parameter.array
        return name


def _are_equal(one: Found, other: Found) -> bool:
    """Whether layers that are built alike have the same weights, at least by their numbers."""
    pairs = [*zip(one.fit.parameters, other.fit.parameters)]
    if not pairs or any(a.key != b.key for a, b in pairs):
        return False
    others = [pair for pair in pairs if pair[0].value != pair[1].value]
    if others and all(is_uniform(a.array) for a, _ in others):
        return False  # fresh zeros say nothing
    return all(np.array_equal(a.array, b.array) for a, b in others)


def _is_call_of(path: str, module: str) -> bool:
    """Whether a path is a module's, but for numbers of calls: ``layers.0_1.ffn_1``."""
    names, parts = module.split("."), path.split(".")
    return len(names) == len(parts) and all(map(_is_numbered, parts, names))


def _is_numbered(part: str, name: str) -> bool:
    """Whether a part of a path is that of a module, or of a call of it: ``ffn_1``."""
    return bool(re.fullmatch(rf"{re.escape(name)}(_\d+)?", part))


def _is_within(some: Sequence[str], parts: Sequence[str]) -> bool:
    """Whether a path has these parts in this order, among others."""
    rest = iter(parts)
    return all(any(_is_numbered(part, name) for name in rest) for part in some)


def is_uniform(array: np.ndarray) -> bool:
    """Whether all numbers are equal: fresh zeros or ones."""
    return bool(array.size and (array == array.flat[0]).all())
