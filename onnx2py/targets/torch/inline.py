"""Short twins are written in place of their calls: ``F.elu(x, 0.5)`` for ``ops.elu(x, alpha=0.5)``.

That is the twin itself, so it means the same: a twin that is one call of PyTorch, of its parameters
and numbers, is written with the arguments of the call.
"""

from __future__ import annotations

import ast
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any

from ...emit.calls import CallWriter
from ...emit.kernel_modules import read_module
from ...ir.symbols import Symbol
from .literals import model_device

LIBRARIES = ("F", "torch")
"""What twins call PyTorch's modules, as ``model.py`` does."""


def inlined(writer: CallWriter) -> str:
    """Return the body of the twin that is called, "" if it is no short one."""
    function = writer.call.function
    if not isinstance(function, Symbol):
        return ""
    twin = _twin(function, writer.uses.target.kernels)
    if isinstance(twin, ast.Attribute):
        args, kwargs = writer.arguments()
        _note(twin, writer)
        return f"{ast.unparse(twin)}({', '.join([*args, *kwargs])})"
    if twin is None:
        return ""
    given = _bound(twin, writer)
    body = twin.body[-1]
    assert isinstance(body, ast.Return) and body.value is not None
    if given is None:
        return ""
    found = _Filled(given).visit(deepcopy(body.value))
    reads = {n.id for n in ast.walk(body.value) if isinstance(n, ast.Name)}
    if not _is_call(found) or not reads <= {*given, *LIBRARIES}:
        return ""
    _note(found, writer)
    return ast.unparse(found)


def _bound(twin: ast.FunctionDef, writer: CallWriter) -> dict[str, ast.expr] | None:
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
    if "device" in given:
        given["device"] = ast.parse(model_device(writer.uses), mode="eval").body
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


def _is_call(node: ast.expr) -> bool:
    """Whether an expression is one call of a function of PyTorch's, of simple arguments."""
    if not isinstance(node, ast.Call):
        return False
    function = node.func
    if not (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and function.value.id in LIBRARIES
    ):
        return False
    others = (ast.Call, ast.IfExp, ast.Starred, ast.Lambda, ast.BinOp)
    arguments = [*node.args, *(k.value for k in node.keywords)]
    return not any(isinstance(n, others) for a in arguments for n in ast.walk(a))


def _note(node: ast.expr, writer: CallWriter) -> None:
    """Note which modules an expression reads."""
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    if "F" in names:
        writer.uses.name("F", "F")
    if "torch" in names:
        writer.uses.library("torch")


@lru_cache(maxsize=None)
def definition_of(twin: Symbol, folder: Path) -> ast.stmt | None:
    """Return the definition of a twin, None if there is none."""
    found = read_module(twin.module, folder).definition(twin.name)
    return ast.parse(found.source).body[0] if found else None


def _twin(twin: Symbol, folder: Path) -> Any:
    """Return a twin of one statement, or another name of a function of PyTorch's, else None."""
    node = definition_of(twin, folder)
    if isinstance(node, ast.Assign):
        value = node.value
        is_torch = isinstance(value, ast.Attribute) and isinstance(
            value.value, ast.Name
        )
        return value if is_torch and value.value.id in LIBRARIES else None  # type: ignore[attr-defined]
    if not isinstance(node, ast.FunctionDef) or node.decorator_list:
        return None
    body = [s for s in node.body if not _is_docstring(s)]
    single = len(body) == 1 and isinstance(body[0], ast.Return) and body[0].value
    return node if single else None


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
