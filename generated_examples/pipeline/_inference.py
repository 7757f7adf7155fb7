"""How sessions run: the interface of ``onnxruntime.InferenceSession``, for any model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Thread
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Optional

import numpy as np

from ._feeds import check_names, check_tensor, fed, may_be_none, onnx_type, places_of
from ._tensors import Dim, TensorSpec

if TYPE_CHECKING:
    from ._binding import IOBinding, OrtValue


class NodeArg(SimpleNamespace):
    """An input or output, with the attributes that onnxruntime's has."""

    name: str
    type: str
    shape: list[Dim]


class ModelMetadata(SimpleNamespace):
    """What the ONNX file said about itself."""

    producer_name: str
    domain: str
    version: int
    description: str
    graph_name: str
    graph_description: str
    custom_metadata_map: dict[str, str]


class Compiled(NamedTuple):
    """A model: its class, and what is known of it."""

    model_class: Callable[..., Any]
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    metadata: ModelMetadata


class Session:
    """A model behind the interface of ``onnxruntime.InferenceSession``.

    A subclass says which model. Names of attributes are long, because subclasses of
    programs have attributes, too.
    """

    _compiled: Compiled

    def __init__(
        self,
        path_or_bytes: Any = None,
        sess_options: Any = None,
        providers: Any = None,
        provider_options: Any = None,
        **kwargs: Any,
    ) -> None:
        self._session_options = sess_options
        threads = getattr(sess_options, "intra_op_num_threads", 0)
        self._compiled_model = self._compiled.model_class(
            threads=threads if threads > 0 else None
        )

    def failure(self, kind: str, message: str) -> Exception:
        """Return the exception to raise; onnxruntime's is called ``kind``.

        Every error of this class and of its bindings comes from here, so that a subclass
        can raise others.
        """
        return ValueError(message)

    # ------------------------------------------------------------------ computing

    def _compute(self, feeds: dict[str, Any]) -> Any:
        """Call the model with inputs by their names in Python."""
        return self._compiled_model(**feeds)

    def run(
        self,
        output_names: Optional[Sequence[str]],
        input_feed: Mapping[str, Any],
        run_options: Any = None,
    ) -> list[Any]:
        """Return the outputs called ``output_names``, or all of them if there are none.

        Parameters
        ----------
        output_names : ONNX names
        input_feed : an array, a list of numbers or an ``OrtValue`` for each ONNX input
        run_options : ignored

        Raises
        ------
        ValueError
            If a name is unknown, an input is missing, or one is of another type.
        """
        check_names(self._compiled.inputs, input_feed, self.failure)
        places = places_of(self._compiled.outputs, output_names, self.failure)
        feeds = {
            spec.python_name: fed(spec, input_feed.get(spec.name), self.failure)
            for spec in self._compiled.inputs
            if spec.name in input_feed or may_be_none(spec)
        }
        try:
            result = self._compute(feeds)
        except (TypeError, ValueError):
            for spec in self._compiled.inputs:
                check_tensor(spec, feeds.get(spec.python_name), self.failure)
            raise
        values = (result,) if len(self._compiled.outputs) == 1 else result
        return [_in_order(values[place]) for place in places]

    def run_async(
        self,
        output_names: Optional[Sequence[str]],
        input_feed: Mapping[str, Any],
        callback: Callable[[list[Any], Any, str], Any],
        user_data: Any,
        run_options: Any = None,
    ) -> None:
        """Run in a thread, then call ``callback(outputs, user_data, message of an error)``."""
        check_names(self._compiled.inputs, input_feed, self.failure, unknown=False)

        def work() -> None:
            outputs: list[Any] = []
            message = ""
            try:
                outputs = self.run(output_names, input_feed)
            except Exception as error:
                message = str(error) or type(error).__name__
            callback(outputs, user_data, message)

        Thread(target=work).start()

    def run_with_ort_values(
        self,
        output_names: Optional[Sequence[str]],
        input_dict_ort_values: Mapping[str, OrtValue],
        run_options: Any = None,
    ) -> list[OrtValue]:
        """Return the outputs as :meth:`run` does, each in an ``OrtValue``."""
        from ._binding import OrtValue

        return [OrtValue(v) for v in self.run(output_names, input_dict_ort_values)]

    def io_binding(self) -> IOBinding:
        """Return an object that holds inputs and outputs for :meth:`run_with_iobinding`."""
        from ._binding import IOBinding

        return IOBinding(self)

    def run_with_iobinding(self, iobinding: IOBinding, run_options: Any = None) -> None:
        """Compute the outputs that are bound from the inputs that are bound."""
        iobinding.run(self)

    # ------------------------------------------------------------------ answers

    def get_inputs(self) -> list[NodeArg]:
        """Return name, type and shape of each input that has no default."""
        return [_node_arg(spec) for spec in self._compiled.inputs if not spec.optional]

    def get_overridable_initializers(self) -> list[NodeArg]:
        """Return name, type and shape of each input that has a default."""
        return [_node_arg(spec) for spec in self._compiled.inputs if spec.optional]

    def get_outputs(self) -> list[NodeArg]:
        """Return name, type and shape of each output."""
        return [_node_arg(spec) for spec in self._compiled.outputs]

    def get_modelmeta(self) -> ModelMetadata:
        """Return what the ONNX file said about itself."""
        meta = dict(vars(self._compiled.metadata))
        properties = dict(self._compiled.metadata.custom_metadata_map)
        return ModelMetadata(**{**meta, "custom_metadata_map": properties})

    def get_session_options(self) -> Any:
        """Return the options that were given, or else an object that has none."""
        return (
            SimpleNamespace()
            if self._session_options is None
            else self._session_options
        )

    def get_providers(self) -> list[str]:
        """Return the one provider there is."""
        return ["CPUExecutionProvider"]

    def get_provider_options(self) -> dict[str, dict[str, str]]:
        """Return no options."""
        return {"CPUExecutionProvider": {}}

    def set_providers(
        self, providers: Any = None, provider_options: Any = None
    ) -> None:
        """Do nothing: NumPy computes, whichever is asked for."""

    def enable_fallback(self) -> None:
        """Do nothing, for the same reason."""

    def disable_fallback(self) -> None:
        """Do nothing, for the same reason."""

    def get_profiling_start_time_ns(self) -> int:
        """Return 0: sessions measure nothing, ``python -m PKG profile`` does."""
        return 0

    def end_profiling(self) -> str:
        """Return no file, for the same reason."""
        return ""


def _in_order(value: Any) -> Any:
    """Return an output with its elements in C order: inside, channels may lie last."""
    if isinstance(value, list):
        return [_in_order(item) for item in value]
    if isinstance(value, np.generic):
        return np.asarray(value)
    if isinstance(value, np.ndarray) and not value.flags.c_contiguous:
        return value.copy()
    return value


def _node_arg(spec: TensorSpec) -> NodeArg:
    return NodeArg(
        name=spec.name, type=onnx_type(spec.dtype), shape=list(spec.shape or ())
    )
