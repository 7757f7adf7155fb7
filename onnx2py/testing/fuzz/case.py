"""One case, and the ONNX model that it stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Union

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ..tolerance import Tolerance

Value = Union[np.ndarray[Any, Any], list[Any], dict[Any, Any], None]
"""A tensor, a sequence of tensors, a map, or an absent input."""

NEWEST = onnx.defs.onnx_opset_version()


@dataclass
class NodeCase:
    """One node with its inputs.

    A generator fills what it needs; how the inputs are declared is drawn for it.
    """

    inputs: Sequence[Value]
    attributes: dict[str, Any] = field(default_factory=dict)
    outputs: int | Sequence[bool] = 1
    """How many, or which of them are wanted."""
    constant: Sequence[int] = ()
    """Inputs that must be initializers, since onnxruntime wants them so."""
    variable: Sequence[int] = ()
    """Inputs that must not be initializers."""
    rtol: float = 1e-4
    """Of each output: relative to its largest element."""
    atol: float = 1e-6
    """Of each element, on top of that (float16 has 1e-3)."""
    ulp: bool = False
    """Compare elements by themselves, with ``rtol``: for elementwise operators."""
    exact: bool = False
    off_by: int = 0
    """How far an integer may be off: 1 where rounding a quotient may go either way."""
    undefined: dict[int, np.ndarray[Any, Any]] = field(default_factory=dict)
    """For an output of which the definition leaves elements open: which. They are not
    compared."""
    output_types: Sequence[int] = ()
    """TensorProto types of the outputs, where ONNX cannot infer them."""
    elements: dict[int, int] = field(default_factory=dict)
    """For an input that is a sequence and empty: the TensorProto type of its items. For
    a map: that of its values, where it is not float32 or strings."""
    other_domains: dict[str, int] = field(default_factory=dict)
    bodies: dict[str, onnx.GraphProto] = field(default_factory=dict)

    random: bool = False
    """The numbers are drawn: compare the shape, the dtype and the distribution."""
    stand_in: NodeCase | None = None
    """What onnxruntime computes instead, where it lacks this version: the same node as a
    later version has it, with its ``opset``."""

    # Set by the runner.
    operator: str = ""
    domain: str = ""
    opset: int = 0
    name: str = ""
    initializers: frozenset[int] = frozenset()
    declared: str = "shape"
    """How much the model says of its inputs: ``shape``, ``symbols``, or ``nothing``."""

    def __post_init__(self) -> None:
        # NumPy's functions make scalars of arrays without axes.
        self.inputs = [
            np.asarray(v) if isinstance(v, np.generic) else v for v in self.inputs
        ]

    @property
    def tolerance(self) -> Tolerance:
        """How far outputs may be from the expected ones."""
        return Tolerance(
            self.rtol, self.atol, self.ulp, self.exact, self.off_by, self.random
        )

    @property
    def output_names(self) -> list[str]:
        """The ONNX names of the outputs; "" for one that is not wanted."""
        wanted = (
            (True,) * self.outputs if isinstance(self.outputs, int) else self.outputs
        )
        return [f"y{i}" if want else "" for i, want in enumerate(wanted)]

    @property
    def feeds(self) -> dict[str, Any]:
        """The arrays to run it with."""
        return {
            f"x{i}": value
            for i, value in enumerate(self.inputs)
            if value is not None and i not in self.initializers
        }

    def model(self) -> onnx.ModelProto:
        """Return the model."""
        given = [f"x{i}" if v is not None else "" for i, v in enumerate(self.inputs)]
        node = helper.make_node(
            self.operator,
            given,
            self.output_names,
            "node",
            domain=self.domain,
            **{k: _attribute(v) for k, v in self.attributes.items() if v is not None},
        )
        feeds = [(i, v) for i, v in enumerate(self.inputs) if v is not None]
        weights = [
            (i, v)
            for i, v in feeds
            if i in self.initializers and isinstance(v, np.ndarray)
        ]
        inputs = [
            self._declaration(i, v) for i, v in feeds if i not in self.initializers
        ]
        kinds = self.output_types or (0,) * len(self.output_names)
        outputs = [
            (
                helper.make_tensor_value_info(name, kind, None)
                if kind
                else onnx.ValueInfoProto(name=name)
            )
            for name, kind in zip(self.output_names, kinds)
            if name
        ]
        graph = helper.make_graph(
            [node],
            "case",
            inputs,
            outputs,
            [numpy_helper.from_array(v, f"x{i}") for i, v in weights],
        )
        opsets = {self.domain: self.opset, **self.other_domains}
        opsets.setdefault("", 21)
        imports = [helper.make_opsetid(d, v) for d, v in opsets.items()]
        return helper.make_model(
            graph,
            opset_imports=imports,
            ir_version=max(8, helper.find_min_ir_version_for(imports, True)),
        )

    def _declaration(self, index: int, value: Any) -> onnx.ValueInfoProto:
        name = f"x{index}"
        if isinstance(value, list):
            kind = self.elements.get(index) or _element(value[0])
            return helper.make_tensor_sequence_value_info(name, kind, None)
        if isinstance(value, dict):
            return helper.make_value_info(name, self._map_type(index, value))
        shape: list[Any] | None = list(value.shape)
        if self.declared == "symbols":
            shape = [f"d{index}_{i}" for i in range(value.ndim)]
        elif self.declared == "nothing":
            shape = None
        return helper.make_tensor_value_info(name, _element(value), shape)

    def _map_type(self, index: int, value: dict[Any, Any]) -> onnx.TypeProto:
        texts = [isinstance(next(iter(x)), str) for x in (value, value.values())]
        key = TensorProto.STRING if texts[0] else TensorProto.INT64
        kind = int(TensorProto.STRING if texts[1] else TensorProto.FLOAT)
        kind = self.elements.get(index, kind)
        return helper.make_map_type_proto(
            key, helper.make_tensor_type_proto(kind, None)
        )

    def describe(self) -> str:
        """Return the case as a person would write it down."""
        inputs = ", ".join(
            (
                "None" if v is None
                else f"{len(v)} tensors" if isinstance(v, list)
                else _short(v) if isinstance(v, dict)
                else f"{v.dtype}{list(v.shape)}" + (
                    f"={_digits(v.tolist())}" if v.size <= 6 else ""
                )
            ) + ("*" if i in self.initializers else "")
            for i, v in enumerate(self.inputs)
        )  # fmt: skip
        attributes = ", ".join(f"{k}={_short(v)}" for k, v in self.attributes.items())
        domain = f"{self.domain}." if self.domain else ""
        return (
            f"{self.name} {domain}{self.operator}-{self.opset}({inputs}) {attributes} "
            f"[{self.declared}]"
        )


def _attribute(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return numpy_helper.from_array(value)
    return value


def _short(value: Any) -> str:
    text = _digits(value)
    return text if len(text) < 120 else text[:120] + "..."


def _digits(value: Any) -> str:
    """Write numbers with few digits, lists of them too."""
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_digits, value))}]"
    return f"{value:.4g}" if isinstance(value, float) else repr(value)


def _element(array: Any) -> int:
    if array.dtype.kind in "UO":
        return int(TensorProto.STRING)
    return int(helper.np_dtype_to_tensor_dtype(array.dtype))
