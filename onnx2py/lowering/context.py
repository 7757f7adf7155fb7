"""The view of a node for a lowering rule, which returns a checked call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from ..errors import InternalError
from ..ir.graph import Graph
from ..ir.program import Argument, Body, Call, Ref
from ..ir.signatures import without_defaults
from ..ir.types import TensorType, ValueType
from .attributes import Attributes

_Int: TypeAlias = int  # the class inherits a method of that name


@dataclass
class NodeContext(Attributes):
    """A node, with the compiler's knowledge of its inputs."""

    types: Mapping[str, ValueType] = field(default_factory=dict)
    constants: Mapping[str, np.ndarray] = field(default_factory=dict)
    lower_body: Callable[[Graph, str], Body] | None = None
    weights: dict[str, np.ndarray] = field(default_factory=dict)
    """Tensors that the rule made: what ``weight()`` collects."""
    conditional: bool = False
    """Whether it is in a branch: one that no call takes may be wrong, as in ONNX's functions."""

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

    def body(self, name: str) -> Body:
        """Lower the subgraph in an attribute to a function."""
        graph = self.graph(name)
        if self.lower_body is None:
            raise InternalError(f"{self.node.label}: subgraphs cannot be lowered here")
        return self.lower_body(graph, name)

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
        try:
            args, kwargs = without_defaults(function, args, kwargs)
        except TypeError as error:
            if str(error).startswith("missing a required argument"):
                raise self.unsupported(
                    f"an input is {error}", "the model is not valid ONNX"
                ) from None
            raise InternalError(
                f"{self.node.label}: {function.__name__}: {error}"
            ) from error
        return Call(function, args, kwargs, results)
