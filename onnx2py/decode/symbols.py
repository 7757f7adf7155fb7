"""Symbols: the names of lengths that a file leaves open."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace

import onnx

from ..ir.types import TensorType, ValueType


def symbol(text: str) -> str | None:
    """Return a dimension's symbol, renamed if it would not be readable as a symbol."""
    if not text or re.fullmatch(r"[A-Za-z_][\w.+*/() -]{0,60}", text, re.ASCII):
        return text or None
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return f"{re.sub(r'[^A-Za-z0-9_]+', '_', text)[:24].strip('_') or 'dim'}_{digest}"


def symbols_of(kind: ValueType) -> Iterator[str]:
    """Yield the symbols in a type."""
    shape = kind.shape or () if isinstance(kind, TensorType) else ()
    return (dim for dim in shape if isinstance(dim, str))


def without_made_up(kind: ValueType, symbols: set[str]) -> ValueType:
    """Drop the symbols that inference generated: only those of inputs have a meaning."""
    if not isinstance(kind, TensorType) or kind.shape is None:
        return kind
    dims = (d if not isinstance(d, str) or d in symbols else None for d in kind.shape)
    return replace(kind, shape=tuple(dims))


def open_dims(
    model: onnx.ModelProto,
) -> Iterator[onnx.TensorShapeProto.Dimension]:
    """Yield the dimensions of a model's inputs and outputs that have a symbol."""
    for value in (*model.graph.input, *model.graph.output):
        proto = value.type
        if proto.WhichOneof("value") == "optional_type":
            proto = proto.optional_type.elem_type
        for dim in proto.tensor_type.shape.dim:
            if dim.dim_param:
                yield dim


def part_repeated_symbols(proto: onnx.ModelProto) -> None:
    """Rename a symbol that occurs twice in the shape of one input.

    Converters write ``[n, 3, dim, dim]`` for images that need not be square, and onnxruntime
    accepts these: the two must not be assumed to be equal.
    """
    shapes = [value.type.tensor_type.shape.dim for value in proto.graph.input]
    known = {dim.dim_param for dims in shapes for dim in dims}
    for dims in shapes:
        seen: set[str] = set()
        for dim in dims:
            name, count = dim.dim_param, 1
            if name and name in seen:
                while dim.dim_param in known:
                    count += 1
                    dim.dim_param = f"{name}_{count}"
                known.add(dim.dim_param)
            seen.add(dim.dim_param)
