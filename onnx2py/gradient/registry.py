"""Which rule differentiates which operator: ``@derives("Tanh")``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ..ir.graph import Node
from ..traits.operators import OPERATORS
from .tape import Gradients, NoDerivative, Tape, Value

HELPERS = {"nodes", "registry", "reverse", "tape"}


@dataclass(frozen=True)
class Step:
    """A node that is being differentiated, seen by its rule."""

    tape: Tape
    node: Node
    seeds: tuple[Value | None, ...]
    """The gradient of each output, None for one that the result does not depend on."""
    wanted: frozenset[str]
    """The inputs whose gradient is needed."""

    @property
    def inputs(self) -> list[Value]:
        """The inputs; for operators whose inputs are all given."""
        return [Value(self.tape, name) for name in self.node.inputs]

    def input(self, index: int) -> Value | None:
        """An input that may be absent."""
        names = self.node.inputs
        present = index < len(names) and names[index]
        return Value(self.tape, names[index]) if present else None

    @property
    def x(self) -> Value:
        """The first input."""
        return self.inputs[0]

    @property
    def y(self) -> Value:
        """The first output."""
        return Value(self.tape, self.node.outputs[0])

    @property
    def dy(self) -> Value:
        """The gradient of the first output, the only one that may have a gradient."""
        for name, seed in zip(self.node.outputs[1:], self.seeds[1:]):
            if seed is not None:
                raise NoDerivative(f"its output {name!r} has no derivative")
        assert self.seeds[0] is not None
        return self.seeds[0]

    @property
    def version(self) -> int:
        """The opset version."""
        return self.node.version

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute, or a default."""
        return self.node.attributes.get(name, default)

    def wants(self, index: int) -> bool:
        """Whether the gradient of an input is needed."""
        names = self.node.inputs
        return index < len(names) and names[index] in self.wanted

    def again(self, *inputs: Value | None, **changed: Any) -> Value:
        """Write the same node with other inputs or attributes."""
        attributes = {**self.node.attributes, **changed}
        found = self.tape.all(
            self.node.operator, *inputs, version=self.version, **attributes
        )
        return found[0]


Rule = Callable[[Step], Gradients]
Formula = Callable[[Step], Sequence[Value]]

_DERIVATIVES: dict[str, tuple[Rule, bool]] = {}
_FORMULAS: dict[str, Formula] = {}


def derives(*operators: str, broadcasts: bool = False) -> Callable[[Rule], Rule]:
    """Register a rule that returns the gradient of each input.

    With ``broadcasts``, gradients are added up to the inputs' own shapes afterwards.
    """

    def register(rule: Rule) -> Rule:
        _DERIVATIVES.update((name, (rule, broadcasts)) for name in operators)
        return rule

    return register


def writes_out(*operators: str) -> Callable[[Formula], Formula]:
    """Register a formula: the outputs in terms of operators that have a derivative."""

    def register(formula: Formula) -> Formula:
        _FORMULAS.update((name, formula) for name in operators)
        return formula

    return register


def derivative_of(node: Node) -> tuple[Rule, bool] | None:
    """Return the rule for an operator of ONNX's own domain, and whether it broadcasts."""
    _load()
    return None if node.domain else _DERIVATIVES.get(node.operator)


def formula_of(node: Node) -> Formula | None:
    """Return the formula for an operator of ONNX's own domain."""
    _load()
    return None if node.domain else _FORMULAS.get(node.operator)


def differentiable() -> list[str]:
    """Return the operators that have a rule of their own."""
    _load()
    flat = (
        name for (domain, name), row in OPERATORS.items() if row.flat and not domain
    )
    return sorted({*_DERIVATIVES, *_FORMULAS, *flat})


@lru_cache(maxsize=None)
def _load() -> None:
    package = importlib.import_module(__package__)
    for module in pkgutil.iter_modules(package.__path__):
        if module.name not in HELPERS:
            importlib.import_module(f"{__package__}.{module.name}")
