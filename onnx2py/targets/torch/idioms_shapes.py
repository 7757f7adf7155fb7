"""Idioms of functions that move elements, make tensors or reduce axes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...emit.calls import CallWriter
from ...ir.program import Argument, Expression, Ref
from ..idioms import Idiom, dtype_of, is_tensor, options, rank_of, shape_of, text
from .idioms_text import device, torch
from .literals import FLOATS, MOVED


def reshape(w: CallWriter) -> str:
    """``x.reshape(b, t, 4, 32)``: no length stands for one of the input."""
    x, lengths = w.call.args
    if w.call.kwargs or not is_tensor(x) or not isinstance(lengths, tuple):
        return ""
    return f"{w.argument(x)}.reshape({', '.join(map(w.argument, lengths)) or '()'})"


def reshape_of_onnx(w: CallWriter) -> str:
    """The same where all lengths are numbers: 0 would be the length of the input."""
    lengths = w.call.args[1]
    is_known = isinstance(lengths, tuple) and all(isinstance(n, int) for n in lengths)
    zero_is_length = w.call.kwargs == {"allowzero": True}
    if not is_known or not isinstance(lengths, tuple):
        return ""
    if 0 in lengths and not zero_is_length:
        return ""
    return f"{text(w, 0)}.reshape({', '.join(map(w.argument, lengths)) or '()'})"


def transpose(w: CallWriter) -> str:
    """``x.transpose(1, 2)`` if two axes change places, else ``x.permute(0, 2, 3, 1)``."""
    x, axes = (*w.call.args, None)[:2]
    if w.call.kwargs or not is_tensor(x) or not isinstance(axes, tuple) or not axes:
        return ""
    if not all(isinstance(a, int) and a >= 0 for a in axes):
        return ""
    moved = [place for place, axis in enumerate(axes) if place != axis]
    if len(moved) == 2:
        return f"{w.argument(x)}.transpose({moved[0]}, {moved[1]})"
    return f"{w.argument(x)}.permute({', '.join(map(str, axes))})"


def unsqueeze(w: CallWriter) -> str:
    """``x.unsqueeze(1)``; of several axes, ``x[:, None, None]``."""
    axis = w.call.kwargs.get("axis")
    axes = axis if isinstance(axis, tuple) else (axis,)
    numbers = [n for n in axes if isinstance(n, int)]
    if not is_tensor(w.call.args[0]) or len({*numbers}) != len(axes) or not numbers:
        return ""
    if len(numbers) == 1:
        return f"{text(w, 0)}.unsqueeze({numbers[0]})"
    if min(numbers) < 0 <= max(numbers) or max(map(abs, numbers)) > 8:
        return ""
    if min(numbers) >= 0:
        places = range(max(numbers) + 1)
        parts = ["None" if place in numbers else ":" for place in places]
    else:
        parts = [
            "...",
            *("None" if p in numbers else ":" for p in range(min(numbers), 0)),
        ]
    return f"{text(w, 0)}[{', '.join(parts)}]"


def squeeze(w: CallWriter) -> str:
    """``x.squeeze(1)``, where the type says that the axis has length 1."""
    axis = w.call.kwargs.get("axis")
    axes = axis if isinstance(axis, tuple) else (axis,)
    shape = shape_of(w, w.call.args[0])
    if shape is None or not is_tensor(w.call.args[0]):
        return ""
    if not all(isinstance(a, int) and -len(shape) <= a < len(shape) for a in axes):
        return ""
    if any(shape[a] != 1 for a in axes if isinstance(a, int)) or not axes:
        return ""
    return f"{text(w, 0)}.squeeze({axes[0] if len(axes) == 1 else axes})"


def concatenate(w: CallWriter) -> str:
    """``torch.cat((a, b), dim=1)``."""
    (parts,) = w.call.args
    kinds = {dtype_of(w, p) for p in parts} if isinstance(parts, tuple) else set()
    if len(kinds) != 1 or not kinds <= MOVED:
        return ""
    axis = w.call.kwargs.get("axis", 0)
    return f"{torch(w)}.cat({w.argument(parts)}, dim={w.argument(axis)})"


def take(w: CallWriter) -> str:
    """``x[:, 0]``, ``table[ids]``: of an axis that is known, by a number or a tensor."""
    data, index = w.call.args
    axis, rank = w.call.kwargs.get("axis", 0), rank_of(w, data)
    if not is_tensor(data) or not isinstance(axis, int):
        return ""
    if axis < 0:
        if rank is None:
            return ""
        axis += rank
    is_number = isinstance(index, int) and not isinstance(index, bool)
    if isinstance(index, Ref):
        is_list = (rank_of(w, index) or 0) >= 1 and dtype_of(w, index) in (
            "int32",
            "int64",
        )
        if not is_list or w.number(index) is not None or dtype_of(w, data) not in MOVED:
            return ""
    elif not is_number:
        return ""
    if not 0 <= axis <= 3:
        return ""
    return f"{w.argument(data)}[{':, ' * axis}{w.argument(index)}]"


def reduced(method: str) -> Idiom:
    """Return the idiom of a reduction of floats along axes that are known."""

    def idiom(w: CallWriter) -> str:
        axis = w.call.kwargs.get("axis")
        if len(w.call.args) != 1 or w.call.kwargs.keys() - {"axis", "keepdims"}:
            return ""
        keeps = "True" if w.call.kwargs.get("keepdims") else None
        return _reduction(w, method, axis, keeps)

    return idiom


def reduced_by_onnx(method: str) -> Idiom:
    """The same for axes that have elements: what reduces none is another number."""

    def idiom(w: CallWriter) -> str:
        if len(w.call.args) != 2 or w.call.kwargs.keys() - {"keepdims"}:
            return ""
        axes, shape = w.call.args[1], shape_of(w, w.call.args[0])
        if not isinstance(axes, tuple) or shape is None:
            return ""
        lengths = [
            shape[a]
            for a in axes
            if isinstance(a, int) and -len(shape) <= a < len(shape)
        ]
        if len(lengths) != len(axes) or not all(
            isinstance(n, int) and n > 0 for n in lengths
        ):
            return ""
        keeps = "True" if w.call.kwargs.get("keepdims", True) else None
        return _reduction(w, method, axes, keeps)

    return idiom


def _reduction(w: CallWriter, method: str, axis: Argument, keeps: str | None) -> str:
    axes = axis if isinstance(axis, tuple) else (axis,)
    if not axes or not all(isinstance(a, int) for a in axes):
        return ""
    x = w.call.args[0]
    if dtype_of(w, x) not in FLOATS or not is_tensor(x):
        return ""
    place = axes[0] if len(axes) == 1 else axes
    return f"{w.argument(x)}.{method}({place}{options(keepdim=keeps)})"


def made(name: str) -> Idiom:
    """Return the idiom of ``zeros``, ``ones`` or ``full`` of lengths that are known."""

    def idiom(w: CallWriter) -> str:
        lengths, *value = w.call.args
        dtype = w.call.kwargs.get("dtype")
        if not isinstance(lengths, tuple) or not isinstance(dtype, (np.dtype, type)):
            return ""
        given = [w.argument(lengths), *map(w.argument, value)]
        given.append(f"dtype={w.argument(dtype)}")
        return f"{torch(w)}.{name}({', '.join([*given, device(w)])})"

    return idiom


def arange(w: CallWriter) -> str:
    """``torch.arange(n, device=self.device)``: bounds are Python's integers.

    PyTorch refuses bounds in the wrong order, where NumPy's result is empty.
    """
    dtype = w.call.kwargs.get("dtype")
    if w.call.kwargs.keys() - {"dtype"} or not isinstance(dtype, (np.dtype, type)):
        return ""
    if not _ascends(w, *w.call.args):
        return ""
    given = list(map(w.argument, w.call.args))
    if np.dtype(dtype) != np.int64:
        given.append(f"dtype={w.argument(dtype)}")
    return f"{torch(w)}.arange({', '.join([*given, device(w)])})"


def _ascends(w: CallWriter, *bounds: Argument) -> bool:
    """Whether ``np.arange(*bounds)`` counts up, from a number to one that is not less."""
    start, stop, *step = bounds if len(bounds) > 1 else (0, *bounds)
    if step and not (isinstance(step[0], int) and step[0] > 0):
        return False
    if isinstance(stop, Expression) and (stop.operator, stop.left) == ("+", start):
        return _is_length(w, stop.right)
    if isinstance(stop, Expression) and (stop.operator, stop.right) == ("+", start):
        return _is_length(w, stop.left)
    if isinstance(start, int) and isinstance(stop, int):
        return start <= stop
    return isinstance(start, int) and start <= 0 and _is_length(w, stop)


def _is_length(w: CallWriter, value: Argument) -> bool:
    """Whether a number is not negative: it is made of lengths, without a difference."""
    if isinstance(value, int):
        return value >= 0
    if isinstance(value, Expression):
        sides = _is_length(w, value.left) and _is_length(w, value.right)
        return sides and value.operator in ("+", "*", "//", "min", "max")
    made = w.operands.maker(value) if w.operands and isinstance(value, Ref) else None
    return not isinstance(made, Expression) or _is_length(w, made)


def array(w: CallWriter) -> str:
    """``torch.tensor([b, t], device=self.device)``: lengths as a tensor."""
    items, dtype = (*w.call.args, None)[0], w.call.kwargs.get("dtype")
    if not isinstance(items, tuple) or not isinstance(dtype, (np.dtype, type)):
        return ""
    given = [f"[{', '.join(map(w.argument, items))}]"]
    if np.dtype(dtype) != np.int64 or not items:
        given.append(f"dtype={w.argument(dtype)}")
    return f"{torch(w)}.tensor({', '.join([*given, device(w)])})"


def split(w: CallWriter) -> str:
    """``x.split((64, 32), dim=1)``, or ``x.chunk(3, dim=-1)``, of a length that is known."""
    if len(w.call.args) != 2 or w.call.kwargs.keys() - {"axis"}:
        return ""
    lengths, axis = w.call.args[1], w.call.kwargs.get("axis", 0)
    shape = shape_of(w, w.call.args[0])
    if not isinstance(lengths, tuple) or shape is None or not isinstance(axis, int):
        return ""
    numbers = [n for n in lengths if isinstance(n, int)]
    fits = -len(shape) <= axis < len(shape) and len(numbers) == len(lengths) > 0
    if not fits or shape[axis] != sum(numbers) or not is_tensor(w.call.args[0]):
        return ""
    if len({*numbers}) == 1 and numbers[0] > 0:
        return f"{text(w, 0)}.chunk({len(numbers)}, dim={axis})"
    return f"{text(w, 0)}.split({w.argument(lengths)}, dim={axis})"


def broadcast_to(w: CallWriter) -> str:
    """``x.expand(b, 4)``."""
    x, lengths = w.call.args
    if not is_tensor(x) or not isinstance(lengths, tuple) or not lengths:
        return ""
    return f"{w.argument(x)}.expand({', '.join(map(w.argument, lengths))})"


SHAPES: Mapping[str, Idiom] = {
    "arrays.arange": arange,
    "arrays.array": array,
    "arrays.broadcast_to": broadcast_to,
    "arrays.concatenate": concatenate,
    "arrays.expand_dims": unsqueeze,
    "arrays.full": made("full"),
    "arrays.max": reduced("amax"),
    "arrays.mean": reduced("mean"),
    "arrays.min": reduced("amin"),
    "arrays.ones": made("ones"),
    "arrays.reshape": reshape,
    "arrays.squeeze": squeeze,
    "arrays.sum": reduced("sum"),
    "arrays.take": take,
    "arrays.transpose": transpose,
    "arrays.zeros": made("zeros"),
    "indexing.gather": take,
    "reduction.reduce_mean": reduced_by_onnx("mean"),
    "reduction.reduce_sum": reduced_by_onnx("sum"),
    "shape.reshape": reshape_of_onnx,
    "slicing.split": split,
}
