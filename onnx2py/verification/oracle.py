"""What a model computes, according to somebody else: onnxruntime, or onnx's own evaluator."""

from __future__ import annotations

import mmap
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from onnx import (  # noqa: TID251  (an oracle is not part of the compiler)
    ModelProto,
    load_model,
    load_model_from_string,
)

from ..decode.prepare import graphs_of
from ..emit.write import read_manifest
from .deadline import TimeUp, in_time
from .inputs import Case, Signature

MAX_REASON = 300
"""Longer messages of the oracles are cut, in characters."""

EXTERNAL_FOLDER = "session.model_external_initializers_file_folder_path"
"""What onnxruntime calls the folder with the weights of a model that is not a file."""


SPLITS_BATCHES = "DynamicQuantizeLSTM"
"""The operator whose result in onnxruntime depends on the number of threads: each quantizes the
states of its share of the batch by themselves."""

ONE_THREAD = (
    f"onnxruntime ran with one thread: with more, its {SPLITS_BATCHES} quantizes each thread's "
    "share of the batch by itself, and results differ from machine to machine"
)


class OracleError(Exception):
    """An oracle that is not there, or does not take the model or the inputs."""


class OnnxRuntime:
    """onnxruntime, as close to the file as it goes: without optimisations, unless asked for."""

    name = "onnxruntime"

    def __init__(
        self,
        model: Any,
        outputs: Sequence[str],
        beside: Path | None = None,
        *,
        optimized: bool = False,
    ) -> None:
        try:
            import onnxruntime
        except ImportError:
            raise OracleError("it is not installed") from None
        if read_manifest(Path(onnxruntime.__file__).parent) is not None:
            raise OracleError("what is imported by its name was written by onnx2py")
        levels = onnxruntime.GraphOptimizationLevel
        settings = onnxruntime.SessionOptions()
        settings.log_severity_level = 4
        if not optimized:
            settings.graph_optimization_level = levels.ORT_DISABLE_ALL
        model, folder = reachable(model, beside)
        if folder is not None:
            settings.add_session_config_entry(EXTERNAL_FOLDER, os.fspath(folder))
        self.remark = ""
        self._quiet = onnxruntime.RunOptions()
        self._quiet.log_severity_level = 4
        self._outputs = list(outputs)
        try:
            readable = _readable(model)
            if _mentions(readable, SPLITS_BATCHES):
                self.remark, settings.intra_op_num_threads = ONE_THREAD, 1
            onnxruntime.set_default_logger_severity(4)
            self._session = in_time(
                lambda: onnxruntime.InferenceSession(
                    readable, settings, providers=["CPUExecutionProvider"]
                ),
                lambda: None,
            )
        except TimeUp:
            raise
        except Exception as error:  # its errors have no base class of their own
            raise OracleError(reason(error)) from None

    def run(self, feeds: Mapping[str, Any]) -> list[Any]:
        """Return the outputs, in the model's order."""
        # In a thread of its own, because its C++ would not hear Ctrl-C.
        given = dict(feeds)
        try:
            return list(
                in_time(
                    lambda: self._session.run(self._outputs, given, self._quiet),
                    self._stop,
                )
            )
        except TimeUp:
            raise
        except Exception as error:
            raise OracleError(reason(error)) from None

    def _stop(self) -> None:
        """End a run after the node that is being computed."""
        self._quiet.terminate = True


class ReferenceEvaluator:
    """onnx's reference evaluator: slow, and defined by the standard's authors."""

    name = "onnx's reference evaluator"
    remark = ""

    def __init__(
        self, model: Any, outputs: Sequence[str], beside: Path | None = None
    ) -> None:
        from onnx.external_data_helper import (  # noqa: TID251
            load_external_data_for_model,
        )
        from onnx.reference import ReferenceEvaluator as Evaluator  # noqa: TID251

        self._outputs = list(outputs)
        try:
            model, folder = reachable(model, beside)
            if folder is not None and isinstance(model, ModelProto):
                load_external_data_for_model(model, os.fspath(folder))
            self._evaluator = Evaluator(_readable(model))
        except Exception as error:
            raise OracleError(reason(error)) from None

    def run(self, feeds: Mapping[str, Any]) -> list[Any]:
        """Return the outputs, in the model's order."""
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")  # it warns of 1 / 0
                run = partial(self._evaluator.run, self._outputs, dict(feeds))
                return list(in_time(run, lambda: None))
        except TimeUp:
            raise
        except Exception as error:
            raise OracleError(reason(error)) from None


