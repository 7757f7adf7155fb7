"""The view of a node for a lowering rule, which returns a checked call."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias, TypeVar, overload

import numpy as np
from numpy.typing import DTypeLike

from ..errors import InternalError, Problem, UnsupportedError
from ..ir.graph import Graph, Node
from ..ir.program import Argument, Body, Call, Ref
from ..ir.types import DTYPES, ELEMENT_TYPES, TensorType, ValueType

T = TypeVar("T")
D = TypeVar("D")
_REQUIRED: Any = object()
# The class below has methods of these names.
_Int: TypeAlias = int
_Float: TypeAlias = float
_Type: TypeAlias = type


@dataclass
class NodeContext:
    """A node, with the compiler's knowledge of its inputs.

    Attributes that a rule reads are noted: an attribute that no rule reads is reported as
    unsupported, because ignoring it could give a wrong result.
    """

    node: Node
    types: Mapping[str, ValueType] = field(default_factory=dict)
    constants: Mapping[str, np.ndarray] = field(default_factory=dict)
    lower_body: Callable[[Graph, str], Body] | None = None
    weights: dict[str, np.ndarray] = field(default_factory=dict)
    """Tensors that the rule made: what ``weight()`` collects."""
    read: set[str] = field(default_factory=set)
    conditional: bool = False
    """Whether it is in a branch: one that no call takes may be wrong, as in ONNX's functions."""

    # ------------------------------------------------------------------ inputs and outputs

    @property
    def version(self) -> _Int:
        """The opset version of the operator's domain."""
        return self.node.version

    @property
    def inputs(self) -> tuple[Ref | None, ...]:
        """All inputs as references, None where one is absent."""
        return tuple(Ref(name) if name else None for name in self.node.inputs)

    def has_input(self, index: _Int) -> bool:
        """Whether that input is given."""
        return index < len(self.node.inputs) and bool(self.node.inputs[index])

    def input(self, index: _Int) -> Ref:
        """Return a reference to a required input."""
        if not self.has_input(index):
            raise self.unsupported(
                f"input {index}: expected a value, got none",
                "the model is not valid ONNX",
            )
        return Ref(self.node.inputs[index])

    def optional(self, index: _Int) -> Ref | None:
        """Return a reference to an optional input, or None if it is absent."""
        return self.input(index) if self.has_input(index) else None

    def has_output(self, index: _Int) -> bool:
        """Whether that output may be used."""
        return index < len(self.node.outputs) and bool(self.node.outputs[index])

    def type(self, index: _Int) -> TensorType | None:
        """Return the tensor type of an input, where known."""
        kind = (
            self.types.get(self.node.inputs[index]) if self.has_input(index) else None
        )
        return kind if isinstance(kind, TensorType) else None

    def output_type(self, index: _Int = 0) -> TensorType | None:
        """Return the tensor type of an output, where known."""
        kind = (
            self.types.get(self.node.outputs[index]) if self.has_output(index) else None
        )
        return kind if isinstance(kind, TensorType) else None

    def dtype(self, index: _Int) -> str | None:
        """Return ONNX's name of the element type of an input, where known."""
        kind = self.type(index)
        return kind.dtype if kind else None

    def rank(self, index: _Int) -> _Int | None:
        """Return the number of axes of an input, where known."""
        kind = self.type(index)
        return kind.rank if kind else None

    def shape(self, index: _Int) -> tuple[_Int, ...] | None:
        """Return the shape of an input, where every length is known."""
        kind = self.type(index)
        return kind.static_shape if kind else None

    def constant(self, index: _Int) -> np.ndarray | None:
        """Return the value of an input if it is constant, else None."""
        return (
            self.constants.get(self.node.inputs[index])
            if self.has_input(index)
            else None
        )

    def literal(self, index: _Int) -> Argument:
        """Return a small integer, bool or float input as a literal if it is constant.

        A 0-d tensor becomes a number, and a 1-d tensor a tuple. An input that is not constant,
        has more axes or elements, or has another type remains a reference; an absent input is
        None.
        """
        value = self.constant(index)
        if (
            value is None
            or value.ndim > 1
            or value.size > 64
            or value.dtype.kind not in "iubf"
        ):
            return self.optional(index)
        if value.dtype.itemsize == 1 and value.dtype.name not in (
            "int8",
            "uint8",
            "bool",
        ):
            return self.optional(index)
        item = value.tolist()
        return tuple(item) if isinstance(item, list) else item

    def weight(self, name: str, array: np.ndarray) -> Ref:
        """Add a tensor that the rule computed (tables of trees, say) to the weights."""
        first = next((output for output in self.node.outputs if output), self.node.name)
        full = f"{first}.{name}"
        self.weights[full] = np.asarray(array)
        return Ref(full)

    # ------------------------------------------------------------------ attributes

    def has(self, name: str) -> bool:
        """Whether the attribute is given."""
        return name in self.node.attributes

    def ignore(self, *names: str) -> None:
        """Note attributes that do not change the result."""
        self.read.update(names)

    @overload
    def int(self, name: str) -> _Int: ...
    @overload
    def int(self, name: str, default: D) -> _Int | D: ...
    def int(self, name: str, default: Any = _REQUIRED) -> Any:
        """Return an integer attribute."""
        return self._attribute(name, int, default)

    @overload
    def float(self, name: str) -> _Float: ...
    @overload
    def float(self, name: str, default: D) -> _Float | D: ...
    def float(self, name: str, default: Any = _REQUIRED) -> Any:
        """Return a float attribute, as the shortest number that is the same float32."""
        value = self._attribute(name, float, default)
        return short_float(value) if isinstance(value, float) else value

    @overload
    def string(self, name: str) -> str: ...
    @overload
    def string(self, name: str, default: D) -> str | D: ...
    def string(self, name: str, default: Any = _REQUIRED) -> Any:
        """Return a string attribute."""
        return self._attribute(name, str, default)

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        """Return a string attribute that must be one of ``allowed`` (case matters)."""
        value = self.string(name, default)
        if value not in allowed:
            raise self.unsupported(
                f"attribute {name}: expected {' or '.join(filter(None, allowed))}, "
                f"got {value!r}"
            )
        return value

    @overload
    def ints(self, name: str) -> tuple[_Int, ...]: ...
    @overload
    def ints(self, name: str, default: D) -> tuple[_Int, ...] | D: ...
    def ints(self, name: str, default: Any = _REQUIRED) -> Any:
        """Return an attribute that is a list of integers."""
        return self._list(name, int, default)

    @overload
    def floats(self, name: str) -> tuple[_Float, ...]: ...
    @overload
    def floats(self, name: str, default: D) -> tuple[_Float, ...] | D: ...
    def floats(self, name: str, default: Any = _REQUIRED) -> Any:
        """Return an attribute that is a list of floats, each the shortest for its float32."""
        value = self._list(name, float, default)
        return (
            tuple(map(short_float, value))
            if isinstance(value, tuple) and value is not default
            else value
        )

    def array(self, name: str, dtype: DTypeLike) -> np.ndarray:
        """Return an attribute that is a list of numbers, perhaps of millions; [] if absent."""
        value = self._attribute(name, tuple, ())
        try:
            return np.array(value, dtype).reshape(-1)
        except (TypeError, ValueError):
            raise self.unsupported(
                f"attribute {name}: expected a list of numbers",
                "the model is not valid ONNX",
            ) from None

    @overload
    def strings(self, name: str) -> tuple[str, ...]: ...
    @overload
    def strings(self, name: str, default: D) -> tuple[str, ...] | D: ...
    def strings(self, name: str, default: Any = _REQUIRED) -> Any:
        """Return an attribute that is a list of strings."""
        return self._list(name, str, default)

    @overload
    def tensor(self, name: str) -> np.ndarray: ...
    @overload
    def tensor(self, name: str, default: D) -> np.ndarray | D: ...
    def tensor(self, name: str, default: Any = _REQUIRED) -> Any:
        """Return an attribute that is a tensor."""
        return self._attribute(name, np.ndarray, default)

    def graph(self, name: str) -> Graph:
        """Return an attribute that is a subgraph."""
        value: Graph = self._attribute(name, Graph, _REQUIRED)
        return value

    def body(self, name: str) -> Body:
        """Lower the subgraph in an attribute to a function."""
        graph = self.graph(name)
        if self.lower_body is None:
            raise InternalError(f"{self.node.label}: subgraphs cannot be lowered here")
        return self.lower_body(graph, name)

    def element_type(self, name: str, default: Any = _REQUIRED) -> np.dtype:
        """Return an attribute that holds a TensorProto.DataType as a NumPy dtype."""
        code = self.int(name, default)
        if code is None or code not in ELEMENT_TYPES:
            raise self.unsupported(
                f"attribute {name}: expected an element type, got {code}"
            )
        return DTYPES[ELEMENT_TYPES[code]]

    def _attribute(self, name: str, kind: _Type, default: Any) -> Any:
        self.read.add(name)
        if name not in self.node.attributes:
            if default is _REQUIRED:
                raise self.unsupported(
                    f"attribute {name}: expected a value, got none",
                    "the model is not valid ONNX",
                )
            return default
        value = self.node.attributes[name]
        if not isinstance(value, kind):
            expected = getattr(kind, "__name__", kind)
            raise self.unsupported(
                f"attribute {name}: expected {expected}, got {type(value).__name__}"
            )
        return value

    def _list(self, name: str, kind: _Type, default: Any) -> Any:
        value = self._attribute(name, tuple, default)
        if name in self.node.attributes and not all(
            isinstance(item, kind) for item in value
        ):
            raise self.unsupported(
                f"attribute {name}: expected a list of {getattr(kind, '__name__', kind)}"
            )
        return value

    # ------------------------------------------------------------------ answers

    def call(
        self,
        function: Callable[..., Any] | str,
        *args: Argument,
        results: Any = None,  # an int; Any, so that callers may spread other options
        **kwargs: Argument,
    ) -> Call:
        """Return a call; arguments equal to the kernel's defaults are omitted.

        ``function`` is a kernel, a NumPy function, or ``".method"`` of the first argument.

        Raises
        ------
        InternalError
            If the arguments do not match the kernel's signature.
        """
        if isinstance(function, str) or not function.__module__.startswith("onnx2py."):
            return Call(function, args, kwargs, results)
        signature = kernel_signature(function)
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            if str(error).startswith("missing a required argument"):
                raise self.unsupported(
                    f"an input is {error}", "the model is not valid ONNX"
                ) from None
            raise InternalError(
                f"{self.node.label}: {function.__name__}: {error}"
            ) from error
        positional = list(bound.args)
        names = [
            p.name
            for p in signature.parameters.values()
            if p.kind is p.POSITIONAL_OR_KEYWORD
        ]
        while (
            positional
            and len(positional) <= len(names)
            and _is_default(
                signature.parameters[names[len(positional) - 1]].default, positional[-1]
            )
        ):
            positional.pop()
        keywords = {
            name: value
            for name, value in bound.kwargs.items()
            if name not in signature.parameters
            or not _is_default(signature.parameters[name].default, value)
        }
        return Call(function, tuple(positional), keywords, results)

    def unsupported(self, what: str, hint: str = "") -> UnsupportedError:
        """Return the error to raise for an unsupported feature."""
        return UnsupportedError([self.problem(what, hint)])

    def problem(self, what: str, hint: str = "") -> Problem:
        """Word a problem with this node."""
        first = next((output for output in self.node.outputs if output), "")
        return Problem(
            self.node.name or first,
            f"{self.node.qualified_operator} (opset {self.version})",
            what,
            hint,
        )

    def unread(self) -> list[str]:
        """Return the attributes that the rule did not read."""
        return sorted(set(self.node.attributes) - self.read)


@lru_cache(maxsize=None)
def kernel_signature(function: Callable[..., Any]) -> inspect.Signature:
    """Return a kernel's signature, computed once: inspect is slow."""
    return inspect.signature(function)


def _is_default(default: Any, value: Any) -> bool:
    if default is inspect.Parameter.empty or isinstance(value, Ref):
        return False
    return type(default) is type(value) and bool(default == value)


def short_float(value: float) -> float:
    """Return the number with the fewest digits that is the same float32: 0.01, not 0.00999999977.

    Numbers that are not float32 are returned unchanged.
    """
    with np.errstate(over="ignore"):
        single = np.float32(value)
    return float(str(single)) if float(single) == value else value
