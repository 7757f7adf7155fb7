"""The attributes of a node, for a lowering rule."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar, overload

import numpy as np
from numpy.typing import DTypeLike

from ..errors import Problem, UnsupportedError
from ..ir.graph import Graph, Node
from ..ir.types import DTYPES, ELEMENT_TYPES

D = TypeVar("D")
_REQUIRED: Any = object()
# The class below has methods of these names.
_Int: TypeAlias = int
_Float: TypeAlias = float
_Type: TypeAlias = type


@dataclass
class Attributes:
    """The attributes of a node, each checked and noted when a rule reads it.

    An attribute that no rule reads is reported as unsupported, because ignoring it could give
    a wrong result.
    """

    node: Node
    read: set[str] = field(default_factory=set, kw_only=True)

    @property
    def version(self) -> _Int:
        """The opset version of the operator's domain."""
        return self.node.version

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


def short_float(value: float) -> float:
    """Return the number with the fewest digits that is the same float32: 0.01, not 0.00999999977.

    Numbers that are not float32 are returned unchanged.
    """
    with np.errstate(over="ignore"):
        single = np.float32(value)
    return float(str(single)) if float(single) == value else value
