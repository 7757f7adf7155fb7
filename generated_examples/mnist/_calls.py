"""Error state, memory and error messages of the model's calls."""

from __future__ import annotations

import os
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

    Errors are prefixed with the node that caused them, found in ``tools/names.json`` by what
    the line assigns.
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
            path = _path_of(place, model)
            node = _node_at(trace.tb_frame, trace.tb_lineno, path) or node
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
    """Return the attributes that lead to a part of a model, and a dot; none to itself."""
    waiting = [("", whole)]
    for path, holder in waiting:
        if holder is part:
            return f"{path[1:]}." if path else ""
        for name, held in getattr(holder, "__dict__", {}).items():
            if isinstance(held, list):
                waiting += [(f"{path}.{name}.{i}", item) for i, item in enumerate(held)]
            else:
                waiting.append((f"{path}.{name}", held))
    return ""


def _node_at(frame: Any, number: int, path: str) -> str:
    """Return the path of an object and the nodes of its line; '' if it makes no call.

    Without ``tools/``, the value that the line computes stands for the nodes.
    """
    import ast  # slow to import, as are the others, and needed only for errors
    import json
    import linecache

    file, method = frame.f_code.co_filename, frame.f_code.co_name
    scope = "" if method == "__call__" else f"{method.strip('_')}."
    lines = linecache.getlines(file, frame.f_globals)
    try:
        tree = ast.parse("".join(lines))
    except SyntaxError:
        return ""
    names, branch = _assigned(tree, number), _branch(tree, number)
    try:
        place = os.path.join(os.path.dirname(file), "tools", "names.json")
        listed = json.loads(frame.f_globals["__loader__"].get_data(place))
        nodes: dict[str, list[str]] = listed["nodes"]
        views: dict[str, list[str]] = listed["views"]
    except (AttributeError, KeyError, OSError, ValueError):
        nodes, views = {f"{path}{scope}{name}": [name] for name in names[:1]}, {}
    inner = (
        labels
        for name, labels in nodes.items()
        for end in names
        if branch and name.startswith(f"{path}{scope}")
        if name.endswith(f".{branch}.{end}")
    )
    made = (nodes.get(f"{path}{scope}{name}") for name in names)
    labels = next(inner, None) or next(filter(None, made), None)
    kind = type(frame.f_locals.get("self")).__name__
    for view in reversed(views.get(f"{kind}.{scope}{next(iter(names), '')}", [])):
        labels = [*nodes.get(f"{path}{scope}{view}", []), *(labels or [])]
    text = f"{path[:-1]}: " * bool(path) + " + ".join(labels or ())
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text if labels)


def _branch(tree: Any, number: int) -> str:
    """Return which branch of an ``if`` a line is in; '' if it is in none."""
    import ast

    for each in ast.walk(tree):
        if isinstance(each, ast.If):
            for key, block in (("then", each.body), ("else", each.orelse)):
                if any(s.lineno <= number <= (s.end_lineno or 0) for s in block):
                    return key
    return ""


def _assigned(tree: Any, number: int) -> list[str]:
    """Return the values that the innermost statement on a line computes."""
    import ast

    lines = [
        each
        for each in ast.walk(tree)
        if isinstance(each, (ast.Assign, ast.AnnAssign))
        and each.lineno <= number <= (each.end_lineno or each.lineno)
    ]
    parts = [part for each in lines[-1:] for part in ast.walk(each)]
    names = [part for part in parts if isinstance(part, ast.Name)]
    if any(name.id == "check_input" for name in names):
        return []
    return [name.id for name in names if isinstance(name.ctx, ast.Store)]
