"""What the lines of :mod:`.program_parser` consist of: names, types, arrays, arguments."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

import numpy as np

from .. import kernels
from .program import Expression, Kernel, Ref
from .types import (
    DTYPES,
    Dim,
    MapType,
    OptionalType,
    SequenceType,
    TensorType,
    ValueType,
)

_QUOTED = re.compile(r"`((?:[^`\\]|\\.)*)`|" + r'("(?:[^"\\]|\\.)*")')
_OPEN, _CLOSE = "([{", ")]}"
_CONVERT = {"b": lambda text: text == "True", "c": complex}
_MAKERS: dict[str, Callable[..., Any]] = {
    "float": float,
    "max": partial(Expression, "max"),
    "min": partial(Expression, "min"),
    "slice": slice,
    "type": lambda dtype: dtype.type,
}
_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.FloorDiv: "//",
    ast.Mod: "%",
}
_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


@cache
def kernel_functions() -> dict[str, Callable[..., Any]]:
    """Return all kernels, by name."""
    found = {}
    for info in pkgutil.iter_modules(kernels.__path__, f"{kernels.__name__}."):
        module = importlib.import_module(info.name)
        for name, item in vars(module).items():
            if callable(item) and getattr(item, "__module__", "") == info.name:
                found[name] = item
    return found


@dataclass
class Words:
    """A text without what stands in backticks or quotation marks, and that."""

    functions: Mapping[str, Callable[..., Any]]
    """Those that are neither NumPy's nor kernels."""
    aside: list[str] = field(default_factory=list)
    names: set[int] = field(default_factory=set)
    """Which of them stood in backticks."""

    def without_quoted(self, text: str) -> str:
        """Return a text with ``__0``, ``__1`` ... in place of what is quoted."""
        return _QUOTED.sub(self._put_aside, text)

    def _put_aside(self, match: re.Match[str]) -> str:
        name, string = match.groups()
        if string is None:
            self.names.add(len(self.aside))
            string = f'"{name}"'
        self.aside.append(json.loads(string))
        return f"__{len(self.aside) - 1}"

    def name(self, word: str) -> str:
        """Return the name that a word of a line stands for."""
        word = word.strip()
        if word.startswith("__"):
            return self.aside[int(word[2:])]
        return "" if word == "_" else word

    def listed(self, text: str) -> tuple[str, ...]:
        """Return the names of a list."""
        return tuple(map(self.name, split(text)))

    def labels(self, text: str) -> tuple[str, ...]:
        """Return the labels of nodes that plus signs join."""
        return tuple(map(self.name, text.strip().split(" + "))) if text.strip() else ()

    def type(self, text: str) -> ValueType | None:
        """Return a type, None for ``?``."""
        text = text.strip()
        match = re.fullmatch(r"(\w+)([\[(])(.*)[\])]", text)
        if match is None:
            if text == "?":
                return None
            raise ValueError(f"expected a type, got {text!r}")
        word, bracket, inside = match.groups()
        if bracket == "[":
            dims = None if inside == "..." else tuple(map(self.dim, split(inside)))
            return TensorType(word, dims)
        if word == "map":
            key, value = split(inside)
            return MapType(key, self.type(value))
        element = self.type(inside)
        return SequenceType(element) if word == "sequence" else OptionalType(element)

    def dim(self, text: str) -> Dim:
        """Return the length of an axis: a number, a symbol or None."""
        return (
            None if text == "?" else int(text) if text.isdecimal() else self.name(text)
        )

    def array(self, kind: ValueType | None, text: str) -> np.ndarray:
        """Return an array of that type."""
        assert isinstance(kind, TensorType) and kind.static_shape is not None
        dtype = DTYPES[kind.dtype]
        convert: Any = _CONVERT.get(dtype.kind, float)
        if "int" in kind.dtype:
            convert = int
        elif kind.dtype == "string":
            convert = self.name
        items = [convert(item) for item in split(text[1:-1])]
        return np.array(items, dtype).reshape(kind.static_shape)

    def function(self, path: str) -> Callable[..., Any]:
        """Return the function that a text calls ``np.add``, ``ops.conv`` or otherwise."""
        module, _, name = path.rpartition(".")
        try:
            if module == "ops":
                return kernel_functions()[name]
            return self.functions.get(path) or getattr(
                np, name if module == "np" else path
            )
        except (KeyError, AttributeError):
            raise ValueError(f"expected a function, got {path}") from None

    def value(self, node: ast.expr | None) -> Any:
        """Return an argument: names are references, or the strings that were put aside."""
        if isinstance(node, ast.Name):
            quoted = node.id.startswith("__")
            text = quoted and int(node.id[2:]) not in self.names
            return self.name(node.id) if text else Ref(self.name(node.id))
        if isinstance(node, ast.Tuple):
            return tuple(map(self.value, node.elts))
        if isinstance(node, ast.Slice):
            return slice(*map(self.value, (node.lower, node.upper, node.step)))
        if isinstance(node, ast.Attribute):
            path = ast.unparse(node)
            dtype = DTYPES.get(node.attr) if path.startswith("np.") else None
            return Kernel(self.function(path)) if dtype is None else dtype
        if isinstance(node, ast.UnaryOp):
            return -self.value(node.operand)
        if isinstance(node, ast.BinOp):
            symbol = _OPERATORS[type(node.op)]
            return Expression(symbol, self.value(node.left), self.value(node.right))
        if isinstance(node, ast.Compare):
            symbol = _COMPARISONS[type(node.ops[0])]
            left, right = node.left, node.comparators[0]
            return Expression(symbol, self.value(left), self.value(right))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "partial":
            options = {str(k.arg): self.value(k.value) for k in node.keywords}
            return Kernel(self.function(ast.unparse(node.args[0])), options)
        if isinstance(node, ast.Call):
            return _MAKERS[ast.unparse(node.func)](*map(self.value, node.args))
        return node.value if isinstance(node, ast.Constant) else None


def split(text: str) -> list[str]:
    """Split a list at its commas, but for those in brackets; a last comma ends it."""
    items, depth = [""], 0
    for sign in text:
        depth += (sign in _OPEN) - (sign in _CLOSE)
        if sign == "," and not depth:
            items.append("")
        else:
            items[-1] += sign
    return [item.strip() for item in items if item.strip()]
