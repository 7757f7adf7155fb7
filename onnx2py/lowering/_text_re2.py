"""Regular expressions of RE2, which ONNX means, in the syntax of Python's re."""

from __future__ import annotations

import re

_POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": "!-/:-@[-`{-~".replace("[", r"\["),
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_SAME_ESCAPES = set("abfnrtvdDsSwWBAxu01234567") - set("u")


def python_pattern(pattern: str) -> str:
    """Return the expression of Python's re, with re.ASCII, that means the same.

    Raises
    ------
    ValueError
        If there is none, or the expression is wrong.
    """
    parts, at, in_class = [], 0, False
    while at < len(pattern):
        part, at, in_class = _next(pattern, at, in_class)
        parts.append(part)
    translated = "".join(parts)
    try:
        re.compile(translated, re.ASCII)
    except re.error as error:
        raise ValueError(f"expected a regular expression, got {pattern!r}") from error
    return translated


def _next(pattern: str, at: int, in_class: bool) -> tuple[str, int, bool]:
    """Translate what stands at ``at``; return it, the place behind it, and the state."""
    char = pattern[at]
    if char == "\\":
        return (*_escape(pattern, at), in_class)
    if in_class:
        posix = re.compile(r"\[:(\w+):\]").match(pattern, at)
        if posix and posix[1] in _POSIX:
            return _POSIX[posix[1]], posix.end(), True
        return ("\\[" if char == "[" else char), at + 1, char != "]"
    if char == "[":
        opening = re.compile(r"\[\^?\]?").match(pattern, at)
        text = opening[0] if opening else char
        return text.replace("]", r"\]"), at + len(text), True
    if char == "$":
        return r"\Z", at + 1, False
    if pattern.startswith("(?", at) and not re.match(
        r"\(\?(:|P<|[ims]+[:)])", pattern[at:]
    ):
        raise ValueError(f"group {pattern[at : at + 4]!r} has no counterpart in Python")
    return char, at + 1, False


def _escape(pattern: str, at: int) -> tuple[str, int]:
    char = pattern[at + 1 : at + 2]
    if char == "z":
        return r"\Z", at + 2
    if char == "Q":
        end = pattern.find(r"\E", at)
        end = len(pattern) if end < 0 else end
        return re.escape(pattern[at + 2 : end]), end + 2
    wide = re.compile(r"\\x\{([0-9A-Fa-f]+)\}").match(pattern, at)
    if wide:
        return re.escape(chr(int(wide[1], 16))), wide.end()
    if char.isalnum() and char not in _SAME_ESCAPES:
        raise ValueError(f"escape \\{char} has no counterpart in Python")
    return pattern[at : at + 2], at + 2


def alternatives(pattern: str) -> tuple[str, ...]:
    """Split a translated expression at the bars outside all groups.

    Raises
    ------
    ValueError
        If the longest match may not be the first that Python finds: where there are
        bars inside groups, or quantifiers that take as little as they can.
    """
    parts, depth, at, in_class = [""], 0, 0, False
    while at < len(pattern):
        text, end, in_class = _raw(pattern, at, in_class)
        if not in_class and text == "|":
            if depth:
                raise ValueError("alternatives in a group: the longest is not certain")
            parts.append("")
        else:
            depth += {"(": 1, ")": -1}.get(text, 0) if not in_class else 0
            if text in ("*?", "+?", "??", "}?"):
                raise ValueError(f"quantifier {text}: RE2 takes the longest match here")
            parts[-1] += text
        at = end
    return tuple(parts)


def _raw(pattern: str, at: int, in_class: bool) -> tuple[str, int, bool]:
    char = pattern[at]
    if char == "\\":
        return pattern[at : at + 2], at + 2, in_class
    if in_class:
        return char, at + 1, char != "]"
    if char == "[":
        return char, at + 1, True
    lazy = char in "*+?}" and pattern[at + 1 : at + 2] == "?"
    return (char + "?", at + 2, False) if lazy else (char, at + 1, False)
