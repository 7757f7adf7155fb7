"""Types of inputs and outputs, and input checks."""

from __future__ import annotations

from typing import Any, Optional, Union

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

Dim = Union[int, str, None]

X64 = 'jax.config.update("jax_enable_x64", True)'


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
    name: str,
    value: Any,
    dtype: str,
    shape: Optional[tuple[Dim, ...]],
    dims: Optional[dict[str, Any]] = None,
) -> Array:
    """Check an input and return it as an array of JAX, which may be traced.

    ``dims`` collects the sizes of symbolic dimensions, which must be equal in all inputs.
    Without ``jax_enable_x64``, integers of 64 bits become those of 32 bits. In place of float32,
    floats may have more or fewer bits.

    Raises
    ------
    TypeError
        If ``value`` is not an array of JAX or NumPy.
    ValueError
        If ``value`` has the wrong dtype or shape, or numbers that need 64 bits.
    """
    if not isinstance(value, (Array, np.ndarray, np.generic)):
        expected, kind = _spelled(dtype, shape), type(value).__name__
        raise TypeError(f"{shown(name)}: expected an array {expected}, got {kind}")
    if not _fits(value.dtype, dtype):
        raise ValueError(
            f"{shown(name)}: expected {_spelled(dtype, shape)}, "
            f"got {_spelled(value.dtype.name, value.shape)}"
        )
    if not jax.config.jax_enable_x64 and dtype in (
        "int64",
        "uint64",
        "float64",
        "complex128",
    ):
        _check_narrow(name, value, dtype)
    array = value
    if not isinstance(value, Array):
        with jax.ensure_compile_time_eval():  # what is no argument of jit stays known
            array = jnp.asarray(value)
    if shape is None:
        return array
    known: dict[str, Any] = {} if dims is None else dims
    fits = len(shape) == array.ndim
    for dim, length in zip(shape, array.shape if fits else ()):
        if isinstance(dim, str):
            known[dim] = expected_length = known.get(dim, length)
        else:
            expected_length = length if dim is None else dim
        if length != expected_length:
            fits = False
    if not fits:
        lengths = array.shape if len(shape) == array.ndim else ()
        where = ", ".join(
            f"{dim} = {known[dim]}"
            for dim, length in zip(shape, lengths)
            if isinstance(dim, str) and known.get(dim, length) != length
        )
        note = f" (with {where})" if where else ""
        raise ValueError(
            f"{shown(name)}: expected {_spelled(dtype, shape)}{note}, "
            f"got {_spelled(array.dtype.name, array.shape)}"
        )
    return array


def check_x64() -> None:
    """Check that 64 bits are enabled, without which the results would be others.

    Raises
    ------
    ValueError
        If they are not.
    """
    if not jax.config.jax_enable_x64:
        raise ValueError(
            f"the model computes with 64 bits: expected {X64} before the call"
        )


FLOATS = ("float16", "bfloat16", "float32", "float64")
NAMES = {
    "float8e4m3fn": "float8_e4m3fn",
    "float8e4m3fnuz": "float8_e4m3fnuz",
    "float8e5m2": "float8_e5m2",
    "float8e5m2fnuz": "float8_e5m2fnuz",
    "float8e8m0": "float8_e8m0fnu",
    "float4e2m1": "float4_e2m1fn",
}
"""What NumPy calls the types that ONNX calls otherwise."""


def _fits(actual: Any, expected: str) -> bool:
    """Return whether an input may have a dtype in place of the model's."""
    if actual.name == NAMES.get(expected, expected):
        return True
    if expected in FLOATS and actual.name in FLOATS:
        return expected == "float32"  # parameters may be converted too
    narrow = {"int64": "int32", "uint64": "uint32", "float64": "float32"}
    return not jax.config.jax_enable_x64 and actual.name == narrow.get(expected)


def _check_narrow(name: str, value: Any, dtype: str) -> None:
    """Check that an input keeps its numbers in 32 bits."""
    if dtype not in ("int64", "uint64"):
        raise ValueError(
            f"{shown(name)}: expected {X64} before the call, since it is {dtype}"
        )
    if isinstance(value, Array) or not value.size:
        return
    bounds = np.iinfo(np.int32 if dtype == "int64" else np.uint32)
    if np.min(value) < bounds.min or np.max(value) > bounds.max:
        raise ValueError(
            f"{shown(name)}: expected numbers of 32 bits, or {X64} before the call"
        )


def _spelled(dtype: str, shape: Any) -> str:
    """Format a type: ``float32[batch, 3]``."""
    if shape is None:
        return f"{dtype}[...]"
    dims = ("?" if dim is None else shown(str(dim)) for dim in shape)
    return f"{dtype}[{', '.join(dims)}]"
