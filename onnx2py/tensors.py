"""The value of a tensor in protobuf as an array, whichever field or file holds it."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import numpy_helper

from .errors import DecodeError
from .external import ExternalFiles, is_external
from .ir.types import DTYPES, ELEMENT_TYPES


def tensor_array(tensor: onnx.TensorProto, files: ExternalFiles) -> np.ndarray:
    """Return the value of a tensor, whichever field holds it; strings become objects.

    Raises
    ------
    LoadError
        If external data are missing or in a place where they are not allowed.
    DecodeError
        If the stored data do not match the tensor's type.
    """
    subject = f"tensor {tensor.name!r}"
    if tensor.data_type not in ELEMENT_TYPES:
        raise DecodeError(
            f"{subject}: expected an element type, got {tensor.data_type}"
        )
    if any(dim < 0 for dim in tensor.dims):
        raise DecodeError(
            f"{subject}: expected lengths from 0 on, got {list(tensor.dims)}"
        )
    if is_external(tensor):
        return files.array(tensor, subject)
    try:
        if tensor.data_type == onnx.TensorProto.STRING:
            text = [
                item.decode("utf-8", "surrogateescape") for item in tensor.string_data
            ]
            array = np.empty(len(text), object)
            array[:] = text
            return array.reshape(tuple(tensor.dims))
        array = numpy_helper.to_array(tensor)
    except (ValueError, TypeError, OverflowError, MemoryError) as error:
        raise DecodeError(f"{subject}: the stored data do not match: {error}") from None
    return np.asarray(array).astype(DTYPES[ELEMENT_TYPES[tensor.data_type]], copy=False)


MAX_DENSE_ELEMENTS = 2**28
"""Maximum size of a sparse tensor that is converted to a dense one, in elements."""


def dense_array(sparse: onnx.SparseTensorProto, files: ExternalFiles) -> np.ndarray:
    """Return a sparse tensor as a dense array.

    Raises
    ------
    DecodeError
        If its indices do not match its shape, or it would be too large.
    """
    subject = f"sparse tensor {sparse.values.name!r}"
    shape = tuple(sparse.dims)
    size = int(np.prod(shape, dtype=object))
    if size > MAX_DENSE_ELEMENTS:
        raise DecodeError(
            f"{subject}: expected at most {MAX_DENSE_ELEMENTS} elements, got {size}"
        )
    values, indices = (
        tensor_array(sparse.values, files),
        tensor_array(sparse.indices, files),
    )
    try:
        flat = (
            indices
            if indices.ndim == 1
            else np.ravel_multi_index(tuple(indices.T), shape)
        )
        dense = np.zeros(size, values.dtype)
        dense[flat] = values
    except (ValueError, IndexError) as error:
        raise DecodeError(
            f"{subject}: the indices do not match {list(shape)}: {error}"
        ) from None
    return dense.reshape(shape)
