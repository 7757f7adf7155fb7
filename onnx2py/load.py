"""Read a model from bytes, a path or a ModelProto, with its weights as separate arrays.

This module and ``decode`` are the only ones that touch protobuf. Large tensors are removed
from the protobuf message immediately, so that they are not copied later; external data are
memory-mapped.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError as ProtobufError

from .defaults import Inputs, settle_defaults
from .errors import DecodeError, LimitError, LoadError
from .external import ExternalFiles, is_external
from .formats import describe_format
from .shaping import Shaping, shaped
from .tensors import dense_array, tensor_array
from .utf8 import check_text

MAX_FILE_BYTES = (1 << 31) - 1
"""Maximum size of a protobuf message, in bytes."""

SMALL_TENSOR_BYTES = 1024
"""Tensors up to this size remain in the message: shape inference reads them."""


UNCHANGED = Shaping()


@dataclass(frozen=True)
class LoadedModel:
    """A model as read; ``proto`` lacks the tensors that are in ``weights``."""

    proto: onnx.ModelProto
    weights: dict[str, np.ndarray]
    inputs: Inputs
    files: ExternalFiles
    source: str
    sha256: str
    external_files: tuple[str, ...] = ()
    """The files beside the model that hold its weights, by the names that it gives them."""
    changed: onnx.ModelProto | None = None
    """The whole model, if it is no longer that of the file."""

    @property
    def denotations(self) -> tuple[tuple[str, int, str], ...]:
        """The name of an input, the axis and the text of each denotation in the file."""
        return tuple(
            (value.name, axis, dim.denotation)
            for value in self.proto.graph.input
            for axis, dim in enumerate(value.type.tensor_type.shape.dim)
            if dim.denotation
        )


def check_file(model: str | os.PathLike[str] | bytes | onnx.ModelProto) -> None:
    """Check that a path is not a folder, before anything else is looked at.

    Raises
    ------
    LoadError
        If it is one.
    """
    if isinstance(model, (str, os.PathLike)) and os.path.isdir(model):
        raise LoadError(f"{os.fspath(model)}: expected an ONNX file, got a folder")


def load(
    model: str | os.PathLike[str] | bytes | onnx.ModelProto,
    shaping: Shaping = UNCHANGED,
    *,
    overridable: bool = False,
) -> LoadedModel:
    """Read a model, and edit its inputs and outputs as given by ``shaping``.

    Inputs with a default become weights, except those that ``shaping`` names as inputs.
    With ``overridable``, all remain inputs.

    Raises
    ------
    LoadError
        If it cannot be read or is not an ONNX model, or if its external data are missing,
        too short, or outside the folder of the model.
    DecodeError
        If a default is not of the type of its input.
    """
    proto, path, source, digest = _read(model)
    check_text(proto, source)
    changed = None
    if shaping:
        proto = shaped(proto, shaping)
        changed = onnx.ModelProto()
        changed.CopyFrom(proto)
    external = dict.fromkeys(
        entry.value
        for tensor in proto.graph.initializer
        if is_external(tensor)
        for entry in tensor.external_data
        if entry.key == "location"
    )
    files = ExternalFiles(path)
    inputs = settle_defaults(proto, None if overridable else shaping.inputs)
    weights = _take_weights(proto, files)
    return LoadedModel(
        proto, weights, inputs, files, source, digest, tuple(external), changed
    )


def _read(
    model: str | os.PathLike[str] | bytes | onnx.ModelProto,
) -> tuple[onnx.ModelProto, Path | None, str, str]:
    if isinstance(model, onnx.ModelProto):
        if not model.HasField("graph"):
            raise LoadError("a ModelProto: expected a graph, got none")
        copy = onnx.ModelProto()
        copy.CopyFrom(model)
        data = model.SerializeToString(deterministic=True)
        return copy, None, "a ModelProto", hashlib.sha256(data).hexdigest()
    if isinstance(model, (bytes, bytearray, memoryview)):
        data = bytes(model)
        return _parse(data, "the model"), None, "bytes", _sha256(data)
    if not isinstance(model, (str, os.PathLike)):
        raise LoadError(
            f"model: expected a path, bytes or ModelProto, got {type(model).__name__}"
        )
    path = Path(model)
    try:
        data = _content(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise LoadError(f"{path}: expected a readable ONNX file: {reason}") from None
    return _parse(data, str(path)), path, path.name, _sha256(data)


def _content(path: Path) -> bytes:
    """Read a file; a pipe or a device only up to the maximum size of a model."""
    if path.is_file() and path.stat().st_size <= MAX_FILE_BYTES:
        return path.read_bytes()
    parts: list[bytes] = []
    with path.open("rb") as stream:
        while part := stream.read(1 << 20):
            parts.append(part)
            if path.is_file() or len(parts) << 20 > MAX_FILE_BYTES:
                raise LimitError(
                    f"{path}: expected at most 2 GB (a limit of protobuf); "
                    "store weights as external data"
                )
    return b"".join(parts)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _parse(data: bytes, source: str) -> onnx.ModelProto:
    if not data:
        raise LoadError(f"{source}: expected an ONNX model, got an empty file")
    proto = onnx.ModelProto()
    try:
        proto.ParseFromString(data)
        unexpected = "" if proto.HasField("graph") else "a file without a graph"
    except ProtobufError:
        unexpected = "a file that is damaged or of another format"
    if unexpected:
        unexpected = describe_format(data) or unexpected
        raise LoadError(f"{source}: expected an ONNX model, got {unexpected}")
    return proto


# ---------------------------------------------------------------------- weights


def _take_weights(
    proto: onnx.ModelProto, files: ExternalFiles
) -> dict[str, np.ndarray]:
    """Move the main graph's large initializers out of ``proto``; type them as inputs."""
    graph = proto.graph
    inputs = {value.name for value in graph.input}
    weights: dict[str, np.ndarray] = {}
    kept = []
    for tensor in graph.initializer:
        if tensor.name in weights:
            raise DecodeError(
                f"initializer {tensor.name!r}: expected one, got two of that name"
            )
        array = tensor_array(tensor, files)
        weights[tensor.name] = array
        if array.nbytes <= SMALL_TENSOR_BYTES and not is_external(tensor):
            kept.append(tensor)
        elif tensor.name not in inputs:
            kind = onnx.helper.make_tensor_value_info(
                tensor.name, tensor.data_type, array.shape
            )
            graph.input.append(kind)
    for sparse in graph.sparse_initializer:
        name = sparse.values.name
        weights[name] = array = dense_array(sparse, files)
        kept_type = onnx.helper.make_tensor_value_info(
            name, sparse.values.data_type, array.shape
        )
        if name not in inputs:
            graph.input.append(kept_type)
    kept = [onnx.TensorProto.FromString(t.SerializeToString()) for t in kept]
    del graph.initializer[:]
    del graph.sparse_initializer[:]
    graph.initializer.extend(kept)
    return weights
