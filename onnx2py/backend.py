"""onnx2py as an ``onnx.backend.base`` backend, to run the official test suite.

>>> import onnx.backend.test, onnx2py.backend
>>> suite = onnx.backend.test.runner.Runner(onnx2py.backend, __name__)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx.backend.base import Backend, BackendRep, Device, DeviceType, namedtupledict

from .errors import Onnx2pyError
from .load_package import load_model


class Onnx2pyBackendRep(BackendRep):
    """A compiled model."""

    def __init__(self, model: Any) -> None:
        self.model = model
        module = __import__(type(model).__module__, fromlist=["INPUTS"])
        self.inputs, self.outputs = module.INPUTS, module.OUTPUTS

    def run(self, inputs: Any, **kwargs: Any) -> tuple[Any, ...]:
        """Return the outputs for a list of inputs, a dictionary, or one array."""
        if isinstance(inputs, (np.ndarray, np.generic)):
            inputs = [inputs]
        if isinstance(inputs, dict):
            names = {spec.name: spec.python_name for spec in self.inputs}
            feeds = {names[name]: value for name, value in inputs.items()}
        else:
            given = [_as_array(value) for value in inputs]
            feeds = dict(zip(self._names(len(given)), given))
        result = self.model(**feeds)
        values = (result,) if len(self.outputs) == 1 else tuple(result)
        named = namedtupledict("Outputs", [spec.name for spec in self.outputs])
        outputs: tuple[Any, ...] = named(*values)
        return outputs

    def _names(self, count: int) -> list[str]:
        """Return the parameters of this many values: inputs with defaults may be left out.

        Raises
        ------
        ValueError
            If the model has fewer inputs.
        """
        required = [s.python_name for s in self.inputs if not s.optional]
        if count == len(required):
            return required
        if count > len(self.inputs):
            raise ValueError(
                f"inputs: expected at most {len(self.inputs)}, got {count}"
            )
        return [spec.python_name for spec in self.inputs]


class Onnx2pyBackend(Backend):
    """Compiles a model, imports the package, runs it.

    Inputs with a default remain inputs (``overridable=True``): the interface has no way to
    ask for them, and callers may pass the values of all inputs.
    """

    @classmethod
    def is_compatible(
        cls, model: onnx.ModelProto, device: str = "CPU", **kwargs: Any
    ) -> bool:
        """Return whether the model can be compiled."""
        try:
            load_model(model)
        except Onnx2pyError:
            return False
        return cls.supports_device(device)

    @classmethod
    def prepare(
        cls, model: onnx.ModelProto, device: str = "CPU", **kwargs: Any
    ) -> Onnx2pyBackendRep:
        """Compile a model.

        Raises
        ------
        Onnx2pyError
            If it cannot be compiled.
        """
        return Onnx2pyBackendRep(load_model(model, overridable=True))

    @classmethod
    def run_model(
        cls, model: onnx.ModelProto, inputs: Any, device: str = "CPU", **kwargs: Any
    ) -> tuple[Any, ...]:
        """Compile a model and run it once."""
        return cls.prepare(model, device).run(inputs)

    @classmethod
    def run_node(
        cls,
        node: onnx.NodeProto,
        inputs: Any,
        device: str = "CPU",
        outputs_info: Sequence[tuple[Any, tuple[int, ...]]] | None = None,
        **kwargs: Any,
    ) -> tuple[Any, ...]:
        """Compile a model of one node and run it once."""
        arrays = inputs if isinstance(inputs, (list, tuple)) else [inputs]
        present = [name for name in node.input if name]
        values = [
            _value_info(name, np.asarray(array)) for name, array in zip(present, arrays)
        ]
        outputs = [onnx.ValueInfoProto(name=name) for name in node.output if name]
        graph = onnx.helper.make_graph([node], "node", values, outputs)
        version = kwargs.get("opset_version", onnx.defs.onnx_opset_version())
        opset = onnx.helper.make_opsetid(node.domain, version)
        return cls.run_model(
            onnx.helper.make_model(graph, opset_imports=[opset]), arrays
        )

    @classmethod
    def supports_device(cls, device: str) -> bool:
        """Return whether the device is a CPU."""
        return bool(Device(device).type == DeviceType.CPU)


def _value_info(name: str, array: np.ndarray) -> onnx.ValueInfoProto:
    is_text = array.dtype.kind in "UO"
    kind = (
        onnx.TensorProto.STRING
        if is_text
        else onnx.helper.np_dtype_to_tensor_dtype(array.dtype)
    )
    return onnx.helper.make_tensor_value_info(name, kind, array.shape)


def _as_array(value: Any) -> Any:
    return (
        np.asarray(value)
        if isinstance(value, (int, float, bool, str, np.generic))
        else value
    )


is_compatible = Onnx2pyBackend.is_compatible
prepare = Onnx2pyBackend.prepare
run = Onnx2pyBackend.run_model
run_model = Onnx2pyBackend.run_model
run_node = Onnx2pyBackend.run_node
supports_device = Onnx2pyBackend.supports_device
