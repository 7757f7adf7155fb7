"""Formatting of generated source by black, which also proves that it parses."""

from __future__ import annotations

import itertools
import re
from functools import lru_cache

from black import format_file_contents
from black.mode import Mode, TargetVersion
from black.parsing import InvalidInput
from black.report import NothingChanged

from ..errors import InternalError
from .text import WIDTH

INDENT = 8 * " "
"""Indentation of a method's body."""

_MODE = Mode(target_versions={TargetVersion.PY39}, line_length=WIDTH)
_NOTE = re.compile(r"[!-~](?:[ -~]*[!-~])?", re.ASCII)
_NAMES = r"[a-z_][\w.]*(?:, [a-z_][\w.]*)*"
_SETTLED = re.compile(
    rf"{INDENT}(?!.*(?:\( | [,) ]|,[^ )]))(?:"  # no space where black has none
    r"# [!-~](?:[ -~]*[!-~])?|"
    rf"del {_NAMES}|"
    rf"{_NAMES}(?:: NDArray\[np\.\w+\])? = [\w.]+"
    r"(?:\([\w., =()-]*\)|\[(?!.*(?:\w\.\w[^,]*:|:[^,]*\w\.\w))[\w., :]*\]))",
    re.ASCII,
)
"""Lines: comments, and assignments of what calls of names and numbers return, as we write them."""


@lru_cache(maxsize=512)  # the files that many packages share are laid out once
def format_source(path: str, source: str, *, laid_out: bool = False) -> str:
    """Format Python source with black; return it unchanged if it is ``laid_out``.

    Raises
    ------
    InternalError
        If it is not valid Python.
    """
    try:
        formatted = source if laid_out else _by_black(source)
        compile(formatted, path, "exec", dont_inherit=True)
    except (InvalidInput, SyntaxError, ValueError) as error:
        raise InternalError(
            f"{path}: generated source does not parse: {error}"
        ) from error
    return formatted


def _by_black(source: str) -> str:
    short, settled = _without_settled(source)
    try:
        formatted = str(format_file_contents(short, fast=True, mode=_MODE))
    except NothingChanged:
        formatted = short
    return re.sub(
        r"^ *_settled_*\((\d+)\)$",
        lambda m: settled.get(m[0], m[0]),
        formatted,
        flags=re.M,
    )


def _without_settled(source: str) -> tuple[str, dict[str, str]]:
    """Replace statements that black would not change by a call; return the statements.

    Of thousands of statements most are such, and black takes more time than all else.
    """
    name = "_settled"
    while name in source:
        name += "_"
    found: dict[str, str] = {}
    parts: list[str] = []
    for is_settled, lines in itertools.groupby(source.split("\n"), _is_settled):
        text = "\n".join(lines)
        if is_settled:
            call = f"{INDENT}{name}({len(found)})"
            found[call], text = text, call
        parts.append(text)
    return "\n".join(parts), found


def _is_settled(line: str) -> bool:
    code, mark, note = line.partition("  # ")
    if len(line) > WIDTH or (mark and not _NOTE.fullmatch(note)):
        return False
    return _SETTLED.fullmatch(code) is not None
