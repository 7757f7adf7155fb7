"""Error state, memory and error messages of the model's calls."""

from __future__ import annotations

from functools import wraps
from typing import Any, Callable, TypeVar, cast

import numpy as np

Function = TypeVar("Function", bound=Callable[..., Any])


def reuse_memory() -> None:
    """Ask glibc to reuse memory freed by one call in the next, for the rest of the process.

    By default glibc returns large blocks to the system, which clears their pages again in
    every call: 10% to 30% of its time. Freeing one block of this size raises glibc's
    threshold. The second block is where later calls allocate; NumPy requests huge pages
    for it, which are faster to clear: 10% of a first call. Nothing is written to either
    block. Other C libraries are unaffected.
    """
    for _ in range(2):
        np.empty(31 << 20, np.uint8)


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
