"""Idioms: what a reader of JAX expects in place of ``ops``, where it means the same.

Each is a function of a :class:`CallWriter` that returns the source, or "" where the twin does what
JAX's function does not: then the twin is called. They are found by the twin's module and name.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...emit.calls import CallWriter
from ...ir.program import Argument, Ref
from ...ir.types import TensorType
from ..idioms import Idiom, dtype_of, options, plain, rank_of, text
from .literals import FLOATS, MOVED, WHOLE
from .literals import jnp as jnp_of

NUMBERS_BESIDE = (np.where, np.maximum, np.minimum)
"""Functions of NumPy whose idioms take numbers beside an array."""


def jnp(w: CallWriter) -> str:
    """Return the name of ``jax.numpy``."""
    return jnp_of(w.uses)


def nn(w: CallWriter) -> str:
    """Return the name of ``jax.nn``."""
    return f"{w.uses.name('jax', 'jax')}.nn"


def of_floats(name: str, more: str = "") -> Idiom:
    """Return the idiom of a function in ``jax.nn`` of one array of floats."""

    def idiom(w: CallWriter) -> str:
        if not plain(w, 1) or dtype_of(w, w.call.args[0]) not in FLOATS:
            return ""
        return f"{nn(w)}.{name}({text(w, 0)}{more})"

    return idiom


def softmax(name: str) -> Idiom:
    """Return the idiom of softmax or its logarithm of float32: halves are widened."""

    def idiom(w: CallWriter) -> str:
        if dtype_of(w, w.call.args[0]) not in ("float32", "float64"):
            return ""
        axis = w.call.kwargs.get("axis", -1)
        more = "" if axis == -1 else f", axis={w.argument(axis)}"
        return f"{nn(w)}.{name}({text(w, 0)}{more})"

    return idiom


def beside_numbers(name: str) -> Idiom:
    """Return the idiom of a function of two arrays, or of one and a number."""

    def idiom(w: CallWriter) -> str:
        *condition, x, y = w.call.args
        kinds = {dtype_of(w, x), dtype_of(w, y)}
        if w.call.kwargs or len(kinds) != 1 or not kinds <= MOVED:
            return ""
        if condition and dtype_of(w, condition[0]) != "bool":
            return ""
        numbers = [w.number(x), w.number(y)]
        if None not in numbers:
            numbers[1] = (
                None  # two numbers of Python's would make an array of another type
            )
        values = [
            (
                w.argument(value)
                if number is None
                else w.uses.dialect.digits(number, w.uses)
            )
            for value, number in zip((x, y), numbers)
        ]
        return f"{jnp(w)}.{name}({', '.join([*map(w.argument, condition), *values])})"

    return idiom


def clip(w: CallWriter) -> str:
    """``jnp.clip(x, 0.0, 6.0)``: both bounds are numbers."""
    x, *bounds = w.call.args
    numbers = [b for b in bounds if isinstance(b, (int, float)) and b == b]
    if len(numbers) != 2 or dtype_of(w, x) not in FLOATS or not isinstance(x, Ref):
        return ""
    if numbers[0] > numbers[1]:
        return ""
    return f"{jnp(w)}.clip({w.argument(x)}, {', '.join(map(w.argument, bounds))})"


def astype(w: CallWriter) -> str:
    """``x.astype(jnp.int32)``; JAX converts floats to integers in its own way."""
    x, dtype = w.call.args[:2]
    if not isinstance(x, Ref) or not isinstance(dtype, (np.dtype, type)):
        return ""
    name, source = np.dtype(dtype).name, dtype_of(w, x)
    is_exact = source in WHOLE | {"bool"} and name in MOVED
    is_exact |= source in FLOATS and name in FLOATS
    is_exact |= name == "bool" and source in FLOATS
    if not is_exact or w.call.kwargs:
        return ""
    return f"{w.argument(x)}.astype({w.uses.dialect.dtype(np.dtype(dtype), w.uses)})"


def reshape(w: CallWriter) -> str:
    """``x.reshape(b, t, 4, 32)``: no length stands for one of the input."""
    x, lengths = w.call.args
    if w.call.kwargs or not isinstance(x, Ref) or not isinstance(lengths, tuple):
        return ""
    return f"{w.argument(x)}.reshape({', '.join(map(w.argument, lengths)) or '()'})"


def reshape_of_onnx(w: CallWriter) -> str:
    """The same where all lengths are numbers: 0 would be the length of the input."""
    lengths = w.call.args[1]
    if not isinstance(lengths, tuple) or not all(isinstance(n, int) for n in lengths):
        return ""
    if 0 in lengths and w.call.kwargs != {"allowzero": True}:
        return ""
    if not isinstance(w.call.args[0], Ref):
        return ""
    return f"{text(w, 0)}.reshape({', '.join(map(w.argument, lengths)) or '()'})"


def transpose(w: CallWriter) -> str:
    """``x.transpose(0, 2, 1)``; of a matrix, ``x.T``; of the last two axes, ``x.mT``."""
    x, axes = (*w.call.args, None)[:2]
    if w.call.kwargs or not isinstance(x, Ref):
        return ""
    if axes is None:
        return f"{w.argument(x)}.T"
    if not isinstance(axes, tuple) or not axes:
        return ""
    if not all(isinstance(a, int) and a >= 0 for a in axes):
        return ""
    count = len(axes)
    if axes == (1, 0):
        return f"{w.argument(x)}.T"
    if axes == (*range(count - 2), count - 1, count - 2):
        return f"{w.argument(x)}.mT"
    return f"{w.argument(x)}.transpose({', '.join(map(str, axes))})"


def expand_dims(w: CallWriter) -> str:
    """``x[:, None]``, ``x[..., None]``: of axes that are known."""
    axis = w.call.kwargs.get("axis")
    axes = axis if isinstance(axis, tuple) else (axis,)
    numbers = [n for n in axes if isinstance(n, int)]
    if not isinstance(w.call.args[0], Ref) or len({*numbers}) != len(axes):
        return ""
    if not numbers or min(numbers) < 0 <= max(numbers) or max(map(abs, numbers)) > 8:
        return ""
    if min(numbers) >= 0:
        places = range(max(numbers) + 1)
        parts = ["None" if place in numbers else ":" for place in places]
    else:
        last = range(min(numbers), 0)
        parts = ["...", *("None" if place in numbers else ":" for place in last)]
    return f"{text(w, 0)}[{', '.join(parts)}]"


def squeeze(w: CallWriter) -> str:
    """``x.squeeze(1)``."""
    axis = w.call.kwargs.get("axis")
    if not isinstance(w.call.args[0], Ref) or axis is None or len(w.call.args) != 1:
        return ""
    given = axis[0] if isinstance(axis, tuple) and len(axis) == 1 else axis
    return f"{text(w, 0)}.squeeze({w.argument(given)})"


def concatenate(w: CallWriter) -> str:
    """``jnp.concatenate([a, b], axis=1)``."""
    (parts,) = w.call.args
    kinds = {dtype_of(w, p) for p in parts} if isinstance(parts, tuple) else set()
    if len(kinds) != 1 or not kinds <= MOVED or not isinstance(parts, tuple):
        return ""
    axis = w.call.kwargs.get("axis", 0)
    more = "" if axis == 0 else f", axis={w.argument(axis)}"
    return f"{jnp(w)}.concatenate([{', '.join(map(w.argument, parts))}]{more})"


def take(w: CallWriter) -> str:
    """``x[:, 0]``, ``jnp.take(x, ids, axis=1)``: of an axis that is known."""
    data, index = w.call.args
    axis, rank = w.call.kwargs.get("axis", 0), rank_of(w, data)
    if not isinstance(data, Ref) or not isinstance(axis, int):
        return ""
    axis = axis + rank if axis < 0 and rank is not None else axis
    if isinstance(index, int):
        kind = w.kind(data)
        shape = kind.shape if isinstance(kind, TensorType) else None
        length = shape[axis] if shape and axis < len(shape) else None
        is_inside = isinstance(length, int) and -length <= index < length
        if not 0 <= axis <= 3 or not (is_inside or index in (0, -1)):
            return ""  # JAX reads the last element in place of one outside
        return f"{w.argument(data)}[{':, ' * axis}{index}]"
    given = w.argument(index)
    given = f"{jnp(w)}.array({given})" if isinstance(index, tuple) else given
    return f"{jnp(w)}.take({w.argument(data)}, {given}, axis={axis})"


def reduced(method: str) -> Idiom:
    """Return the idiom of a reduction of floats along axes that are known."""

    def idiom(w: CallWriter) -> str:
        axis = w.call.kwargs.get("axis")
        if len(w.call.args) != 1 or w.call.kwargs.keys() - {"axis", "keepdims"}:
            return ""
        return _reduction(w, method, axis, bool(w.call.kwargs.get("keepdims")))

    return idiom


def reduced_by_onnx(method: str) -> Idiom:
    """The same for axes that have elements: what reduces none is another number."""

    def idiom(w: CallWriter) -> str:
        if len(w.call.args) != 2 or w.call.kwargs.keys() - {"keepdims"}:
            return ""
        axes, kind = w.call.args[1], w.kind(w.call.args[0])
        shape = kind.shape if isinstance(kind, TensorType) else None
        if not isinstance(axes, tuple) or shape is None:
            return ""
        known = [
            a for a in axes if isinstance(a, int) and -len(shape) <= a < len(shape)
        ]
        lengths = [shape[axis] for axis in known]
        if len(lengths) != len(axes) or not all(
            isinstance(n, int) and n > 0 for n in lengths
        ):
            return ""
        return _reduction(w, method, axes, bool(w.call.kwargs.get("keepdims", True)))

    return idiom


def _reduction(w: CallWriter, method: str, axis: Argument, keeps: bool) -> str:
    axes = axis if isinstance(axis, tuple) else (axis,)
    if not axes or not all(isinstance(a, int) for a in axes):
        return ""
    x = w.call.args[0]
    if dtype_of(w, x) not in ("float32", "float64") or not isinstance(x, Ref):
        return ""
    given = str(axes[0]) if len(axes) == 1 else str(axes)
    more = options(keepdims="True" if keeps else None)
    return f"{w.argument(x)}.{method}({given}{more})"


def arange(w: CallWriter) -> str:
    """``jnp.arange(t)``: bounds are Python's integers."""
    dtype = w.call.kwargs.get("dtype")
    if w.call.kwargs.keys() - {"dtype"} or not isinstance(dtype, (np.dtype, type)):
        return ""
    given = [*map(w.argument, w.call.args)]
    if np.dtype(dtype) != np.int64:
        given.append(f"dtype={w.argument(dtype)}")
    return f"{jnp(w)}.arange({', '.join(given)})"


