"""A line of Python with colors, as SVG."""

from __future__ import annotations

import io
import keyword
import tokenize
from html import escape

from .svg import Theme


def highlighted(source: str, theme: Theme) -> str:
    """Return a line as ``tspan`` elements and plain text; spaces are kept."""
    parts: list[str] = []
    end = 0
    before = ("", "")
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in (tokenize.NEWLINE, tokenize.NL, tokenize.ENDMARKER):
            continue
        if token.type in (tokenize.INDENT, tokenize.DEDENT):
            continue
        parts.append(source[end : token.start[1]])
        parts.append(_colored(token, before, theme))
        end, before = token.end[1], (before[1], token.string)
    return "".join(parts)


def _colored(token: tokenize.TokenInfo, before: tuple[str, str], theme: Theme) -> str:
    content = escape(token.string, quote=False)
    color = _color(token, before, theme)
    return f'<tspan fill="{color}">{content}</tspan>' if color else content


def _color(
    token: tokenize.TokenInfo, before: tuple[str, str], theme: Theme
) -> str | None:
    if token.type == tokenize.COMMENT or token.string == "...":
        return theme.muted
    if token.type == tokenize.NUMBER:
        return theme.number
    if token.type != tokenize.NAME:
        return None
    if keyword.iskeyword(token.string):
        return theme.keyword
    if before == ("self", ".") or token.string == "self":
        return theme.weight
    if before in (("ops", "."), ("np", ".")) or before[1] == "def":
        return theme.function
    return theme.muted if token.string in ("ops", "np") else None
