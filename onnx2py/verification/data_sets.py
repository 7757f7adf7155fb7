"""Inputs from files: .npy, .npz, .pb (TensorProto), folders of them, ``test_data_set_*``."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx  # noqa: TID251  (recorded data are protobuf messages)
from google.protobuf.message import DecodeError as ProtobufError
from onnx import numpy_helper  # noqa: TID251

from ..errors import Onnx2pyError, VerifyError
from ..external import ExternalFiles
from ..ir.types import (
    DTYPES,
    MapType,
    OptionalType,
    SequenceType,
    TensorType,
    ValueType,
)
from ..tensors import tensor_array
from .inputs import Case, Signature

SUFFIXES = (".npy", ".pb")


def given_cases(
    paths: Sequence[str | os.PathLike[str]], signature: Signature
) -> list[Case]:
    """Read the given inputs: single files form one case, each folder and each .npz another.

    Raises
    ------
    VerifyError
        If a path cannot be read, or its contents do not match the model.
    """
    found = [Path(path) for path in paths]
    loose = [path for path in found if path.suffix in SUFFIXES and not path.is_dir()]
    cases = [_from_files("inputs", loose, signature)] if loose else []
    for path in found:
        if path in loose:
            continue
        if path.is_dir():
            cases += [_from_folder(folder, signature) for folder in data_sets(path)]
        elif path.suffix == ".npz":
            cases.append(_from_npz(path, signature))
        else:
            raise VerifyError(
                f"{path}: expected a folder, a .npy, .npz or .pb file"
                + ("" if path.exists() else ", got no such file")
            )
    return cases


def found_cases(beside: Path | None, signature: Signature) -> tuple[list[Case], str]:
    """Read the ``test_data_set_*`` folders next to a model; note those that do not match it."""
    folders = [] if beside is None else _numbered(beside, "test_data_set_*")
    try:
        return [_from_folder(folder, signature) for folder in folders], ""
    except VerifyError as error:
        # They may belong to a different model in the same folder.
        return (
            [],
            f"test_data_set_* next to the model do not match it and are not used: {error}",
        )


def data_sets(folder: Path) -> list[Path]:
    """Return the ``test_data_set_*`` in a folder, or the folder itself."""
    return _numbered(folder, "test_data_set_*") or [folder]


def _numbered(folder: Path, pattern: str) -> list[Path]:
    """Return the folders that match a pattern, in numeric order."""

    def order(path: Path) -> list[Any]:
        parts = re.split(r"(\d+)", path.name)
        return [int(part) if part.isdigit() else part for part in parts]

    return sorted((p for p in folder.glob(pattern) if p.is_dir()), key=order)


# ---------------------------------------------------------------------- one case


def _from_folder(folder: Path, signature: Signature) -> Case:
    files = [p for p in sorted(folder.iterdir()) if p.suffix in SUFFIXES]
    if not files:
        raise VerifyError(f"{folder}: expected input_0.pb or .npy files, got none")
    return _from_files(str(folder.name), files, signature)


def _from_files(label: str, files: Sequence[Path], signature: Signature) -> Case:
    inputs = _assign(files, _numbering(files, signature), "input")
    outputs = _assign(
        [f for f in files if f not in inputs.values()], signature.outputs, "output"
    )
    loose = [f for f in files if f not in {*inputs.values(), *outputs.values()}]
    if label == "inputs":  # given one by one: assign them by order
        names = _in_order(len(loose) + len(inputs), signature)
        open_inputs = [name for name in names if name not in inputs]
        inputs.update(zip(open_inputs, loose))
        loose = loose[len(open_inputs) :]
        if loose:
            raise VerifyError(
                f"{loose[0]}: expected one file for each of the {len(signature.inputs)} "
                f"inputs, got one more"
            )
    read: Callable[[Path, ValueType | None], Any] = read_value
    kinds = signature.inputs
    feeds = {name: read(path, kinds.get(name)) for name, path in inputs.items()}
    recorded = {n: read(path, signature.outputs[n]) for n, path in outputs.items()}
    return checked(Case(label, feeds, recorded), signature)


def _from_npz(path: Path, signature: Signature) -> Case:
    arrays: dict[str, Any] = {}
    try:
        with np.load(path, allow_pickle=False) as found:
            arrays = {name: _strings(found[name]) for name in found.files}
    except Exception as error:  # zipfile, zlib and NumPy raise errors of many kinds
        raise _unreadable(path, error) from None
    files = [Path(f"{name}.npy") for name in arrays]
    names = _assign(files, _numbering(files, signature), "input")
    feeds = {name: arrays[file.name[: -len(".npy")]] for name, file in names.items()}
    return checked(Case(path.name, feeds), signature)


def _numbering(files: Sequence[Path], signature: Signature) -> Sequence[str]:
    """Return the names of inputs in the order in which ``input_0`` ... number them."""
    numbers = [re.fullmatch(r"input_(\d+)\.\w+", path.name) for path in files]
    return _in_order(max((int(n[1]) + 1 for n in numbers if n), default=0), signature)


def _in_order(count: int, signature: Signature) -> Sequence[str]:
    """Return the inputs in order, then those that are weights unless they are counted too."""
    inputs, fixed = [*signature.inputs], [*signature.fixed]
    return signature.listed if count > len(inputs) and fixed else [*inputs, *fixed]


def _assign(files: Sequence[Path], values: Iterable[str], role: str) -> dict[str, Path]:
    """Assign a file to each value: by ONNX name, ``input_0``, or name with ``_`` for symbols."""
    stems = {path.name[: -len(path.suffix)]: path for path in files}
    found: dict[str, Path] = {}
    for i, name in enumerate(values):
        words = re.sub(r"\W+", "_", name)
        for stem in (name, f"{role}_{i}", words, words.lower()):
            if stem in stems:
                found[name] = stems[stem]
                break
    return found


def read_value(path: Path, kind: ValueType | None) -> Any:
    """Read a value of a type from a file.

    Raises
    ------
    VerifyError
        If the file does not hold such a value.
    """
    try:
        if path.suffix == ".npy":
            return _strings(np.load(path, allow_pickle=False))
        data = path.read_bytes()
        if isinstance(kind, SequenceType):
            return numpy_helper.to_list(onnx.SequenceProto.FromString(data))
        if isinstance(kind, MapType):
            return numpy_helper.to_dict(onnx.MapProto.FromString(data))
        if isinstance(kind, OptionalType):
            return numpy_helper.to_optional(onnx.OptionalProto.FromString(data))
        return tensor_array(onnx.TensorProto.FromString(data), ExternalFiles(None))
    except (
        OSError,
        ValueError,
        TypeError,
        EOFError,
        ProtobufError,
        Onnx2pyError,
    ) as error:
        raise _unreadable(path, error) from None


def _strings(array: np.ndarray) -> np.ndarray:
    return array.astype(object) if array.dtype.kind == "U" else array


def _unreadable(path: Path, error: Exception) -> VerifyError:
    reason = getattr(error, "strerror", None) or str(error)
    return VerifyError(f"{path}: expected a readable {path.suffix} file: {reason}")


# ---------------------------------------------------------------------- fitting the model


def checked(case: Case, signature: Signature) -> Case:
    """Check the inputs of a case, and return it without those that are weights.

    Raises
    ------
    VerifyError
        If an input is missing or has the wrong type, or one that is a weight another value.
    """
    for i, (name, kind) in enumerate(signature.inputs.items()):
        if name not in case.feeds:
            if name in signature.optional or isinstance(kind, OptionalType):
                continue
            raise VerifyError(
                f"{case.label}: input {name!r}: expected it as input_{i}.pb or {name}.npy, "
                "got no such file"
            )
        value = case.feeds[name]
        if isinstance(kind, TensorType) and not _fits(value, kind):
            got = f"{value.dtype.name}{list(value.shape)}"
            raise VerifyError(
                f"{case.label}: input {name!r}: expected {kind}, got {got}"
            )
    for name, default in signature.fixed.items():
        if name in case.feeds and not _equal(case.feeds[name], default):
            raise VerifyError(
                f"{case.label}: input {name!r}: expected its default, which became a weight, "
                "got another value; --overridable keeps it an input"
            )
    feeds = {k: v for k, v in case.feeds.items() if k not in signature.fixed}
    return replace(case, feeds=feeds)


def _equal(value: Any, default: np.ndarray) -> bool:
    """Return whether a value is the same tensor, NaN included."""
    if not isinstance(value, np.ndarray) or value.shape != default.shape:
        return False
    same = (value == default) | ((value != value) & (default != default))
    return value.dtype.newbyteorder("=") == default.dtype and bool(np.all(same))


def _fits(value: Any, kind: TensorType) -> bool:
    dtype = DTYPES[kind.dtype]
    if value.dtype.newbyteorder("=") != dtype:
        return False
    if kind.shape is None:
        return True
    return len(kind.shape) == value.ndim and all(
        length == dim or not isinstance(dim, int)
        for dim, length in zip(kind.shape, value.shape)
    )
