"""Operators on strings."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ..ir.program import Call
from ..kernels import text, text_tokenizer
from ._text_re2 import alternatives, python_pattern
from .context import NodeContext
from .registry import lowers

T = TypeVar("T")


@lowers("StringNormalizer", since=10)
def string_normalizer(node: NodeContext) -> Call:
    """10: the only version."""
    node.ignore("locale")  # all locales of UTF-8 change case alike, but for the Turkic
    return node.call(
        text.string_normalizer,
        node.input(0),
        case_change_action=node.choice(
            "case_change_action", "NONE", ("LOWER", "UPPER", "NONE")
        ),
        is_case_sensitive=bool(node.int("is_case_sensitive", 0)),
        stopwords=node.strings("stopwords", ()),
    )


@lowers("StringConcat", since=20)
def string_concat(node: NodeContext) -> Call:
    """20: the only version."""
    return node.call(text.string_concat, node.input(0), node.input(1))


@lowers("StringSplit", since=20)
def string_split(node: NodeContext) -> Call:
    """20: the only version."""
    return node.call(
        text.string_split,
        node.input(0),
        delimiter=node.string("delimiter", ""),
        maxsplit=node.int("maxsplit", None),
        results=2,
    )


@lowers("RegexFullMatch", since=20)
def regex_full_match(node: NodeContext) -> Call:
    """20: the only version."""
    pattern = _checked(node, "pattern", python_pattern, node.string("pattern"))
    return node.call(text.regex_full_match, node.input(0), pattern=pattern)


@lowers("Tokenizer", domain="com.microsoft")
def tokenize(node: NodeContext) -> Call:
    """1: the only version. The longest match counts; a lone "." or "" means characters."""
    x, mark = node.input(0), bool(node.int("mark"))
    pad_value, mincharnum = node.string("pad_value"), node.int("mincharnum")
    separators, expression = node.strings("separators", ()), node.string("tokenexp", "")
    if separators == ("",) or expression == ".":
        kernel = text_tokenizer.tokenize_characters
        return node.call(kernel, x, mark=mark, pad_value=pad_value)
    if expression:
        return node.call(
            text_tokenizer.tokenize_matches,
            x,
            patterns=_checked(node, "tokenexp", _longest, expression),
            mincharnum=mincharnum,
            mark=mark,
            pad_value=pad_value,
        )
    return node.call(
        text_tokenizer.tokenize_between,
        x,
        separators=tuple(
            _checked(node, "separators", _longest, separator)
            for separator in separators
        ),
        mincharnum=mincharnum,
        mark=mark,
        pad_value=pad_value,
    )


def _longest(pattern: str) -> tuple[str, ...]:
    return alternatives(python_pattern(pattern))


def _checked(
    node: NodeContext, name: str, translate: Callable[[str], T], pattern: str
) -> T:
    try:
        return translate(pattern)
    except ValueError as error:
        raise node.unsupported(f"attribute {name}: {error}") from error
