"""The interface of ``onnxruntime.InferenceSession``, for any compiled model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from threading import Thread
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Optional

import numpy as np

from .arrays import Dim, TensorSpec
from .feeds import (
    check_names,
    check_tensor,
    fed,
    may_be_none,
    onnx_type,
    places_of,
    reason_of,
)

if TYPE_CHECKING:
    from .binding import IOBinding, OrtValue

TERMINATED = "Exiting due to terminate flag being set to true."


class NodeArg(SimpleNamespace):
    """An input or output, with the attributes of onnxruntime's ``NodeArg``."""

    name: str
    type: str
    shape: list[Dim]


class ModelMetadata(SimpleNamespace):
    """The metadata of the ONNX file."""

    producer_name: str
    domain: str
    version: int
    description: str
    graph_name: str
    graph_description: str
    custom_metadata_map: dict[str, str]


class Compiled(NamedTuple):
    """A compiled model: its class and its description."""

    model_class: Callable[..., Any]
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    metadata: ModelMetadata
    fixed: tuple[TensorSpec, ...] = ()
    """Inputs of the ONNX file whose defaults became weights."""
    keeps_memory: bool = False
    """Whether the class has the parameter ``keep_memory``."""


class SessionOptions(SimpleNamespace):
    """The options of a session that was given none, with onnxruntime's defaults.

    Where onnxruntime has an enumeration there is its number.
    """

    def __init__(self) -> None:
        super().__init__(
            enable_cpu_mem_arena=True,
            enable_mem_pattern=True,
            enable_mem_reuse=True,
            enable_profiling=False,
            execution_mode=0,
            execution_order=0,
            graph_optimization_level=99,
            inter_op_num_threads=0,
            intra_op_num_threads=0,
            log_severity_level=-1,
            log_verbosity_level=0,
            logid="",
            optimized_model_filepath="",
            profile_file_prefix="onnxruntime_profile_",
            use_deterministic_compute=False,
            use_per_session_threads=True,
        )


