"""The modules of the network that statements belong to."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from ..ir.graph import onnx_name
from ..ir.program import Statement, references
from .names import split_scopes, without_repeats
from .naming_generic import is_placeholder, parameter_of

Path = tuple[str, ...]
"""Modules, each inside the one before, in snake case."""

MOST_CALLS = 6
"""Calls of a module that are named after it; those of a larger one after their operators."""


@dataclass
class Modules:
    """The modules of a program, or of a part of it: what is inside what, and how large."""

    by_weight: dict[str, Path]
    """The modules that weights belong to."""
    outer: set[Path] = field(default_factory=set)
    """Those that have others inside."""
    calls: Counter[Path] = field(default_factory=Counter)
    strangers: set[str] = field(default_factory=set)
    """Weights that are named after a module that others belong to: they had equal elements."""

    @classmethod
    def of(cls, statements: Iterable[Statement], weights: Iterable[str]) -> Modules:
        """Return the modules of statements, those in bodies among them.

        A weight that is read in several places says nothing of the module.
        """
        statements = tuple(s for s in statements if s.nodes)
        results = {onnx_name(name) for s in statements for name in s.outputs}
        modules = cls({name: module_of_weight(name, results) for name in weights})
        places: dict[Path, set[Path]] = {}
        for statement in statements:
            path = path_of(statement)
            for name in references(statement.operation) if path else ():
                places.setdefault(modules.by_weight.get(name, ()), set()).add(path)
        readers = Counter(n for s in statements for n in references(s.operation))
        for name, module in modules.by_weight.items():
            if module and len(places.get(module, ())) > 1:
                modules.by_weight[name] = ()
                if readers[name] == 1:
                    modules.strangers.add(name)
        for statement in statements:
            path, module = path_of(statement), modules.around(statement)
            modules.calls[module] += 1
            for each in {path, module}:
                modules.outer.update(each[:i] for i in range(1, len(each)))
        return modules

    def around(self, statement: Statement) -> Path:
        """Return the module whose weights a statement reads, else that of its node."""
        if not statement.nodes:
            return ()
        for name in references(statement.operation):
            if self.by_weight.get(name):
                return self.by_weight[name]
        path = path_of(statement)
        return path if path and not is_placeholder(path[-1]) else ()

    def naming(self, statement: Statement) -> Path:
        """Return the module that the results of a statement are called after, () for none."""
        module = self.around(statement)
        is_small = module not in self.outer and self.calls[module] <= MOST_CALLS
        return module if is_small else ()


class Runs:
    """The modules that statements are named after, and which of a module's calls is the last.

    A call that does not read what the one before has computed is another use of the module.
    """

    def __init__(self, statements: Sequence[Statement], modules: Modules) -> None:
        self.statements = statements
        named = ((i, modules.naming(s)) for i, s in enumerate(statements))
        self.modules = {place: module for place, module in named if module}
        self.last = self._last()

    def ends(self, place: int) -> bool:
        """Whether a statement computes the result of its module."""
        return self.last.get(place, place) == place

    def result(self, place: int) -> str:
        """Return the result of the module that a statement belongs to."""
        return next(filter(None, self.statements[self.last[place]].outputs), "")

    def _last(self) -> dict[int, int]:
        runs: dict[Path, list[int]] = {}
        finished: list[list[int]] = []
        for place, module in self.modules.items():
            run = runs.get(module, [])
            reads = references(self.statements[place].operation)
            if not run or set(self.statements[run[-1]].outputs).isdisjoint(reads):
                run = runs[module] = []
                finished.append(run)
            run.append(place)
        return {place: run[-1] for run in finished for place in run}


def path_of(statement: Statement) -> Path:
    """Return the modules around a statement, from the outermost to the innermost."""
    if statement.scopes:
        return without_repeats(split_scopes(statement.scopes[-1].path))
    if not statement.nodes:
        return ()
    # Of nodes that were put together, the value may have a name that says where it is.
    value = next(filter(None, statement.outputs), "")
    return without_repeats(split_scopes(onnx_name(value).rpartition("/")[0]))


def module_of_weight(name: str, results: Collection[str]) -> Path:
    """Return the module whose weight a constant is, as far as its name says so.

    Passes name weights that they compute after the results that are computed with them.
    """
    whole = parameter_of(name)
    if not whole or whole in results or re.search("(?i)_output_", whole):
        return ()
    module = without_repeats(split_scopes(whole))
    return module if module and not is_placeholder(module[-1]) else ()
