"""Short twins are written in place of their calls: ``F.elu(x, 0.5)`` for ``ops.elu(x, alpha=0.5)``.

That is the twin itself, so it means the same: a twin that is one call of the library, of its
parameters and numbers, is written with the arguments of the call.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..emit.calls import CallWriter
from ..emit.kernel_modules import read_module
from ..emit.uses import Uses
from ..ir.symbols import Symbol


@dataclass(frozen=True)
class Libraries:
    """What twins call the modules of the library, as ``model.py`` does."""

    names: tuple[str, ...]
    note: Callable[[str, Uses], object]
    """Notes that one of them is read."""
    device: Callable[[Uses], str] | None = None
    """Returns the argument for a parameter ``device``."""


def inlined(writer: CallWriter, libraries: Libraries) -> str:
    """Return the body of the twin that is called, "" if it is no short one."""
    function = writer.call.function
    if not isinstance(function, Symbol):
        return ""
    twin = _twin(function, writer.uses.target.kernels, libraries)
    if isinstance(twin, ast.Attribute):
        args, kwargs = writer.arguments()
        _note(twin, writer, libraries)
        return f"{ast.unparse(twin)}({', '.join([*args, *kwargs])})"
    if twin is None:
        return ""
    given = _bound(twin, writer, libraries)
    body = twin.body[-1]
    assert isinstance(body, ast.Return) and body.value is not None
    if given is None:
        return ""
    found = _Filled(given).visit(deepcopy(body.value))
    reads = {n.id for n in ast.walk(body.value) if isinstance(n, ast.Name)}
    if not _is_call(found, libraries) or not reads <= {*given, *libraries.names}:
        return ""
    _note(found, writer, libraries)
    return ast.unparse(found)


def _bound(
    twin: ast.FunctionDef, writer: CallWriter, libraries: Libraries
) -> dict[str, ast.expr] | None:
    """Return the arguments by the names of parameters, None if they are no simple ones."""
    places = [a.arg for a in twin.args.args]
    call = writer.call
    if twin.args.vararg or twin.args.kwarg or len(call.args) > len(places):
        return None
    given: dict[str, ast.expr] = {}
    pairs = zip(places[::-1], twin.args.defaults[::-1])
    given.update(pairs)
    named = zip(twin.args.kwonlyargs, twin.args.kw_defaults)
    given.update((a.arg, default) for a, default in named if default is not None)
    if "device" in given and libraries.device:
        device = libraries.device(writer.uses)
        given["device"] = ast.parse(device, mode="eval").body
    written = {**dict(zip(places, call.args)), **call.kwargs}
    for name, value in written.items():
        given[name] = ast.parse(writer.argument(value), mode="eval").body
    return given


class _Filled(ast.NodeTransformer):
    """Replaces parameters by arguments, and decides what is then known."""

    def __init__(self, given: dict[str, ast.expr]) -> None:
        self.given = given

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.given.get(node.id, node)

    def visit_IfExp(self, node: ast.IfExp) -> Any:
        test = self.visit(node.test)
        try:
            chosen = bool(_known(test))
        except ValueError:
            return ast.Tuple([], ast.Load())  # no call: it cannot be written in place
        return self.visit(node.body if chosen else node.orelse)


def _known(test: ast.expr) -> Any:
    """Return the value of a comparison of numbers or None.

    Raises
    ------
    ValueError
        If it is something else.
    """
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        raise ValueError
    left, right = test.left, test.comparators[0]
    is_same = isinstance(test.ops[0], (ast.Eq, ast.Is))
    if not isinstance(test.ops[0], (ast.Eq, ast.Is, ast.IsNot, ast.NotEq)):
        raise ValueError
    if not isinstance(right, ast.Constant):
        raise ValueError
    if isinstance(left, ast.Constant):
        equal = left.value == right.value
    elif right.value is None:
        equal = False
    else:
        raise ValueError
    return equal == is_same


def _is_call(node: ast.expr, libraries: Libraries) -> bool:
    """Whether an expression is one call of a function of the library, of simple arguments."""
    if not isinstance(node, ast.Call) or not _is_of_library(node.func, libraries):
        return False
    others = (ast.Call, ast.IfExp, ast.Starred, ast.Lambda, ast.BinOp)
    arguments = [*node.args, *(k.value for k in node.keywords)]
    return not any(isinstance(n, others) for a in arguments for n in ast.walk(a))


def _is_of_library(node: ast.expr, libraries: Libraries) -> bool:
    """Whether an expression is a function of the library: ``jax.nn.relu``."""
    if not isinstance(node, ast.Attribute):
        return False
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id in libraries.names


def _note(node: ast.expr, writer: CallWriter, libraries: Libraries) -> None:
    """Note which modules an expression reads."""
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    for name in libraries.names:
        if name in names:
            libraries.note(name, writer.uses)


@lru_cache(maxsize=None)
def definition_of(twin: Symbol, folder: Path) -> ast.stmt | None:
    """Return the definition of a twin, None if there is none."""
    found = read_module(twin.module, folder).definition(twin.name)
    return ast.parse(found.source).body[0] if found else None


def _twin(twin: Symbol, folder: Path, libraries: Libraries) -> Any:
    """Return a twin of one statement, or another name of a function of the library, else None."""
    node = definition_of(twin, folder)
    if isinstance(node, ast.Assign):
        return node.value if _is_of_library(node.value, libraries) else None
    if not isinstance(node, ast.FunctionDef) or node.decorator_list:
        return None
    body = [s for s in node.body if not _is_docstring(s)]
    single = len(body) == 1 and isinstance(body[0], ast.Return) and body[0].value
    return node if single else None


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