class Session:
    """A model with the interface of ``onnxruntime.InferenceSession``.

    A subclass sets the model. Private attributes have long names, because programs
    subclass sessions and add attributes.
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
        options: dict[str, Any] = {"threads": threads if threads > 0 else None}
        if self._compiled.keeps_memory:
            arena = getattr(sess_options, "enable_cpu_mem_arena", True)
            options["keep_memory"] = bool(arena)
        self._compiled_model = self._compiled.model_class(**options)

    def failure(self, kind: str, message: str) -> Exception:
        """Return the exception to raise where onnxruntime raises ``kind``.

        All errors of this class and of its bindings are created here, so that a subclass
        can raise others.
        """
        return ValueError(message)

    # ------------------------------------------------------------------ computing

    def _compute(self, feeds: dict[str, Any]) -> Any:
        """Call the model with inputs by Python name."""
        return self._compiled_model(**feeds)

    def run(
        self,
        output_names: Optional[Iterable[str]],
        input_feed: Mapping[str, Any],
        run_options: Any = None,
    ) -> list[Any]:
        """Compute outputs.

        Parameters
        ----------
        output_names
            ONNX names of the outputs to return; None or an empty list for all.
        input_feed
            An array, a list of numbers or an ``OrtValue`` for each ONNX input.
        run_options
            If its field ``terminate`` is true, the call fails; other fields are ignored.

        Raises
        ------
        TypeError
            If ``output_names`` is not a collection of names.
        ValueError
            If a name is unknown, an input is missing or has the wrong type, or
            ``run_options`` terminates the call.
        """
        self._check_names(input_feed)
        places = places_of(self._compiled.outputs, output_names, self.failure)
        feeds = {
            spec.python_name: fed(spec, input_feed.get(spec.name), self.failure)
            for spec in self._compiled.inputs
            if spec.name in input_feed or may_be_none(spec)
        }
        if getattr(run_options, "terminate", False):
            self._check_tensors(feeds)
            raise self.failure("Fail", TERMINATED)
        try:
            result = self._compute(feeds)
        except (TypeError, ValueError):
            self._check_tensors(feeds)
            raise
        values = (result,) if len(self._compiled.outputs) == 1 else result
        return [_in_order(values[place]) for place in places]

    def _check_names(self, feed: Mapping[str, Any], unknown: bool = True) -> None:
        """Check the names of the inputs; if ``unknown``, reject those of no input."""
        inputs, fixed = self._compiled.inputs, self._compiled.fixed
        check_names(inputs, fixed, feed, self.failure, unknown)

    def _check_tensors(self, feeds: dict[str, Any]) -> None:
        """Raise onnxruntime's error for the first input that is wrong, if any is."""
        for spec in self._compiled.inputs:
            check_tensor(spec, feeds.get(spec.python_name), self.failure)

    def run_async(
        self,
        output_names: Optional[Iterable[str]],
        input_feed: Mapping[str, Any],
        callback: Callable[[list[Any], Any, str], Any],
        user_data: Any,
        run_options: Any = None,
    ) -> None:
        """Run in a thread, then call ``callback(outputs, user_data, error_message)``."""
        self._check_names(input_feed, unknown=False)

        def work() -> None:
            outputs: list[Any] = []
            message = ""
            try:
                outputs = self.run(output_names, input_feed, run_options)
            except Exception as error:
                message = reason_of(error)
            callback(outputs, user_data, message)

        Thread(target=work).start()

    def run_with_ort_values(
        self,
        output_names: Optional[Iterable[str]],
        input_dict_ort_values: Mapping[str, OrtValue],
        run_options: Any = None,
    ) -> list[OrtValue]:
        """Compute outputs as :meth:`run` does; return each as an ``OrtValue``."""
        from .binding import OrtValue

        outputs = self.run(output_names, input_dict_ort_values, run_options)
        return [OrtValue(value) for value in outputs]

    def io_binding(self) -> IOBinding:
        """Return a new binding of inputs and outputs for :meth:`run_with_iobinding`."""
        from .binding import IOBinding

        return IOBinding(self)

    def run_with_iobinding(self, iobinding: IOBinding, run_options: Any = None) -> None:
        """Compute the bound outputs from the bound inputs."""
        iobinding.run(self, run_options)

    # ------------------------------------------------------------------ metadata

    def get_inputs(self) -> list[NodeArg]:
        """Return name, type and shape of each input that has no default."""
        return [_node_arg(spec) for spec in self._compiled.inputs if not spec.optional]

    def get_overridable_initializers(self) -> list[NodeArg]:
        """Return name, type and shape of each input that has a default.

        Where the defaults became weights, other values are refused.
        """
        optional = [spec for spec in self._compiled.inputs if spec.optional]
        return [_node_arg(spec) for spec in (*optional, *self._compiled.fixed)]

    def get_outputs(self) -> list[NodeArg]:
        """Return name, type and shape of each output."""
        return [_node_arg(spec) for spec in self._compiled.outputs]

    def get_modelmeta(self) -> ModelMetadata:
        """Return the metadata of the ONNX file."""
        meta = dict(vars(self._compiled.metadata))
        properties = dict(self._compiled.metadata.custom_metadata_map)
        return ModelMetadata(**{**meta, "custom_metadata_map": properties})

    def get_session_options(self) -> Any:
        """Return the options given to the constructor, else those of onnxruntime."""
        if self._session_options is None:  # not before: a session is pickled with them
            self._session_options = SessionOptions()
        return self._session_options

    def get_providers(self) -> list[str]:
        """Return the only provider."""
        return ["CPUExecutionProvider"]

    def get_provider_options(self) -> dict[str, dict[str, str]]:
        """Return empty options for the only provider."""
        return {"CPUExecutionProvider": {}}

    def set_providers(
        self, providers: Any = None, provider_options: Any = None
    ) -> None:
        """Ignored: JAX is the only provider."""

    def enable_fallback(self) -> None:
        """Ignored: JAX is the only provider."""

    def disable_fallback(self) -> None:
        """Ignored: JAX is the only provider."""

    def get_profiling_start_time_ns(self) -> int:
        """Return 0: sessions do not profile; use ``python -m PKG profile``."""
        return 0

    def end_profiling(self) -> str:
        """Return '' instead of a file name: sessions do not profile."""
        return ""


def _in_order(value: Any) -> Any:
    """Return the output C-contiguous; internally it may be channels-last."""
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