Oracle = OnnxRuntime | ReferenceEvaluator
ORACLES = (OnnxRuntime, ReferenceEvaluator)
"""In the order in which they are asked."""


class Oracles:
    """Those who can be asked, made when they are; ``notes`` says why one was passed over."""

    def __init__(self, model: Any, signature: Signature, beside: Path | None) -> None:
        self.model, self.signature, self.beside = model, signature, beside
        self.made: dict[str, Oracle | None] = {}
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        """Say something once."""
        if text and text not in self.notes:
            self.notes.append(text)

    def available(self) -> Iterable[Oracle]:
        """Yield those that take the model, the best first."""
        for kind in ORACLES:
            if kind.name not in self.made:
                try:
                    self.made[kind.name] = kind(
                        self.model, list(self.signature.outputs), self.beside
                    )
                except OracleError as error:
                    self.made[kind.name] = None
                    self.note(f"{kind.name} cannot be asked: {error}")
            made = self.made[kind.name]
            if made is not None:
                yield made

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is to be known about the answers."""
        return tuple(o.remark for o in self.made.values() if o and o.remark)

    def ask(self, case: Case, *, quiet: bool = False) -> tuple[str, list[Any]]:
        """Return the first answer to a case, and whose it is; ``quiet`` notes no failures."""
        errors = []
        for oracle in self.available():
            try:
                return oracle.name, oracle.run(case.feeds)
            except OracleError as error:
                errors.append(str(error))
                if not quiet:
                    self.note(f"{oracle.name} does not take {case.label}: {error}")
        raise OracleError("; ".join(errors if quiet else self.notes))


def _readable(model: Any) -> str | bytes:
    """Return a path, which keeps external data in reach, or the serialized model."""
    if isinstance(model, ModelProto):
        return bytes(model.SerializeToString())
    if isinstance(model, (str, os.PathLike)):
        return os.fspath(model)
    return bytes(model)


def _mentions(model: str | bytes, operator: str) -> bool:
    """Whether the name of an operator is in a model, given as path or serialized."""
    if isinstance(model, bytes):
        return operator.encode() in model
    with open(model, "rb") as file:
        text = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    with text:
        return text.find(operator.encode()) >= 0


def model_proto(model: Any) -> ModelProto:
    """Return a model, given as path, bytes or ModelProto, to be changed; external data stay out."""
    if isinstance(model, ModelProto):
        copy = ModelProto()
        copy.CopyFrom(model)
        return copy
    if isinstance(model, (bytes, bytearray, memoryview)):
        return load_model_from_string(bytes(model))
    return load_model(model, load_external_data=False)


def reachable(model: Any, beside: Path | None) -> tuple[Any, Path | None]:
    """Return a model and the folder of its external data, with no links on the way.

    Oracles refuse links out of that folder, which caches of models are made of. The folder is
    None where the model is a path, whose own folder it is.
    """
    is_path = isinstance(model, (str, os.PathLike))
    if beside is None or (is_path and not os.path.islink(model)):
        return model, None if is_path else beside
    proto = model_proto(model)
    entries = [
        entry
        for tensor in _tensors(proto)
        for entry in tensor.external_data
        if entry.key == "location"
    ]
    places = [(beside / entry.value).resolve() for entry in entries]
    if not places:
        return proto, beside
    folder = Path(os.path.commonpath([place.parent for place in places]))
    for entry, place in zip(entries, places):
        entry.value = place.relative_to(folder).as_posix()
    return proto, folder


def _tensors(model: ModelProto) -> Iterator[Any]:
    """Yield all constants of a model that may have external data."""
    for graph in graphs_of(model.graph):
        yield from graph.initializer
        for node in graph.node:
            for attribute in node.attribute:
                yield from attribute.tensors
                if attribute.HasField("t"):
                    yield attribute.t


def reason(error: Exception) -> str:
    """Return what an oracle says, on one line of bearable length."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= MAX_REASON else f"{text[:MAX_REASON]}..."
