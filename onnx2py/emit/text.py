"""The filters through which a model's text enters source: ``comment``, ``docstring``, ``markdown``.

The author of a model may be hostile. Text of a model enters a template only through these
filters and ``literal`` (see ``literals``).
"""

from __future__ import annotations

import re
import unicodedata

WIDTH = 88
"""Characters of a line, as black counts them."""
MAX_TEXT = 300
"""Longer text is cut: it would be unreadable and break the layout."""

_PLAIN = re.compile(r"[\w/.:;,+*=<>()\[\]{}@$%&|~^!? -]*", re.ASCII)
_DIRECTIVES = re.compile(
    r"(?i)\b(fmt|type|noqa|pylint|mypy|pyright|isort|ruff|yapf|coding)\b\s*[:=]"
)


def one_line(text: object) -> str:
    """Escape all characters that could end a line or change its direction."""
    given = str(text)
    if given.isascii() and given.isprintable() and "\\" not in given:
        return given if len(given) <= MAX_TEXT else f"{given[:MAX_TEXT]}..."
    characters = []
    for character in given:
        category = unicodedata.category(character)
        printable = character == " " or category[0] not in "CZ"
        if printable and character not in "\\":
            characters.append(character)
        else:
            characters.append(
                character.encode("ascii", "backslashreplace").decode()
                if ord(character) > 127
                else repr(character)[1:-1]
            )
    line = "".join(characters)
    return line if len(line) <= MAX_TEXT else f"{line[:MAX_TEXT]}..."


def comment(text: object) -> str:
    """Return text for a ``#`` comment, on one line, that no tool reads as a directive."""
    return _DIRECTIVES.sub(lambda match: f"{match.group(1)} :", one_line(text))


def docstring(text: object) -> str:
    """Return text for the inside of a triple-quoted string."""
    return one_line(text).replace("\\", "\\\\").replace('"', '\\"')


def markdown(text: object) -> str:
    """Escape text for Markdown: it cannot end a table cell or a code span, or add markup."""
    return re.sub(r"([\\`*_{}\[\]<>()#+!|~&-])", r"\\\1", one_line(text))


def code_span(text: object) -> str:
    """Return text as a Markdown code span, safe in a table."""
    plain = (
        one_line(text)
        .replace("`", "'")
        .replace("|", "/")
        .replace("<", "(")
        .replace(">", ")")
    )
    return f"`{plain}`"
