"""External data: weights in separate files, which are memory-mapped.

A file is mapped once, however many tensors it holds: a map needs an open file, and the number
of open files per process is limited.
"""

from __future__ import annotations

import mmap
import re
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np
import onnx
from onnx import numpy_helper

from .errors import LoadError
from .formats import describe_format
from .ir.types import DTYPES, ELEMENT_TYPES

READ_BYTES = 1 << 16
"""Smaller files are read: some exporters write hundreds of them, one per tensor."""

PACKED_BITS = {
    "int4": 4, "uint4": 4, "float4e2m1": 4, "int2": 2, "uint2": 2, "float6e2m3": 6, "float6e3m2": 6,
}  # fmt: skip
"""The element types of which several share a byte."""


def is_external(tensor: onnx.TensorProto) -> bool:
    """Return whether a tensor's data are in another file."""
    return bool(tensor.data_location == onnx.TensorProto.EXTERNAL)


class ExternalFiles:
    """The files with a model's weights, in the folder of the model's file, if it has one."""

    def __init__(self, model: Path | None) -> None:
        self.folder = None if model is None else model.parent
        self._model = model
        self._buffers: dict[Path, bytes | mmap.mmap] = {}

    def array(self, tensor: onnx.TensorProto, subject: str) -> np.ndarray:
        """Return the value of a tensor whose data are in a file.

        Raises
        ------
        LoadError
            If the file is missing, too short, or in a place where it is not allowed.
        """
        entries = {entry.key: entry.value for entry in tensor.external_data}
        path = self.path(entries.get("location", ""), subject)
        try:
            offset, length = int(entries.get("offset", 0)), entries.get("length")
            return self._array(
                tensor, path, offset, None if length is None else int(length), subject
            )
        except (OSError, ValueError) as error:
            raise LoadError(f"{subject}: cannot read {path.name!r}: {error}") from None

    def _array(
        self,
        tensor: onnx.TensorProto,
        path: Path,
        offset: int,
        length: int | None,
        subject: str,
    ) -> np.ndarray:
        name = ELEMENT_TYPES[tensor.data_type]
        if name == "string":
            raise LoadError(f"{subject}: expected strings in the model, got a file")
        dtype, shape = np.dtype(DTYPES[name]), tuple(tensor.dims)
        bits = PACKED_BITS.get(name, dtype.itemsize * 8)
        needed = (int(np.prod(shape, dtype=object)) * bits + 7) // 8
        found = path.stat().st_size - offset
        if length is not None and length != needed:
            raise LoadError(
                f"{subject}: expected {needed} bytes for {name}{list(shape)}, got a "
                f"length of {length}: the model is damaged, or made by a faulty tool"
            )
        if offset < 0 or found < needed:
            with path.open("rb") as stream:
                other = describe_format(stream.read(1 << 9))
            raise LoadError(
                f"{subject}: expected {needed} bytes in {path.name!r}, "
                f"got {other or found}"
            )
        if needed == 0:
            return np.zeros(shape, dtype)
        buffer = self._buffer(path)
        if name in PACKED_BITS:
            raw = onnx.TensorProto(
                dims=shape,
                data_type=tensor.data_type,
                raw_data=bytes(memoryview(buffer)[offset : offset + needed]),
            )
            return np.asarray(numpy_helper.to_array(raw)).astype(dtype, copy=False)
        stored: np.ndarray = np.ndarray(
            shape, dtype.newbyteorder("<"), buffer=buffer, offset=offset
        )
        return stored.astype(dtype, copy=False)

    def _buffer(self, path: Path) -> bytes | mmap.mmap:
        if path not in self._buffers:
            with path.open("rb") as stream:
                self._buffers[path] = (
                    stream.read()
                    if path.stat().st_size < READ_BYTES
                    else mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
                )
        return self._buffers[path]

    def _is_beside(self, path: Path) -> bool:
        """Return whether a file, after resolving links, is below an allowed folder.

        These are the folder of the model and, if the model is a link, the folder of its target:
        caches, package managers and build systems create folders of links. A content-addressed
        store may have a folder for the first two digits of each hash.
        """
        assert self._model is not None
        model = self._model.resolve()
        if any(
            path.is_relative_to(f) for f in (self._model.parent.resolve(), model.parent)
        ):
            return True
        first_digits = (model.parent.name, path.parent.name)
        in_store = all(re.fullmatch("[0-9a-f]{2}", name) for name in first_digits)
        return in_store and model.parent.parent == path.parent.parent

    def path(self, location: str, subject: str) -> Path:
        """Return the path of an external data file after checking that it is allowed.

        Raises
        ------
        LoadError
            If it is not allowed, or does not exist.
        """
        if self.folder is None:
            raise LoadError(
                f"{subject}: expected its data in the model, got a reference to {location!r}; "
                "pass the model as a path, so that its folder is known"
            )
        windows = PureWindowsPath(location)
        parts = (*PurePosixPath(location).parts, *windows.parts)
        absolute = PurePosixPath(location).is_absolute() or windows.anchor
        if not location or absolute or ".." in parts or "\0" in location:
            raise LoadError(
                f"{subject}: expected a file beside the model, got {location!r}"
            )
        try:
            path = (self.folder / location).resolve()
            found = path.is_file()
        except (
            OSError,
            RuntimeError,
            ValueError,
        ) as error:  # too long, a loop of links
            reason = getattr(error, "strerror", None) or "a loop of links"
            raise LoadError(
                f"{subject}: expected a file beside the model, got {location[:100]!r}: {reason}"
            ) from None
        if not self._is_beside(path):
            raise LoadError(
                f"{subject}: expected a file beside the model, got a link out of its folder: "
                f"{location!r}; copy the file that it points to in its place"
            )
        if not found:
            raise LoadError(
                f"{subject}: its data are in {location!r}, which is missing"
            )
        return path
