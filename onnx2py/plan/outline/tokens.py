"""What of a statement has to be equal for two to be alike (rule G3), and what may differ.

Values, weights and most literals differ between blocks that are the same code. What a reader
takes for the code itself, an axis, a permutation, a type, does not.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ...ir.blocks import has_references, key_of
from ...ir.program import (
    CONTINUATION,
    Argument,
    Body,
    Branch,
    Call,
    Expression,
    Kernel,
    Loop,
    MapItems,
    Operation,
    Ref,
    Scan,
    bodies_of,
)
from ...ir.types import TensorType, ValueType
from ...traits.kernels import is_choice, kernel_traits

STRICT = frozenset({
    "axis", "axes", "perm", "indices", "keepdims", "dtype", "batch_dims", "to", "layout", "index",
})  # fmt: skip
"""Parameters whose literals are part of the code."""
LAST = -1
"""A length that is left open; to name it elsewhere is another code."""


@dataclass
class Form:
    """One operation without its bodies: what is equal in those alike, and its arguments."""

    key: tuple[Any, ...] = ()
    reads: list[str] = field(default_factory=list)
    """Values, in order."""
    weights: list[str] = field(default_factory=list)
    literals: list[str] = field(default_factory=list)
    """Those that may differ."""


def form_of(operation: Operation, constants: Mapping[str, Any]) -> Form:
    """Return the form of an operation.

    ``constants`` are weights and what is made of them, with what must be equal of them.
    """
    form = Form()
    reader = _Reader(form, constants)
    if isinstance(operation, Call):
        form.key = tuple(reader.call(operation))
    else:
        form.key = tuple(reader.control(operation))
    return form


class _Reader:
    def __init__(self, form: Form, constants: Mapping[str, Any]) -> None:
        self.form, self.constants = form, constants

    def call(self, call: Call) -> Iterator[Any]:
        function = call.function
        if is_choice(function):
            yield from self.choice(call)
            return
        yield path_of(function)
        yield call.results
        names = _parameters(function, len(call.args))
        is_strict = function is operator.getitem or isinstance(function, str)
        for name, value in zip(names, call.args):
            yield self.argument(value, is_strict or name in STRICT)
        for key, value in call.kwargs.items():
            if key != "out":
                yield (key, self.argument(value, key in STRICT))

    def choice(self, call: Call) -> Iterator[Any]:
        """Yield what has to be equal of a call of one of several kernels: options may differ."""
        yield kernel_traits(call.function).operator
        yield call.results
        for value in call.args:
            key = self.argument(value, False)
            yield key[:1] if isinstance(value, Ref) and key != "value" else key
        options = []
        for name, value in call.kwargs.items():
            if name == "out":
                continue
            if has_references(value) or name in CONTINUATION:
                yield (name, self.argument(value, True))
            else:
                options.append((name, repr(value)))
        self.form.literals.append(repr((path_of(call.function), options)))

    def control(self, operation: Operation) -> Iterator[Any]:
        yield type(operation).__name__
        arguments: tuple[Any, ...]
        if isinstance(operation, Branch):
            arguments = (operation.condition,)
        elif isinstance(operation, Loop):
            arguments = (operation.trip_count, operation.condition, *operation.state)
        elif isinstance(operation, Scan):
            arguments = (*operation.state, *(item.value for item in operation.inputs))
            yield repr([(item.axis, item.reverse) for item in operation.inputs])
            yield repr(operation.scans)
        elif isinstance(operation, MapItems):
            arguments = operation.inputs
            yield operation.is_sequence
        else:
            arguments = getattr(operation, "arguments", ())
        for value in arguments:
            yield self.argument(value, True)
        for body in bodies_of(operation):
            yield self.body(body)

    def body(self, body: Body) -> tuple[Any, ...]:
        captures = tuple(self.argument(Ref(name), True) for name in body.captures)
        return (
            len(body.inputs),
            captures,
            len(body.outputs),
            *map(_promise, body.promised),
        )

    def argument(self, value: Any, is_strict: bool) -> Any:
        """Return the part of an argument that has to be equal."""
        if isinstance(value, Ref):
            return self.reference(value.name)
        if isinstance(value, tuple):
            return ("tuple", *(self.argument(item, is_strict) for item in value))
        if isinstance(value, slice):
            bounds = (value.start, value.stop)
            step = self.argument(value.step, True)
            return ("slice", *(self.argument(b, False) for b in bounds), step)
        if isinstance(value, Expression):
            sides = (self.argument(v, is_strict) for v in (value.left, value.right))
            return ("expression", value.operator, *sides)
        return self.literal(value, is_strict)

    def reference(self, name: str) -> Any:
        if name in self.constants:
            self.form.weights.append(name)
            return self.constants[name]
        self.form.reads.append(name)
        return "value"

    def literal(self, value: Argument, is_strict: bool) -> Any:
        if isinstance(value, Kernel):
            return key_of(value)
        key = (type(value).__name__, repr(value))
        if is_strict or type(value) not in (int, float) or value == LAST:
            return key
        self.form.literals.append(key[1])
        return key[0]


def path_of(function: Callable[..., Any] | str) -> str:
    """Return a name that tells a function from all others."""
    if isinstance(function, str):
        return function
    return f"{getattr(function, '__module__', '')}.{function.__name__}"


def _promise(kind: ValueType | None) -> Any:
    """Return the part of a declared type that has to be equal: not the names of lengths."""
    if not isinstance(kind, TensorType):
        return repr(kind)
    shape = kind.shape
    known = shape and tuple(d if isinstance(d, int) else None for d in shape)
    return (kind.dtype, known)


@lru_cache(maxsize=1024)
def _parameters(function: Callable[..., Any] | str, count: int) -> tuple[str, ...]:
    """Return the names of the first parameters of a function, "" where there are none."""
    names: list[str] = []
    if not isinstance(function, str):
        try:
            names = [*inspect.signature(function).parameters]
        except (TypeError, ValueError):
            names = []
    return (*names[:count], *[""] * (count - len(names)))
