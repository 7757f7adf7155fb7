"""Error state, memory and error messages of the model's calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import wraps
from typing import Any, Callable, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

Function = TypeVar("Function", bound=Callable[..., Any])
Value = TypeVar("Value")


def as_array(value: Any) -> NDArray[Any]:
    """Turn a NumPy scalar into a 0-d array; return anything else unchanged."""
    array: NDArray[Any] = np.asarray(value) if isinstance(value, np.generic) else value
    return array


def own(value: Value, *held: Any) -> Value:
    """Return an output that the caller may modify.

    It is copied if it shares memory with ``held``: weights, inputs, other outputs.
    """
    result: Any = value
    if isinstance(result, np.ndarray):
        others = _arrays(held)
        if not result.flags.writeable or any(_overlap(result, a) for a in others):
            result = result.copy()
    elif isinstance(result, list):
        result = _own_items(result, {id(_memory(a)) for a in _arrays(held)})
    elif isinstance(result, dict):
        result = dict(result)
    return cast(Value, result)


def _own_items(items: list[Any], taken: set[int]) -> list[Any]:
    """Copy the items of a sequence whose memory is in ``taken`` or shared with another item."""
    result: list[Any] = []
    for item in items:
        if isinstance(item, np.ndarray):
            memory = id(_memory(item))
            fresh = memory not in taken and item.flags.writeable
            taken.add(memory)
            result.append(item if fresh else item.copy())
        else:
            result.append(
                _own_items(item, taken) if isinstance(item, list) else own(item)
            )
    return result


def _arrays(values: Iterable[Any]) -> Iterator[NDArray[Any]]:
    """Yield the arrays among ``values``, including those in sequences."""
    for value in values:
        if isinstance(value, np.ndarray):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from _arrays(value)


def _overlap(a: NDArray[Any], b: NDArray[Any]) -> bool:
    """Return whether two arrays share an element; True where the check would take long."""
    effort: Any = 100  # NumPy's annotation allows only two constants
    return np.may_share_memory(a, b, max_work=effort)


def _memory(array: NDArray[Any]) -> Any:
    """Return the object whose memory an array is a view of."""
    memory: Any = array
    while getattr(memory, "base", None) is not None:
        memory = memory.base
    return memory


def quiet(function: Function) -> Function:
    """Silence NumPy's floating-point warnings: in ONNX, 1 / 0 is inf.

    Errors are prefixed with the node that caused them, taken from the comment above its call.
    """

    @wraps(function)
    def wrapper(model: Any, /, *args: Any, **kwargs: Any) -> Any:
        with np.errstate(all="ignore"):
            try:
                return function(model, *args, **kwargs)
            except Exception as error:
                named = _with_node(error, model, function.__module__)
                if named is error:
                    raise
                raise named from error

    return cast(Function, wrapper)


def _with_node(error: Exception, model: object, module: str) -> Exception:
    """Return the error with the node in its message, unchanged if no node caused it."""
    node, trace = "", error.__traceback__
    while trace is not None:
        place = trace.tb_frame.f_locals.get("self")
        if place is model or type(place).__module__ == module:
            above = _comment_above(trace.tb_frame, trace.tb_lineno)
            node = f"{_path_of(place, model)}{above}" if above else node
        trace = trace.tb_next
    if not node:
        return error
    text, given = f"{node}: {error}", error.args
    error.args = (text,)
    if str(error) == text or isinstance(error, KeyError):
        return error
    error.args = given  # the class builds its own message
    numpy_kinds = type(error).__mro__ if "numpy" in type(error).__module__ else ()
    for kind in numpy_kinds:
        try:
            named: Exception = kind(text)
        except TypeError:
            continue
        if str(named) == text:
            return named
    return error


def _path_of(part: object, whole: object) -> str:
    """Return the attributes that lead to a part of a model, and a colon; none to itself."""
    waiting = [("", whole)]
    for path, holder in waiting:
        if holder is part:
            return f"{path[1:]}: " if path else ""
        for name, held in getattr(holder, "__dict__", {}).items():
            if isinstance(held, list):
                waiting += [(f"{path}.{name}.{i}", item) for i, item in enumerate(held)]
            else:
                waiting.append((f"{path}.{name}", held))
    return ""


def _comment_above(frame: Any, number: int) -> str:
    """Return the comment above the statement on a line, without the type after its arrow."""
    import linecache  # slow to import, and needed only for errors

    lines = linecache.getlines(frame.f_code.co_filename, frame.f_globals)
    comment: list[str] = []
    for line in map(str.strip, reversed(lines[: number - 1])):
        if line.startswith("#"):
            comment.insert(0, line[1:].strip())
        elif comment or not line:
            break
    return " ".join(comment).partition(" -> ")[0]
