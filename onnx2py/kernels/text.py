"""Strings: normalizing, joining, splitting and matching. Tensors of strings hold str."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray


def normalize_strings(
    x: NDArray[Any],
    *,
    case_change_action: str = "NONE",
    is_case_sensitive: bool = False,
    stopwords: Sequence[str] = (),
) -> NDArray[Any]:
    """Drop stop words, then change the case of the others.

    Parameters
    ----------
    x : string[C] or string[1, C]
    case_change_action : "LOWER", "UPPER" or "NONE"
    is_case_sensitive : whether a word must be spelt as the stop word is
    stopwords : the words to drop

    Returns
    -------
    y : string[D] or string[1, D]
        What is left, or one empty string if that is nothing.

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
    """Return a word in "LOWER" or "UPPER" case, character by character.

    Every character has one other case here, as in C: "\u00df" has no upper case.
    """
    if word.isascii():
        return word.lower() if action == "LOWER" else word.upper()
    if action == "LOWER":
        return "".join(c.lower()[0] for c in word)
    cases = ((c.upper(), c.title(), c) for c in word)
    return "".join(next(c for c in case if len(c) == 1) for case in cases)


def concatenate_strings(x: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
    """Return each string of ``x`` followed by that of ``y``; shapes broadcast.

    ONNX: https://onnx.ai/onnx/operators/onnx__StringConcat.html
    """
    return np.asarray(np.add(x.astype(object), y.astype(object)), object)


def split_strings(
    x: NDArray[Any], *, delimiter: str = "", maxsplit: Optional[int] = None
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Split each string at a delimiter, or at white space if that is empty.

    Returns
    -------
    y : string[..., L]
        The parts, and empty strings behind them; L is the greatest number of parts.
    counts : int64[...]
        How many parts each string has.

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


def match_full_strings(x: NDArray[Any], *, pattern: str) -> NDArray[Any]:
    """Return whether each whole string matches a regular expression (of Python's re).

    ONNX: https://onnx.ai/onnx/operators/onnx__RegexFullMatch.html
    """
    matches = re.compile(pattern, re.ASCII).fullmatch
    found = [matches(s) is not None for s in x.ravel().tolist()]
    return np.array(found, np.bool_).reshape(x.shape)
