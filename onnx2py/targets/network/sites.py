"""What rules for layers know of a call: its constants, types, and what reads its result."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...ir.graph import new_name, onnx_name
from ...ir.program import (
    Argument,
    Call,
    Program,
    Ref,
    Statement,
    bodies_of,
    references,
)
from ...ir.types import Dim, TensorType, ValueType, dtype_name
from ...kernels.arithmetic import identity
from ...kernels.shape import expand
from ...plan.traverse import count_reads
from .dtypes import FLOATS
from .layer import Parameter
from .paths import scope_path, weight_path

_SAME_NUMBERS = frozenset(
    [operator.getitem, np.broadcast_to, expand, identity, np.reshape]
)
_BIASES = frozenset(["bias", "b", "beta"])


@dataclass(frozen=True)
class Facts:
    """What is known of a whole program."""

    program: Program
    sharers: Counter[str]
    """How many statements read each value, in bodies too."""
    types: dict[str, ValueType]
    defined: set[str]
    """The names of values: those of types may be of values that are gone."""

    @classmethod
    def of(cls, program: Program) -> Facts:
        """Count who reads what."""
        reads = (n for s in program.walk() for n in {*references(s.operation)})
        names = {*program.inputs, *program.weights, *program.defaults}
        for statement in program.walk():
            names.update(statement.outputs)
            names.update(n for b in bodies_of(statement.operation) for n in b.inputs)
        return cls(program, Counter(reads), dict(program.types), names)

    def new(self, value: str, kind: ValueType) -> str:
        """Return a name for another value that ONNX calls so, and note its type."""
        name = onnx_name(value)
        if name in self.defined:
            name = new_name(name, self.types, self.defined)
        self.defined.add(name)
        self.types[name] = kind
        return name


@dataclass
class Site:
    """The statements of a program or of a body, among which a call stands."""

    facts: Facts
    statements: Sequence[Statement]
    outputs: Iterable[str]
    uses: Counter[str] = field(init=False)
    readers: dict[str, list[Statement]] = field(init=False, default_factory=dict)
    makers: dict[str, Statement] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.uses = count_reads(self.statements, self.outputs)
        for statement in self.statements:
            self.makers.update((name, statement) for name in statement.outputs)
            for name in {*references(statement.operation)}:
                self.readers.setdefault(name, []).append(statement)

    @property
    def weights(self) -> Mapping[str, np.ndarray]:
        """The constants of the program."""
        return self.facts.program.weights

    def type(self, value: Argument | str) -> TensorType | None:
        """Return the type of a tensor, where known."""
        name = value.name if isinstance(value, Ref) else value
        kind = self.facts.types.get(name) if isinstance(name, str) else None
        return kind if isinstance(kind, TensorType) else None

    def shape(self, value: Argument | str) -> tuple[Dim, ...] | None:
        """Return the lengths of the axes, None if their number is not known."""
        kind = self.type(value)
        return kind.shape if kind else None

    def constant(self, value: Argument, beside: Argument) -> np.ndarray | None:
        """Return a constant of floats, of the element type that ``beside`` has; else None."""
        if not isinstance(value, Ref) or value.name in self.facts.program.defaults:
            return None
        array, kind = self.weights.get(value.name), self.type(beside)
        if array is None or array.dtype.kind == "O" or kind is None:
            return None
        dtype = dtype_name(array.dtype)
        return array if dtype == kind.dtype and dtype in FLOATS else None

    def parameters(
        self, values: Mapping[str, Argument], beside: Argument
    ) -> tuple[Parameter, ...] | None:
        """Return constants as parameters of these names, None if one is no constant.

        Arguments that are None are left out.
        """
        found = []
        for key, value in values.items():
            if value is None:
                continue
            array = self.constant(value, beside)
            if array is None or not isinstance(value, Ref):
                return None
            found.append(Parameter(key, value.name, array))
        return tuple(found)

    def is_zero(self, value: Argument) -> bool:
        """Whether all numbers of a value are known to be 0."""
        while isinstance(value, Ref):
            array, maker = self.weights.get(value.name), self.makers.get(value.name)
            if array is not None:
                return value.name not in self.facts.program.defaults and not array.any()
            call = maker.operation if maker else None
            if not isinstance(call, Call):
                return False
            if call.function is np.zeros:
                return True
            if call.function is np.full:
                return call.args[1] == 0 and not isinstance(call.args[1], Ref)
            if call.function not in _SAME_NUMBERS:
                return False
            value = call.args[0]
        return False

    def addition(
        self, product: Statement, channels: int, after: int, weight: str
    ) -> tuple[Statement, str] | None:
        """Return the sum of a product and a bias for each channel, if nothing else reads it.

        ``after`` is the number of axes after that of channels.
        """
        found = self.following(product, np.add, channels, after)
        if found is None or not self._is_of(found[1], weight, product, found[0]):
            return None
        return found

    def following(
        self, product: Statement, function: Any, channels: int, after: int
    ) -> tuple[Statement, str] | None:
        """Return the call by a constant for each channel that alone reads a value."""
        name = product.outputs[0]
        readers = self.readers.get(name, [])
        if self.uses[name] != 1 or len(readers) != 1:
            return None
        call = readers[0].operation
        if not isinstance(call, Call) or call.function is not function or call.kwargs:
            return None
        for one, other in (call.args, call.args[::-1]):
            bias = self.constant(other, Ref(name))
            if one != Ref(name) or bias is None or not isinstance(other, Ref):
                continue
            if _is_row(bias.shape, channels, after, self.shape(name)):
                return readers[0], other.name
        return None

    def is_scaled(self, statement: Statement) -> bool:
        """Whether a result is multiplied by a constant, or one is added to it."""
        readers = self.readers.get(statement.outputs[0], ())
        calls = [r.operation for r in readers if isinstance(r.operation, Call)]
        return any(
            call.function in (np.multiply, np.add)
            and not {*references(call)}.isdisjoint(self.weights)
            for call in calls
        )

    def _is_of(
        self, bias: str, weight: str, product: Statement, total: Statement
    ) -> bool:
        """Whether nothing says that a bias is of another module than a weight."""
        if scope_path(product.scopes) != scope_path(total.scopes):
            return False
        module, _, last = weight_path(bias).rpartition(".")
        if not module or self.facts.sharers[bias] > 1:
            return True
        of_weight = weight_path(weight).rpartition(".")[0]
        if last not in _BIASES and not last.endswith("_bias"):
            return False
        return not of_weight or module == of_weight


def _is_row(
    shape: tuple[int, ...], channels: int, after: int, of: tuple[Dim, ...] | None
) -> bool:
    """Whether a shape has one number for each channel, and no more axes than the product."""
    end = len(shape) - after
    if end < 1 or shape[end - 1] != channels:
        return False
    others = (*shape[: end - 1], *shape[end:])
    if any(length != 1 for length in others):
        return False
    return end == 1 or (of is not None and len(shape) <= len(of))
