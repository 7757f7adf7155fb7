"""A graph that is being drawn: every call adds a node and returns the name of its result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from ..fuzz.draw import Draw

OPSETS = (9, 11, 12, 13, 14, 17, 18, 20, 21)


class Sketch:
    """Nodes, inputs and weights; what is drawn once for a graph is drawn at the start."""

    def __init__(self, draw: Draw, dtype: str = "float32", opset: int = 17) -> None:
        self.draw, self.dtype, self.opset = draw, dtype, opset
        self.nodes: list[onnx.NodeProto] = []
        self.inputs: dict[str, np.ndarray[Any, Any]] = {}
        self.weights: dict[str, np.ndarray[Any, Any]] = {}
        self.outputs: list[str] = []
        # Other feeds, of other lengths, and shapes that are declared as they stand here.
        self.others: list[dict[str, np.ndarray[Any, Any]]] = []
        self.shapes: dict[str, list[Any]] = {}
        self.rtol, self.atol, self.off_by = 1e-4, 1e-5, 0
        # In how many of the graphs a constant is not what a pattern wants.
        self.misses = 0.3 if draw.chance(0.1) else 0.0
        self.variable_weights = 0.5 if draw.chance(0.1) else 0.0
        self.defaults = draw.chance()
        self.boxed = draw.chance(0.2)
        self.as_nodes = draw.chance(0.3)

    # -------------------------------------------------------------------- values

    def input(self, array: Any) -> str:
        """Add an input of the graph, which is called with ``array``."""
        name = f"x{len(self.inputs)}"
        self.inputs[name] = np.asarray(array)
        return name

    def weight(self, array: Any, kind: str = "w") -> str:
        """Add an initializer; in some graphs it is also an input, or only that."""
        array = np.asarray(array)
        name = f"{kind}{len(self.weights) + len(self.inputs)}"
        if self.draw.chance(self.variable_weights):
            self.inputs[name] = array
            if not self.defaults:
                return name
        self.weights[name] = array
        return name

    def floats(self, *shape: int, low: float = -1, high: float = 1) -> str:
        """Add a weight of random numbers."""
        return self.weight(self.draw.array(self.dtype, shape, low, high))

    def constant(self, array: Any) -> str:
        """Add what must be constant: an initializer, or a Constant node."""
        name = f"c{len(self.weights) + len(self.nodes)}"
        if self.as_nodes:
            tensor = numpy_helper.from_array(np.asarray(array))
            node = helper.make_node("Constant", [], [name], value=tensor)
            self.nodes.append(node)
        else:
            self.weights[name] = np.asarray(array)
        return name

    def number(self, value: float) -> str:
        """Add one number, with or without an axis, that may be somewhat off."""
        if self.draw.chance(self.misses):
            value = value * self.draw.one_of((1.01, -1, 2)) + self.draw.one_of((0, 0.1))
        shape = (1,) if self.boxed else ()
        return self.constant(np.full(shape, value, self.dtype))

    def integers(self, *values: int) -> str:
        """Add a vector of int64."""
        return self.constant(np.array(values, np.int64))

    # --------------------------------------------------------------------- nodes

    def __call__(
        self, operator: str, *inputs: str, domain: str = "", **attributes: Any
    ) -> str:
        """Add a node of one output; return its name."""
        return self.many(operator, *inputs, outputs=1, domain=domain, **attributes)[0]

    def many(
        self,
        operator: str,
        *inputs: str,
        outputs: int,
        domain: str = "",
        **attributes: Any,
    ) -> list[str]:
        """Add a node of several outputs; return their names."""
        number = len(self.nodes)
        names = [f"{operator.lower()}{number}_{i}" for i in range(outputs)]
        given = {k: v for k, v in attributes.items() if v is not None}
        self.nodes.append(
            helper.make_node(
                operator, inputs, names, f"n{number}", domain=domain, **given
            )
        )
        return names

    def swapped(self, operator: str, a: str, b: str) -> str:
        """Add a commutative node, its operands in any order."""
        return self(operator, *((a, b) if self.draw.chance() else (b, a)))

    def reduce(
        self, operator: str, x: str, axes: Sequence[int], keepdims: int = 1
    ) -> str:
        """Reduce over axes, which became an input in version 18 (ReduceSum: 13)."""
        if self.opset >= (13 if operator == "ReduceSum" else 18):
            return self(operator, x, self.integers(*axes), keepdims=keepdims)
        return self(operator, x, axes=list(axes), keepdims=keepdims)

    def squeeze(self, operator: str, x: str, axes: Sequence[int]) -> str:
        """Squeeze or Unsqueeze, of which the axes became an input in version 13."""
        if self.opset >= 13:
            return self(operator, x, self.integers(*axes))
        return self(operator, x, axes=list(axes))

    def clip(self, x: str, low: float, high: float) -> str:
        """Clip, whose limits became inputs in version 11; these have no axes."""
        if self.opset < 11:
            return self("Clip", x, min=float(low), max=float(high))
        limits = (self.constant(np.array(v, self.dtype)) for v in (low, high))
        return self("Clip", x, *limits)

    # --------------------------------------------------------------------- model

    def finish(self, *outputs: str) -> None:
        """Choose the outputs; some graphs return values in between, or read outputs again."""
        self.outputs = list(dict.fromkeys(outputs))
        made = [name for node in self.nodes for name in node.output if name]
        between = [name for name in made if name not in self.outputs]
        if between and self.draw.chance(0.2):
            self.outputs.append(self.draw.one_of(between))
        if between and self.draw.chance(0.1):
            again = self("Identity", self.draw.one_of(between))
            self.outputs.append(
                self("Identity", again) if self.draw.chance() else again
            )

    def model(self) -> onnx.ModelProto:
        """Return the model."""
        how = self.draw.one_of(("shape", "shape", "first", "symbols", "nothing"))
        shared = self.draw.chance()
        inputs = [
            helper.make_tensor_value_info(
                name,
                helper.np_dtype_to_tensor_dtype(array.dtype),
                self.shapes.get(name)
                or _declared(
                    name, array.shape, how if name[0] == "x" else "shape", shared
                ),
            )
            for name, array in self.inputs.items()
        ]
        graph = helper.make_graph(
            self.nodes,
            "graph",
            inputs,
            [onnx.ValueInfoProto(name=name) for name in self.outputs],
            [numpy_helper.from_array(a, name) for name, a in self.weights.items()],
        )
        used = {"": self.opset, **{n.domain: 1 for n in self.nodes if n.domain}}
        imports = [helper.make_opsetid(d, v) for d, v in used.items()]
        version = max(8, helper.find_min_ir_version_for(imports, True))
        return helper.make_model(graph, opset_imports=imports, ir_version=version)

    def describe(self) -> str:
        """Return the graph in a line: nodes in order, with attributes and shapes."""
        known = {**self.inputs, **self.weights}
        texts = []
        for node in self.nodes:
            attributes = ", ".join(
                f"{a.name}={helper.get_attribute_value(a)!r}"[:60]
                for a in node.attribute
                if a.type != onnx.AttributeProto.TENSOR
            )
            inputs = ", ".join(
                f"{n}:{known[n].dtype}{list(known[n].shape)}" if n in known else n
                for n in node.input
            )
            texts.append(
                f"{','.join(node.output)} = {node.op_type}({inputs}) {attributes}"
            )
        return f"opset {self.opset}: " + "; ".join(texts) + f" -> {self.outputs}"


def _declared(
    name: str, shape: Sequence[int], how: str, shared: bool
) -> list[Any] | None:
    """Return the declaration of a shape; equal lengths may share a symbol."""
    if how == "nothing":
        return None
    open_axes = {"shape": 0, "first": 1, "symbols": len(shape)}[how]
    return [
        (f"n{length}" if shared else f"{name}_{axis}") if axis < open_axes else length
        for axis, length in enumerate(shape)
    ]
