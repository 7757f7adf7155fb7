"""Comments on statements: the ONNX nodes that the code does not name, and types of results.

K1  A node whose name the line says, or whose name is the exporter's (see ``naming_generic``),
    is not named. Nor is one that nothing computes: ``names.json`` has all of them.
K2  If a node is left, its name and the type stand above the line: ``# query + key -> float32[2]``.
K3  Otherwise the type stands at the end of the line; where there is no room, above it, unless
    it is that of the line before.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Container, Iterator, Sequence

from ..ir.program import Statement
from .names import scopes_of, snake_case, without_repeats
from .naming_generic import has_generic_name, is_generic, parameter_of
from .patterns import pattern
from .text import WIDTH, comment

INDENT = 8
"""Columns in front of the statements of a method."""
_JOINT = "\u00a0"
"""In place of a space where a line must not end; ``comment`` lets none through."""


def named_nodes(
    statement: Statement, dropped: Container[str], scope: str, code: str
) -> list[str]:
    """Return the names of a statement's nodes, below a scope, that say more than the code."""
    words = [f"_{word.lower()}_" for word in re.findall(r"[A-Za-z_]\w*", code)]
    names: dict[str, None] = {}
    for path, operator in _nodes(statement, dropped):
        told = _telling(_below(path, scope))
        spelled = snake_case(re.sub(r"\{[^{}]*\}", "", told))
        word = _without_operator(spelled, operator)
        if spelled and not any(f"_{word}_" in each for each in words):
            names.setdefault(told)
    return list(names)


def _without_operator(word: str, operator: str) -> str:
    """Return ``qkv`` of ``qkv_matmul`` or ``transpose_qkv``: the code says what it does."""
    for each in (operator.lower(), snake_case(operator)):
        word = word.removesuffix(f"_{each}").removeprefix(f"{each}_")
    return word


def remark(
    names: Sequence[str], kinds: Sequence[str], line: str, before: Sequence[str] = ()
) -> tuple[list[str], str]:
    """Return the comment lines above a line of code, and the line with what stands behind it.

    ``before`` are the types of the line before.
    """
    if names:
        return remark_above(names, kinds), line
    types = comment(", ".join(kinds))
    if not types:
        return [], line
    room = WIDTH - INDENT
    whole = f"{line}  # {types}"
    if len(whole) <= room or (len(line) > room and len(types) < room // 2):
        return (
            [],
            whole,
        )  # black divides the long ones: the type comes behind the bracket
    is_told = [*kinds] == [*before] or all(_is_told(kind, line) for kind in kinds)
    indent = line[: len(line) - len(line.lstrip())]
    return [] if is_told else remark_above((), kinds, indent), line


def _is_told(kind: str, line: str) -> bool:
    """Whether a line says a shape, or there is none to say."""
    shape = kind.partition("[")[2].rstrip("])")
    return shape == "..." or f"({shape})" in line


def remark_above(
    names: Sequence[str], kinds: Sequence[str], indent: str = ""
) -> list[str]:
    """Return the comment above a statement; no line of it ends inside a type."""
    types = ", ".join(comment(kind).replace(" ", _JOINT) for kind in kinds)
    parts = [" + ".join(map(comment, names)), types]
    text = " -> ".join(filter(None, parts))
    return wrapped(text, indent) if text else []


def wrapped(text: str, indent: str = "") -> list[str]:
    """Return a comment in lines, none of which ends inside a type."""
    lines = textwrap.wrap(
        text, WIDTH - INDENT, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}#   ",
        break_long_words=True, break_on_hyphens=False,
    )  # fmt: skip
    return [line.replace(_JOINT, " ") for line in lines]


def heading(title: str) -> str:
    """Return the comment above a section."""
    return f"# ---- {comment(title)}"[: WIDTH - INDENT]


def _nodes(statement: Statement, dropped: Container[str]) -> Iterator[tuple[str, str]]:
    """Yield the path of each node that a statement computes, ``module/name``, and its operator.

    One that was moved out of its module belongs to another, whatever its name says.
    """
    labels = [
        *statement.nodes[:1],
        *(n for n in statement.nodes[1:] if n not in dropped),
    ]
    for label in labels:
        name, _, operator = label.rpartition(": ")
        path = name.strip("/")
        if len(labels) == 1 and statement.scopes and "/" in path:
            path = f"{statement.scopes[-1].path}/{path.rpartition('/')[2]}"
        yield path, operator.rpartition(".")[2]


def _below(path: str, scope: str) -> str:
    """Return a path below a scope, of which it may leave out the outer modules."""
    modules, dotted = scope.split("."), path.replace("/", ".")
    outer = (".".join(modules[i:]) + "." for i in range(len(modules)))
    return path[len(next((o for o in outer if dotted.startswith(o)), "")) :]


def _telling(path: str) -> str:
    """Return a path without a name that is the exporter's: an operator, a number."""
    modules, _, last = path.rpartition("/")
    parts = [*modules.replace("/", ".").split("."), "" if _is_noise(last) else last]
    return ".".join(without_repeats(tuple(filter(None, parts))))


def _is_noise(part: str) -> bool:
    """Return whether a name says nothing; of a pattern, whether its first name does not."""
    while (first := re.sub(r"\{([^{},]*)[^{}]*\}", _first, part)) != part:
        part = first
    return part.startswith("node_") or is_generic(part)


def _first(match: re.Match[str]) -> str:
    is_formula = re.fullmatch(r"(\d+-)?(-?\d+\*)?i([+-]\d+)?", match[1])
    return "0" if is_formula else match[1]


def weight_remark(names: Sequence[str], attribute: str) -> list[str]:
    """Return the comment above the line of a weight, see :func:`weight_name`."""
    text = weight_name(names, attribute)
    return wrapped(comment(text)) if text else []


def weight_name(names: Sequence[str], attribute: str) -> str:
    """Return the name of a weight, '' if it is the exporter's or the attribute is called so.

    ``names`` has those of all uses of a block, below its scope.
    """
    is_said = all(_is_said(name, attribute) for name in names)
    return "" if is_said else pattern(names)


def _is_said(name: str, attribute: str) -> bool:
    if has_generic_name(name) or has_generic_name(parameter_of(name) or "x"):
        return True
    spelled = "_".join(scopes_of(name, ""))
    return f"_{spelled}".endswith(f"_{attribute.rstrip('_')}")
