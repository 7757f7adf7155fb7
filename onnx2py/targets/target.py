"""What a program is written for: the interface of targets, ours and those of others."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

import numpy as np

from ..emit.kernel_modules import KERNELS, read_module
from ..ir.graph import Graph
from ..ir.program import Call, Program
from ..ir.symbols import ARRAYS, Symbol
from ..ir.types import NUMPY_DTYPES, ValueType
from ..plan import RULES, PlacingOf, Rule, with_engine
from .dialect import Dialect
from .numpy_dialect import NumpyDialect

SPELLED: frozenset[Any] = frozenset([operator.getitem, np.ndim, np.shape, np.size])
"""What is no call in Python, and needs no twin: ``x[:2]``, ``x.shape``."""
Function = Callable[..., Any] | str
"""A kernel, a function of NumPy, or ``".method"`` of the first argument."""
Limit = Callable[[Call, Sequence[Optional[ValueType]]], str]
"""Says what a library lacks for a call with a result and arguments of types, "" if nothing."""
Untraced = Callable[[Program], Sequence[str]]
"""Returns the nodes that depend on data in a way that a library's compiler cannot trace."""
OwnRule = Callable[[Graph], Rule]
"""Returns a rule for a file, of its main graph as it was decoded."""
_LATE = ("H", "M")
"""The first letters of the rules that come after one of a target's own."""


def rules_of(*numbers: str) -> tuple[Rule, ...]:
    """Return rules of the planner by any of their numbers, such as ``H1``, in their order.

    Raises
    ------
    ValueError
        If there is no rule of a number.
    """
    unknown = {*numbers} - {number for rule in RULES for number in rule.numbers}
    if unknown:
        raise ValueError(f"rules: expected numbers of rules, got {sorted(unknown)}")
    return tuple(rule for rule in RULES if not {*numbers}.isdisjoint(rule.numbers))


@dataclass(frozen=True)
class Target:
    """A library that packages are written for.

    Attributes
    ----------
    name : str
        What ``--target`` calls it.
    requires : tuple of str
        The modules that every package imports.
    kernels : Path
        The folder of its functions. The twin of a kernel of onnx2py is the function of the same
        name, parameters and defaults in the file of the same name; twins of functions of NumPy
        and of methods of arrays are in ``arrays.py``. Files are read, not imported: the twins
        that a model calls are copied into its package.
    dtypes : frozenset of str
        The element types that it has, by the names in :data:`onnx2py.ir.types.DTYPES`.
    rules : tuple of Rule
        The rules of the planner that suit it, see :func:`rules_of`.
    left_out : frozenset of str
        The names of the passes over graphs that do not suit it.
    dialect : Dialect
        How its source is spelled, as NumPy's unless it is given.
    title : str
        What texts call the library.
    blocks : bool
        Whether the parts of a model that repeat are written as classes and loops.
    scan_layers : bool or None
        Whether a loop over layers of one kind is the library's own; None if it has none.
    accelerated : bool or None
        Whether kernels call an engine where there is one; None if the library has none.
    untraced : function of a program, or None
        Returns the nodes that its compiler cannot trace, as ``name: Operator``.
    carried : mapping
        The element type whose tensors hold the numbers of one that the library lacks. In calls,
        such a type is spelled by its name.
    limit : function of a call and the types of its result and arguments, or None
        Says what the library lacks for a call although there is a twin.
    own : function of the main graph of a file, or None
        Returns a rule of its own. It comes before lengths are written as numbers. Where it lets
        a :class:`~onnx2py.ir.symbols.Symbol` stand for a function, no twin is looked for.
    placing : function of a program, or None
        Returns where in a tree of modules it has what statements read. What repeats is then written
        as classes whose objects are modules of that tree.
    """

    name: str
    requires: tuple[str, ...]
    kernels: Path
    dtypes: frozenset[str] = frozenset(NUMPY_DTYPES)
    rules: tuple[Rule, ...] = rules_of("H1")
    left_out: frozenset[str] = frozenset()
    dialect: Dialect = NumpyDialect()
    title: str = "NumPy"
    blocks: bool = True
    scan_layers: Optional[bool] = None
    accelerated: Optional[bool] = None
    untraced: Optional[Untraced] = None
    carried: Mapping[str, str] = field(default_factory=dict)
    limit: Optional[Limit] = None
    own: Optional[OwnRule] = None
    placing: Optional[PlacingOf] = None

    @property
    def is_numpy(self) -> bool:
        """Whether the functions of programs are its own."""
        return self.kernels == KERNELS

    def rules_for(self, graph: Graph) -> tuple[Rule, ...]:
        """Return all rules for a file with this main graph, in their order."""
        if self.accelerated:
            return with_engine(self.rules)
        if self.own is None:
            return self.rules
        early = [rule for rule in self.rules if rule.numbers[0][0] not in _LATE]
        return (*early, self.own(graph), *self.rules[len(early) :])

    def function(self, kernel: Function) -> Function | None:
        """Return the twin of a kernel, a function of NumPy or a method; None if it lacks that."""
        if self.is_numpy or kernel in SPELLED or isinstance(kernel, Symbol):
            return kernel
        if isinstance(kernel, str):
            symbol = Symbol(ARRAYS, kernel.lstrip("."), kernel)
        else:
            package, _, module = str(getattr(kernel, "__module__", "")).rpartition(".")
            is_kernel = package == "onnx2py.kernels"
            symbol = Symbol(module if is_kernel else ARRAYS, kernel.__name__, kernel)
        file = self.kernels / f"{symbol.module}.py"
        if not file.is_file():
            return None
        twins = read_module(symbol.module, self.kernels)
        return symbol if twins.definition(symbol.name) else None
