"""Types of inputs and outputs, and input checks."""

from __future__ import annotations

from itertools import chain
from typing import Any, Optional, Union

import torch
from torch import Tensor, nn

Dim = Union[int, str, None]


class TensorSpec:
    """An input or output: its ONNX name, its Python name and its type.

    ``shape`` has an int, a symbol or None (unknown) per axis; it is None if the rank is
    unknown.
    """

    def __init__(
        self,
        name: str,
        python_name: str,
        dtype: str,
        shape: Optional[tuple[Dim, ...]],
        optional: bool = False,
    ) -> None:
        self.name = name
        self.python_name = python_name
        self.dtype = dtype
        self.shape = shape
        self.optional = optional

    def __repr__(self) -> str:
        return f"<{shown(self.name)}: {type_of(self)}>"


def shown(name: str) -> str:
    """Escape control characters in a name before printing it."""
    text = str(name)
    return text if text.isprintable() else ascii(text)


def type_of(spec: TensorSpec) -> str:
    """Format a type: ``float32[batch, 3]``."""
    if "(" in spec.dtype:
        return spec.dtype
    return _spelled(spec.dtype, spec.shape)


def check_input(
    module: nn.Module,
    name: str,
    value: Any,
    dtype: torch.dtype,
    shape: Optional[tuple[Dim, ...]],
    dims: Optional[dict[str, int]] = None,
) -> Tensor:
    """Check an input and return it.

    Where ``dtype`` is one of floats, it may also be that of the module's parameters, as after
    ``module.half()``. ``dims`` collects the sizes of symbolic dimensions, which must be equal
    in all inputs.

    Raises
    ------
    TypeError
        If ``value`` is not a tensor.
    ValueError
        If ``value`` has the wrong dtype or shape.
    """
    if not isinstance(value, Tensor):
        expected, kind = _spelled(dtype, shape), type(value).__name__
        raise TypeError(f"{shown(name)}: expected a tensor {expected}, got {kind}")
    if value.dtype != dtype and not _is_of(module, value.dtype, dtype):
        raise ValueError(
            f"{shown(name)}: expected {_spelled(dtype, shape)}, "
            f"got {_spelled(value.dtype, value.shape)}"
        )
    if shape is None:
        return value
    known = {} if dims is None else dims
    fits = len(shape) == value.ndim
    for dim, length in zip(shape, value.shape if fits else ()):
        if isinstance(dim, str):
            known[dim] = expected = known.get(dim, length)
        else:
            expected = length if dim is None else dim
        if length != expected:
            fits = False
    if not fits:
        lengths = value.shape if len(shape) == value.ndim else ()
        where = ", ".join(
            f"{dim} = {known[dim]}"
            for dim, length in zip(shape, lengths)
            if isinstance(dim, str) and known.get(dim, length) != length
        )
        note = f" (with {where})" if where else ""
        raise ValueError(
            f"{shown(name)}: expected {_spelled(dtype, shape)}{note}, "
            f"got {_spelled(value.dtype, value.shape)}"
        )
    return value


def _is_of(module: nn.Module, actual: torch.dtype, expected: torch.dtype) -> bool:
    """Return whether a module was converted to an element type of floats."""
    if not (actual.is_floating_point and expected.is_floating_point):
        return False
    tensors = chain(module.parameters(), module.buffers())
    kinds = [tensor.dtype for tensor in tensors if tensor.is_floating_point()]
    return kinds[:1] == [actual]


def _spelled(dtype: Any, shape: Any) -> str:
    """Format a type: ``float32[batch, 3]``."""
    name = str(dtype).replace("torch.", "")
    if shape is None:
        return f"{name}[...]"
    dims = ("?" if dim is None else shown(str(dim)) for dim in shape)
    return f"{name}[{', '.join(dims)}]"
