"""Normalization, concatenation, splitting and matching of strings, as arrays of str."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def string_normalizer(
    x: NDArray[Any],
    *,
    case_change_action: str = "NONE",
    is_case_sensitive: bool = False,
    stopwords: Sequence[str] = (),
) -> NDArray[Any]:
    """Remove stop words, then change the case of the others.

    Parameters
    ----------
    x : string[C] or string[1, C]
    case_change_action : "LOWER", "UPPER" or "NONE"
    is_case_sensitive : whether stop words are case-sensitive
    stopwords : the words to remove

    Returns
    -------
    y : string[D] or string[1, D]
        The remaining words, or one empty string if there are none.

    ONNX: https://onnx.ai/onnx/operators/onnx__StringNormalizer.html
    """
    words = x.ravel().tolist()
    if stopwords and is_case_sensitive:
        words = [word for word in words if word not in stopwords]
    elif stopwords:
        folded = "UPPER" if case_change_action == "UPPER" else "LOWER"
        dropped = {change_case(word, folded) for word in stopwords}
        words = [word for word in words if change_case(word, folded) not in dropped]
    if case_change_action != "NONE":
        words = [change_case(word, case_change_action) for word in words]
    return np.array(words or [""], object).reshape(*x.shape[:-1], -1)


def change_case(word: str, action: str) -> str:
    """Convert a word to "LOWER" or "UPPER" case, character by character.

    As in C, one character becomes one character: "\u00df" does not change.
    """
    if word.isascii():
        return word.lower() if action == "LOWER" else word.upper()
    if action == "LOWER":
        return "".join(c.lower()[0] for c in word)
    cases = ((c.upper(), c.title(), c) for c in word)
    return "".join(next(c for c in case if len(c) == 1) for case in cases)


def string_concat(x: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
    """Return each string of ``x`` followed by that of ``y``; shapes broadcast.

    ONNX: https://onnx.ai/onnx/operators/onnx__StringConcat.html
    """
    return np.asarray(np.add(x.astype(object), y.astype(object)), object)


def string_split(
    x: NDArray[Any], *, delimiter: str = "", maxsplit: int | None = None
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Split each string at a delimiter, or at whitespace if that is empty.

    Returns
    -------
    y : string[..., L]
        The parts, padded with empty strings; L is the maximum number of parts.
    counts : int64[...]
        The number of parts of each string.

    ONNX: https://onnx.ai/onnx/operators/onnx__StringSplit.html
    """
    limit = -1 if maxsplit is None else maxsplit
    texts = x.ravel().tolist()
    if not delimiter:
        parts = [text.strip().split(None, limit) for text in texts]
    else:
        parts = [text.split(delimiter, limit) if text else [] for text in texts]
    longest = max(map(len, parts), default=0)
    y = np.full((len(parts), longest), "", object)
    for row, found in zip(y, parts):
        row[: len(found)] = found
    counts = np.array([len(found) for found in parts], np.int64)
    return y.reshape(*x.shape, longest), counts.reshape(x.shape)


def regex_full_match(x: NDArray[Any], *, pattern: str) -> NDArray[Any]:
    """Return whether each whole string matches a regular expression (of Python's re).

    ONNX: https://onnx.ai/onnx/operators/onnx__RegexFullMatch.html
    """
    matches = re.compile(pattern, re.ASCII).fullmatch
    found = [matches(s) is not None for s in x.ravel().tolist()]
    return np.array(found, np.bool_).reshape(x.shape)
