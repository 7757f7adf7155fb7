"""Types of ONNX values, and their one spelling: ``float32[batch, 3, 224, 224]``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Union

import ml_dtypes
import numpy as np

Dim = Union[int, str, None]
"""A length: known, a symbol that stands for the same length everywhere, or unknown."""

Shape = Optional[tuple[Dim, ...]]
"""The lengths of all axes, or None where not even the rank is known."""

EXTENSION_DTYPES: dict[str, np.dtype] = {
    "bfloat16": np.dtype(ml_dtypes.bfloat16),
    "float8e4m3fn": np.dtype(ml_dtypes.float8_e4m3fn),
    "float8e4m3fnuz": np.dtype(ml_dtypes.float8_e4m3fnuz),
    "float8e5m2": np.dtype(ml_dtypes.float8_e5m2),
    "float8e5m2fnuz": np.dtype(ml_dtypes.float8_e5m2fnuz),
    "float8e8m0": np.dtype(ml_dtypes.float8_e8m0fnu),
    "float6e2m3": np.dtype(ml_dtypes.float6_e2m3fn),
    "float6e3m2": np.dtype(ml_dtypes.float6_e3m2fn),
    "float4e2m1": np.dtype(ml_dtypes.float4_e2m1fn),
    "int4": np.dtype(ml_dtypes.int4),
    "uint4": np.dtype(ml_dtypes.uint4),
    "int2": np.dtype(ml_dtypes.int2),
    "uint2": np.dtype(ml_dtypes.uint2),
}
"""ONNX's element types that NumPy lacks, and the ``ml_dtypes`` type of each."""

NUMPY_DTYPES: dict[str, np.dtype] = {
    name: np.dtype(name)
    for name in (
        *("float16", "float32", "float64", "bool", "complex64", "complex128"),
        *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
    )
} | {"string": np.dtype(object)}
"""ONNX's other element types; strings are Python objects, as in onnxruntime."""

DTYPES = NUMPY_DTYPES | EXTENSION_DTYPES
ELEMENT_TYPES = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64",
    8: "string", 9: "bool", 10: "float16", 11: "float64", 12: "uint32", 13: "uint64",
    14: "complex64", 15: "complex128", 16: "bfloat16", 17: "float8e4m3fn",
    18: "float8e4m3fnuz", 19: "float8e5m2", 20: "float8e5m2fnuz", 21: "uint4", 22: "int4",
    23: "float4e2m1", 24: "float8e8m0", 25: "uint2", 26: "int2",
    27: "float6e2m3", 28: "float6e3m2",
}  # fmt: skip
"""TensorProto.DataType: the number of each element type."""

_NAMES = {dtype: name for name, dtype in DTYPES.items()}


def dtype_name(dtype: np.dtype) -> str:
    """Name a NumPy dtype as ONNX types are named here: ``float32``, ``bool``, ``string``.

    Raises
    ------
    KeyError
        If ONNX has no such type.
    """
    return "string" if dtype.kind in "UO" else _NAMES[np.dtype(dtype).newbyteorder("=")]


@dataclass(frozen=True)
class TensorType:
    """A tensor of ``dtype`` (ONNX's name, see :data:`DTYPES`) and ``shape``."""

    dtype: str
    shape: Shape = None

    @property
    def rank(self) -> int | None:
        """The number of axes, where known."""
        return None if self.shape is None else len(self.shape)

    @property
    def static_shape(self) -> tuple[int, ...] | None:
        """The shape, where every length is known."""
        if self.shape is None or not all(isinstance(dim, int) for dim in self.shape):
            return None
        return tuple(dim for dim in self.shape if isinstance(dim, int))

    def __str__(self) -> str:
        if self.shape is None:
            return f"{self.dtype}[...]"
        return f"{self.dtype}[{', '.join('?' if d is None else str(d) for d in self.shape)}]"


@dataclass(frozen=True)
class SequenceType:
    """A list of values of one type."""

    element: ValueType | None

    def __str__(self) -> str:
        return f"sequence({self.element or '?'})"


@dataclass(frozen=True)
class OptionalType:
    """A value, or nothing."""

    element: ValueType | None

    def __str__(self) -> str:
        return f"optional({self.element or '?'})"


@dataclass(frozen=True)
class MapType:
    """A dictionary from keys of one dtype to values of one type."""

    key: str
    value: ValueType | None

    def __str__(self) -> str:
        return f"map({self.key}, {self.value or '?'})"


ValueType = Union[TensorType, SequenceType, OptionalType, MapType]


def tensor_type_of(array: np.ndarray) -> TensorType:
    """Return the type of an array."""
    return TensorType(dtype_name(array.dtype), tuple(array.shape))


def completed(kind: ValueType | None, promised: ValueType | None) -> ValueType | None:
    """Fill what is not known of a type with what the file says, if the two can be of one value."""
    if not isinstance(kind, TensorType) or not isinstance(promised, TensorType):
        return kind or promised
    if kind.dtype != promised.dtype or promised.shape is None:
        return kind
    if kind.shape is None:
        return promised
    if len(kind.shape) != len(promised.shape):
        return kind
    dims = (
        known if known is not None else said
        for known, said in zip(kind.shape, promised.shape)
    )
    return TensorType(kind.dtype, tuple(dims))


def numbers_of(kind: ValueType | None) -> ValueType | None:
    """Return a type without the names of lengths that are not known as numbers."""
    if not isinstance(kind, TensorType) or kind.shape is None:
        return kind
    lengths = (length if isinstance(length, int) else None for length in kind.shape)
    return TensorType(kind.dtype, tuple(lengths))
