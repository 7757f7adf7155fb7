"""Strings."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import NodeCase
from ..draw import Draw
from ..registry import Target, generates
from ._types import WORDS

_PATTERNS = (
    *("a", "a*", "a|ab", "(a|b)+", ".", ".*", "", r"\d+\.\d", r"\w+", r"\s?\w", "[^a]*"),
    *("^ab$", "(?i)a", "a{1,2}", r"[[:alpha:]]+", "日本|ß"),
)  # fmt: skip
_SENTENCES = (
    "a b",
    "a,b,,c",
    " a  b ",
    "",
    ",",
    "ab",
    "a, b, c",
    "日 本",
    ",a,",
    "b a b",
)


@generates("StringConcat")
def string_concat(draw: Draw, target: Target) -> NodeCase:
    """Broadcast in both directions."""
    a, b = draw.broadcast_shapes(2, 4)
    return NodeCase([draw.strings(a, WORDS), draw.strings(b, WORDS)])


@generates("RegexFullMatch")
def regex_full_match(draw: Draw, target: Target) -> NodeCase:
    """What RE2 knows."""
    x = draw.strings(draw.shape(0, 3), WORDS)
    return NodeCase([x], {"pattern": draw.one_of(_PATTERNS)})


@generates("StringSplit")
def string_split(draw: Draw, target: Target) -> NodeCase:
    """At white space, or a delimiter of one character or more, all or a few."""
    attributes: dict[str, Any] = {}
    if draw.chance(0.7):
        attributes["delimiter"] = draw.one_of((",", " ", "", ", ", "b"))
    if draw.chance():
        attributes["maxsplit"] = draw.integer(1, 3)
    shape = draw.shape(0, 3, zero=0)
    return NodeCase([draw.strings(shape, _SENTENCES)], attributes, 2)


@generates("StringNormalizer")
def string_normalizer(draw: Draw, target: Target) -> NodeCase:
    """Stop words, capitals; one axis, or two of which the first is 1."""
    count = draw.integer(1, 6)
    words = ("a", "A", "ab", "Ab", "x", "", "1")
    x = draw.strings(draw.one_of(((count,), (1, count))), words)
    # The locale that every system has.
    attributes: dict[str, Any] = {"locale": "C"}
    if draw.chance(0.7):
        attributes["case_change_action"] = draw.one_of(("LOWER", "UPPER", "NONE"))
    if draw.chance():
        attributes["is_case_sensitive"] = draw.integer(0, 1)
    if draw.chance(0.7):
        attributes["stopwords"] = draw.some_of(("a", "Ab", "x", "q"), 1)
    return NodeCase([x], attributes)


@generates("TfIdfVectorizer")
def tfidf(draw: Draw, target: Target) -> NodeCase:
    """Grams of one to three items, with gaps; numbers, or strings."""
    longest = draw.integer(1, 3)
    pool: list[int] = []
    starts = []
    for size in range(1, longest + 1):
        starts.append(len(pool))
        grams = {tuple(draw.rng.integers(0, 4, size)) for _ in range(4)}
        pool += [int(item) for gram in sorted(grams) for item in gram]
    ends = [*starts[1:], len(pool)]
    count = sum((e - s) // (i + 1) for i, (s, e) in enumerate(zip(starts, ends)))
    attributes: dict[str, Any] = {
        "mode": draw.one_of(("TF", "IDF", "TFIDF")),
        "min_gram_length": draw.integer(1, longest),
        "max_gram_length": longest,
        "max_skip_count": draw.integer(0, 3),
        "ngram_counts": starts,
        "ngram_indexes": [int(i) for i in draw.rng.permutation(count)],
    }
    if draw.chance():
        attributes["weights"] = [draw.number(0.1, 3) for _ in range(count)]
    shape: tuple[int, ...] = (draw.integer(1, 9),)
    if draw.chance():
        shape = (draw.integer(1, 3), *shape)
    x = draw.rng.integers(0, 4, shape).astype(draw.one_of(("int64", "int32")))
    if draw.chance(0.4):
        letters = np.array(list("abcd"), object)
        attributes["pool_strings"] = [str(letters[i]) for i in pool]
        return NodeCase([letters[x]], attributes)
    attributes["pool_int64s"] = pool
    return NodeCase([x], attributes)
