"""The model behind the interface of ``onnxruntime.InferenceSession``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, Optional

import numpy as np

from ._tensors import Dim, TensorSpec, shown
from .model import INPUTS, OUTPUTS, Model

_LISTED = {"bool", *(f"{u}int{n}" for u in ("", "u") for n in (8, 16, 32, 64))} | {
    f"float{n}" for n in (16, 32, 64)
}
"""The element types that a list of Python numbers may become."""
_SPELLINGS = {"float32": "float", "float64": "double"}


class NodeArg(SimpleNamespace):
    """An input or output, with the attributes that onnxruntime's has."""

    name: str
    type: str
    shape: list[Dim]


class ModelMeta(SimpleNamespace):
    """What the ONNX file said about itself."""

    producer_name: str
    graph_name: str
    description: str
    domain: str
    version: int
    custom_metadata_map: dict[str, str]


class InferenceSession:
    """Runs the model as onnxruntime's class of that name does.

    All arguments are accepted and ignored, so that code written for onnxruntime works.
    """

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        self._model = Model()

    def run(
        self,
        output_names: Optional[Sequence[str]],
        input_feed: Mapping[str, Any],
        run_options: Any = None,
    ) -> list[Any]:
        """Return the outputs called ``output_names``, or all of them if that is None.

        Parameters
        ----------
        output_names : ONNX names
        input_feed : an array for each ONNX input
        run_options : ignored

        Raises
        ------
        ValueError
            If a name is unknown, an input is missing, or one is of another type.
        """
        feeds = {}
        for spec in INPUTS:
            if spec.name in input_feed:
                feeds[spec.python_name] = _as_array(input_feed[spec.name], spec.dtype)
            elif not spec.optional:
                raise _wrong_names(input_feed)
        if len(feeds) < len(input_feed):
            raise _wrong_names(input_feed)
        result = self._model(**feeds)
        values = (result,) if len(OUTPUTS) == 1 else result
        outputs = {
            spec.name: _in_order(v, spec.dtype) for spec, v in zip(OUTPUTS, values)
        }
        if output_names is None:
            return list(outputs.values())
        for name in output_names:
            if name not in outputs:
                known = ", ".join(map(shown, outputs))
                raise ValueError(
                    f"{shown(name)}: no output has that name; the outputs are {known}"
                )
        return [outputs[name] for name in output_names]

    def get_inputs(self) -> list[NodeArg]:
        """Return name, type and shape of each required input."""
        return [_node_arg(spec) for spec in INPUTS if not spec.optional]

    def get_overridable_initializers(self) -> list[NodeArg]:
        """Return name, type and shape of each input that has a default."""
        return [_node_arg(spec) for spec in INPUTS if spec.optional]

    def get_outputs(self) -> list[NodeArg]:
        """Return name, type and shape of each output."""
        return [_node_arg(spec) for spec in OUTPUTS]

    def get_modelmeta(self) -> ModelMeta:
        """Return what the ONNX file said about itself."""
        return ModelMeta(
            producer_name="generated_examples.make.transformer",
            graph_name="transformer_block",
            description="",
            domain="",
            version=0,
            custom_metadata_map={},
        )

    def get_providers(self) -> list[str]:
        """Return the one provider there is."""
        return ["CPUExecutionProvider"]

    def get_provider_options(self) -> dict[str, dict[str, str]]:
        """Return no options."""
        return {"CPUExecutionProvider": {}}

    def set_providers(self, *_args: Any, **_kwargs: Any) -> None:
        """Do nothing: NumPy computes, whoever is asked for."""

    def enable_fallback(self) -> None:
        """Do nothing, for the same reason."""

    def disable_fallback(self) -> None:
        """Do nothing, for the same reason."""


def _wrong_names(feed: Mapping[str, Any]) -> ValueError:
    """Say which inputs are unknown, or else missing."""
    known = [spec.name for spec in INPUTS]
    unknown = [name for name in feed if name not in known]
    missing = [s.name for s in INPUTS if not s.optional and s.name not in feed]
    verb = "no input has that name" if unknown else "expected a value, got none"
    names = ", ".join(map(shown, unknown or missing))
    inputs = ", ".join(map(shown, known)) or "none"
    return ValueError(f"{names}: {verb}; the inputs are {inputs}")


def _as_array(value: Any, kind: str) -> Any:
    """Make arrays of Python numbers, lists of them and NumPy scalars, in sequences too."""
    if value is None or isinstance(value, (np.ndarray, dict)):
        return value
    if not isinstance(value, list):
        return np.asarray(value)
    if "(" in kind:
        return [np.asarray(v) if isinstance(v, np.generic) else v for v in value]
    if any(isinstance(v, (np.ndarray, dict)) for v in value):
        return value
    return np.asarray(value, np.dtype(kind) if kind in _LISTED else None)


def _in_order(value: Any, kind: str) -> Any:
    """Return an output with its elements in C order: inside, channels may lie last."""
    array = _as_array(value, kind)
    if isinstance(array, np.ndarray) and not array.flags.c_contiguous:
        return array.copy()
    return array


def _node_arg(spec: TensorSpec) -> NodeArg:
    dtype, shape = spec.dtype, list(spec.shape or ())
    if "(" in dtype:
        return NodeArg(
            name=spec.name, type=dtype.replace("sequence", "seq"), shape=shape
        )
    kind = f"tensor({_SPELLINGS.get(dtype, dtype)})"
    return NodeArg(name=spec.name, type=kind, shape=shape)