def broadcast_to(w: CallWriter) -> str:
    """``jnp.broadcast_to(x, (b, 4))``."""
    x, lengths = w.call.args
    if not isinstance(lengths, tuple) or not lengths:
        return ""
    return f"{jnp(w)}.broadcast_to({w.argument(x)}, {w.argument(lengths)})"


IDIOMS: Mapping[str, Idiom] = {
    "activation.relu": of_floats("relu"),
    "activation_exponential.swish": of_floats("silu"),
    "activation_gelu.gelu": of_floats("gelu", ", approximate=False"),
    "activation_gelu.gelu_tanh": of_floats("gelu"),
    "arithmetic.clip": clip,
    "arrays.arange": arange,
    "arrays.astype": astype,
    "arrays.broadcast_to": broadcast_to,
    "arrays.concatenate": concatenate,
    "arrays.expand_dims": expand_dims,
    "arrays.max": reduced("max"),
    "arrays.maximum": beside_numbers("maximum"),
    "arrays.mean": reduced("mean"),
    "arrays.min": reduced("min"),
    "arrays.minimum": beside_numbers("minimum"),
    "arrays.reshape": reshape,
    "arrays.squeeze": squeeze,
    "arrays.sum": reduced("sum"),
    "arrays.take": take,
    "arrays.transpose": transpose,
    "arrays.where": beside_numbers("where"),
    "casting.cast": astype,
    "indexing.gather": take,
    "reduction.reduce_mean": reduced_by_onnx("mean"),
    "reduction.reduce_sum": reduced_by_onnx("sum"),
    "shape.reshape": reshape_of_onnx,
    "softmax.log_softmax": softmax("log_softmax"),
    "softmax.softmax": softmax("softmax"),
}
"""By the module and the name of the twin."""
