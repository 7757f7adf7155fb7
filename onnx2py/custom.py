"""Custom operators: a Python function for ``domain::Operator``, copied into the package.

::

    from onnx2py import implements

    @implements("com.example::Scale")
    def scale(x, factor=None, *, alpha=1.0):
        return x * alpha if factor is None else x * factor * alpha

The inputs of the node are the positional arguments, None if absent; its attributes are the
keyword arguments. The function must return an array, or a tuple of ``outputs`` arrays. Its
source is copied into the package with the definitions that it uses from its file. It may
import NumPy, the standard library and ``onnx2py.kernels``, and other modules if users of the
package have them installed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import numpy as np

from .errors import InternalError, OptionError
from .ir.graph import Graph
from .ir.program import Argument, Call
from .lowering.attributes import short_float
from .lowering.context import NodeContext
from .lowering.registry import Rule, Rules, find_rule

Function = TypeVar("Function", bound=Callable[..., Any])

ENTRY_POINTS = "onnx2py.operators"
"""The group of entry points that name modules with operators."""

_MARK = "__onnx2py_operators__"


@dataclass(frozen=True)
class _Operator:
    domain: str
    name: str
    since: int
    outputs: int


def implements(
    operator: str, *, since: int = 1, outputs: int = 1
) -> Callable[[Function], Function]:
    """Register the decorated function as the implementation of an operator.

    Parameters
    ----------
    operator : ``domain::Operator``, or ``Operator`` for ONNX's own domain
    since : the first opset version of the domain to which it applies
    outputs : number of arrays that the function returns, as a tuple if more than one

    Raises
    ------
    OptionError
        If ``operator`` does not have that form.
    """
    match = re.fullmatch(r"(?:(?P<domain>[^:\s]+)::)?(?P<name>[^:\s]+)", operator)
    if match is None or outputs < 1:
        raise OptionError(
            f"implements: expected 'domain::Operator' and at least 1 output, got {operator!r}"
        )
    domain = match["domain"] or ""
    found = _Operator(
        "" if domain == "ai.onnx" else domain, match["name"], since, outputs
    )

    def mark(function: Function) -> Function:
        known = (*getattr(function, _MARK, ()), found)
        setattr(function, _MARK, known)
        return function

    return mark


def rules_with(files: Iterable[str | os.PathLike[str]]) -> Rules:
    """Return the rules of onnx2py, installed operator modules and files; later ones win.

    Raises
    ------
    OptionError
        If a file cannot be imported, or has no operators.
    """
    rules: dict[tuple[str, str], dict[int, Rule]] = {}
    for module, subject in (*_installed(), *_imported(files)):
        marked = {
            id(value): value for value in vars(module).values() if hasattr(value, _MARK)
        }
        if not marked:
            raise OptionError(
                f"{subject}: expected functions with @implements, got none"
            )
        for function in marked.values():
            for each in getattr(function, _MARK):
                if find_rule(each.domain, each.name, each.since) is not None:
                    label = "::".join(filter(None, (each.domain, each.name)))
                    raise OptionError(
                        f"{subject}: {label}: expected an operator that onnx2py does not "
                        "implement, got one that it does"
                    )
                versions = rules.setdefault((each.domain, each.name), {})
                versions[each.since] = _rule(function, each, subject)
    return Rules(rules)


def _rule(function: Callable[..., Any], operator: _Operator, subject: str) -> Rule:
    def rule(node: NodeContext) -> Call:
        options: dict[str, Argument] = {}
        for name, value in node.node.attributes.items():
            node.ignore(name)
            if isinstance(value, Graph):
                raise node.unsupported(f"attribute {name}: expected no subgraph")
            options[name] = _argument(node, name, value)
        results = None if operator.outputs == 1 else operator.outputs
        try:
            return node.call(function, *node.inputs, results=results, **options)
        except InternalError as error:
            reason = str(error).partition(" (this is a bug")[0]
            raise node.unsupported(
                f"it does not match {function.__name__} of {subject}: {reason}"
            ) from None

    return rule


def _argument(node: NodeContext, name: str, value: Any) -> Argument:
    if isinstance(value, np.ndarray):
        return node.weight(name, value)
    if isinstance(value, tuple):
        return tuple(short_float(v) if isinstance(v, float) else v for v in value)
    return short_float(value) if isinstance(value, float) else value


# ---------------------------------------------------------------------- modules


def _imported(
    files: Iterable[str | os.PathLike[str]],
) -> Iterable[tuple[ModuleType, str]]:
    for file in files:
        path = Path(file)
        yield _import(path, f"ops: {path.name}"), path.name


def _installed() -> Iterable[tuple[ModuleType, str]]:
    """Yield the operator modules of installed distributions, sorted by name."""
    for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda e: e.name):
        subject = f"operators {entry.name!r}"
        spec = importlib.util.find_spec(entry.module)
        if spec is None or not spec.origin:
            raise OptionError(f"{subject}: expected a module {entry.module}, got none")
        yield _import(Path(spec.origin), subject), subject


def _import(path: Path, subject: str) -> ModuleType:
    """Import a file as a module of kernels."""
    try:
        source = path.read_bytes()
    except OSError as error:
        raise OptionError(f"{subject}: cannot be read: {error.strerror}") from None
    stem = re.sub(r"\W+", "_", path.stem)
    digest = hashlib.sha256(str(path.resolve()).encode() + source).hexdigest()[:8]
    name = f"onnx2py.kernels.custom_{stem}"
    known = sys.modules.get(name)
    if known is not None and getattr(known, "__digest__", "") == digest:
        return known
    from .emit.kernel_modules import read_module

    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise OptionError(f"{subject}: expected a Python file")
    module = importlib.util.module_from_spec(spec)
    module.__dict__["__digest__"] = digest
    sys.modules[name] = module
    read_module.cache_clear()
    try:
        spec.loader.exec_module(module)
        read_module(name.rpartition(".")[2])
    except Exception as error:
        del sys.modules[name]
        what = str(error).partition(" (this is a bug")[0]
        raise OptionError(f"{subject}: {type(error).__name__}: {what}") from None
    return module
