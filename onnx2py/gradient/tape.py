"""Writing down new nodes: values with arithmetic, each operation one ONNX node."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Union

import numpy as np

from ..decode.definitions import output_types
from ..ir.graph import Node, numbered, onnx_name
from ..ir.types import DTYPES, Dim, TensorType, ValueType, tensor_type_of

OPSET = 21
"""The version of ONNX's operators that gradients are written in, whatever the model's."""

FLOATS = {"float16", "bfloat16", "float32", "float64"}
"""The element types through which a gradient flows."""


class NoDerivative(Exception):
    """Something that cannot be differentiated: what, and what to try."""

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what, self.hint = what, hint


@dataclass
class Tape:
    """The nodes that are being written; ``constants`` and ``types`` are of all that is visible."""

    types: dict[str, ValueType]
    constants: dict[str, np.ndarray]
    taken: set[str]
    title: str = ""
    """The name of the nodes, for comments."""
    nodes: list[Node] = field(default_factory=list)
    added: dict[str, np.ndarray] = field(default_factory=dict)
    """The constants that the nodes read."""
    known: dict[tuple[str, tuple[int, ...], bytes], str] = field(default_factory=dict)
    """Their names."""

    def fresh(self, hint: str) -> str:
        """Return a name for a new value."""
        base, count = onnx_name(hint), 1
        name = base
        while name in self.taken:
            count += 1
            name = numbered(base, count)
        self.taken.add(name)
        return name

    def constant(self, array: np.ndarray, hint: str = "constant") -> Value:
        """Write a constant, if it is not there already."""
        key = (array.dtype.str, array.shape, array.tobytes())
        if key in self.known:
            return Value(self, self.known[key])
        name = self.known[key] = self.fresh(hint)
        self.constants[name] = self.added[name] = array
        self.types[name] = tensor_type_of(array)
        return Value(self, name)

    def integers(self, numbers: Iterable[int]) -> Value:
        """Write a list of numbers: axes, a shape."""
        return self.constant(np.array(list(numbers), np.int64))

    def all(
        self,
        operator: str,
        *inputs: Value | None,
        outputs: int = 1,
        version: int = OPSET,
        **attributes: Any,
    ) -> list[Value]:
        """Write a node; return all its outputs."""
        names = tuple(self.fresh(f"gradient_{operator}") for _ in range(outputs))
        read = tuple(value.name if value else "" for value in inputs)
        while read and not read[-1]:
            read = read[:-1]
        node = Node(operator, read, names, attributes, self.title, "", version)
        self.append(node)
        return [Value(self, name) for name in names]

    def op(self, operator: str, *inputs: Value | None, **attributes: Any) -> Value:
        """Write a node of one output."""
        return self.all(operator, *inputs, **attributes)[0]

    def append(self, node: Node) -> None:
        """Write a node as it is."""
        self.nodes.append(node)
        for name, kind in output_types(node, self.types, self.constants).items():
            self.types.setdefault(name, kind)

    def where(self, condition: Value, yes: Value | float, no: Value | float) -> Value:
        """Choose element by element; one of the two may be a number."""
        if not isinstance(yes, Value):
            assert isinstance(no, Value)
            yes = no.like(yes)
        if not isinstance(no, Value):
            no = yes.like(no)
        return self.op("Where", condition, yes, no)

    def concat(self, parts: Sequence[Value]) -> Value:
        """Join lists of numbers."""
        known = [self.constants.get(part.name) for part in parts]
        if all(array is not None for array in known):
            return self.constant(np.concatenate([a for a in known if a is not None]))
        return self.op("Concat", *parts, axis=0)


@dataclass(frozen=True)
class Value:
    """A value of the graph, with the arithmetic of the rules."""

    tape: Tape
    name: str

    @property
    def type(self) -> TensorType:
        """The type, as far as it is known."""
        kind = self.tape.types.get(self.name)
        if not isinstance(kind, TensorType):
            raise NoDerivative(f"the type of {onnx_name(self.name)!r} is not known")
        return kind

    @property
    def dtype(self) -> str:
        """The element type."""
        return self.type.dtype

    @property
    def rank(self) -> int:
        """The number of axes."""
        rank = self.type.rank
        if rank is None:
            raise NoDerivative(
                f"the rank of {onnx_name(self.name)!r} is not known",
                "give the shapes of the inputs with --shape",
            )
        return rank

    def lengths(self, what: str = "shape") -> tuple[int, ...]:
        """Return the shape, which has to be known."""
        shape = self.type.static_shape
        if shape is None:
            raise NoDerivative(
                f"the {what} of {onnx_name(self.name)!r} is not known",
                "give the shapes of the inputs with --shape",
            )
        return shape

    @property
    def constant(self) -> np.ndarray | None:
        """The array, where it is a constant."""
        return self.tape.constants.get(self.name)

    def like(self, number: float) -> Value:
        """Return a number of this value's element type."""
        return self.tape.constant(np.array(number, DTYPES[self.dtype]))

    def _with(self, operator: str, other: Value | float, swap: bool = False) -> Value:
        if not isinstance(other, Value):
            other = self.like(other)
        pair = (other, self) if swap else (self, other)
        return self.tape.op(operator, *pair)

    def __add__(self, other: Value | float) -> Value:
        return self._with("Add", other)

    def __sub__(self, other: Value | float) -> Value:
        return self._with("Sub", other)

    def __rsub__(self, other: float) -> Value:
        return self._with("Sub", other, swap=True)

    def __mul__(self, other: Value | float) -> Value:
        return self._with("Mul", other)

    def __truediv__(self, other: Value | float) -> Value:
        return self._with("Div", other)

    def __rtruediv__(self, other: float) -> Value:
        return self._with("Div", other, swap=True)

    __radd__, __rmul__ = __add__, __mul__

    def __pow__(self, other: Value | float) -> Value:
        return self._with("Pow", other)

    def __neg__(self) -> Value:
        return self.tape.op("Neg", self)

    def __gt__(self, other: Value | float) -> Value:
        return self._with("Greater", other)

    def __lt__(self, other: Value | float) -> Value:
        return self._with("Less", other)

    def equals(self, other: Value | float) -> Value:
        """Compare for equality."""
        return self._with("Equal", other)

    def map(self, operator: str) -> Value:
        """Apply an operator of one input: ``x.map("Exp")``."""
        return self.tape.op(operator, self)

    def cast(self, dtype: str) -> Value:
        """Convert to another element type."""
        if dtype == self.dtype:
            return self
        return self.tape.op("Cast", self, to=_CODES[dtype])

    def dims(self, start: int = 0, end: int | None = None) -> Value:
        """Return lengths as a list of numbers: a constant, where they are known."""
        kind = self.tape.types.get(self.name)
        shape: tuple[Dim, ...] | None = getattr(kind, "shape", None)
        if shape is not None:
            known = [dim for dim in shape[start:end] if isinstance(dim, int)]
            if len(known) == len(shape[start:end]):
                return self.tape.integers(known)
        limits: Mapping[str, int] = {} if end is None else {"end": end}
        return self.tape.op("Shape", self, start=start, **limits)

    def size(self, dtype: str) -> Value:
        """Return the number of elements, as a number of an element type."""
        return self.tape.op("Size", self).cast(dtype)

    def sum(self, axes: Sequence[int] | Value, *, keepdims: int = 1) -> Value:
        """Add up along axes, which remain with length 1."""
        if not isinstance(axes, Value):
            axes = self.tape.integers(axes)
        return self.tape.op(
            "ReduceSum", self, axes, keepdims=keepdims, noop_with_empty_axes=1
        )

    def mean(self, axes: Sequence[int]) -> Value:
        """Take the mean along axes, which remain with length 1."""
        return self.tape.op("ReduceMean", self, self.tape.integers(axes), keepdims=1)

    def reshape(self, shape: Value | Sequence[int]) -> Value:
        """Return the elements in another shape, of which one length may be -1."""
        if not isinstance(shape, Value):
            shape = self.tape.integers(shape)
        return self.tape.op("Reshape", self, shape, allowzero=int(not _open(shape)))

    def reshape_like(self, other: Value) -> Value:
        """Return the elements in the shape of another value."""
        mine, wanted = (self.tape.types.get(v.name) for v in (self, other))
        lengths = getattr(wanted, "static_shape", None)
        if lengths is not None and lengths == getattr(mine, "static_shape", None):
            return self
        return self.reshape(other.dims())

    def transpose(self, order: Sequence[int]) -> Value:
        """Return the axes in another order."""
        return self.tape.op("Transpose", self, perm=tuple(order))

    def expand(self, shape: Value) -> Value:
        """Repeat along axes of length 1."""
        return self.tape.op("Expand", self, shape)

    def filled(self, number: float) -> Value:
        """Return a value of the same shape and type with one number everywhere."""
        return self.like(number).expand(self.dims())

    def sum_to(self, other: Value) -> Value:
        """Undo broadcasting: add up so that the shape is that of another value."""
        mine, wanted = self._shape(), other._shape()
        if mine is not None and wanted is not None:
            if mine == wanted and None not in mine:
                return self
            new = len(mine) - len(wanted)
            axes = _broadcast_axes(mine, wanted)
            if axes is not None:
                total = self.sum(axes) if axes else self
                return total.reshape_like(other) if new else total
        tape = self.tape
        shape = tape.op("Shape", other)
        missing = tape.op("Size", tape.op("Shape", self)) - tape.op("Size", shape)
        one = np.ones(1, np.int64)
        ones = tape.op("ConstantOfShape", missing.reshape((1,)), value=one)
        single = tape.op("Concat", ones, shape, axis=0).equals(tape.integers([1]))
        axes_found = tape.op("NonZero", single).reshape((-1,))
        return self.sum(axes_found).reshape(shape)

    def _shape(self) -> tuple[Dim, ...] | None:
        return getattr(self.tape.types.get(self.name), "shape", None)


_CODES = {"float32": 1, "float16": 10, "float64": 11, "bfloat16": 16, "int64": 7}


def _open(shape: Value) -> bool:
    array = shape.constant
    return array is not None and bool((array < 0).any())


def _broadcast_axes(shape: Sequence[Dim], wanted: Sequence[Dim]) -> list[int] | None:
    """Return the axes to add up, None if that is not known before it runs."""
    new = len(shape) - len(wanted)
    axes = list(range(new))
    for axis, (have, want) in enumerate(zip(shape[new:], wanted), new):
        if want == 1:
            axes += [axis] if have != 1 else []
        elif want is None or have != want and not isinstance(want, int):
            return None
    return axes


Gradients = Sequence[Union[Value, None]]
"""One for each input; None where there is none."""
