"""Tokenization of strings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def tokenize_characters(
    x: NDArray[Any], *, mark: bool = False, pad_value: str
) -> NDArray[Any]:
    """Split each string into its characters: string[...] -> string[..., T].

    Parameters
    ----------
    x : string[...]
    mark : whether to put the characters 2 and 3 before and after the characters
    pad_value : padding of shorter rows

    Returns
    -------
    y : string[..., T]
        T is the maximum number of characters, with the marks if there is one.

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.Tokenizer
    """
    return _padded([list(text) for text in x.ravel()], x.shape, mark, pad_value)


def tokenize_matches(
    x: NDArray[Any],
    *,
    patterns: Sequence[str],
    mincharnum: int = 1,
    mark: bool = False,
    pad_value: str,
) -> NDArray[Any]:
    """Find all matches of regular expressions in each string, from left to right.

    Parameters
    ----------
    x : string[...]
    patterns : regular expressions of Python's re; at each position, the longest match wins
    mincharnum : the minimum length of a token, in characters
    mark : whether to put the characters 2 and 3 before and after the tokens
    pad_value : padding of shorter rows

    Returns
    -------
    y : string[..., T]
        T is the maximum number of tokens, with the marks if there is a token.

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.Tokenizer
    """
    compiled = [re.compile(pattern, re.ASCII) for pattern in patterns]
    rows = []
    for text in x.ravel().tolist():
        row, at = [], 0
        while True:
            start, end = _leftmost_longest(compiled, text, at)
            if start < 0:
                break
            long_enough = end - start >= mincharnum
            if long_enough:
                row.append(text[start:end])
            at = end if long_enough and end > start else start + 1
        rows.append(row)
    return _padded(rows, x.shape, mark, pad_value)


def tokenize_between(
    x: NDArray[Any],
    *,
    separators: Sequence[Sequence[str]],
    mincharnum: int = 1,
    mark: bool = False,
    pad_value: str,
) -> NDArray[Any]:
    """Split each string at one separator after another.

    Parameters
    ----------
    x : string[...]
    separators : for each, regular expressions of Python's re; the longest match wins
    mincharnum : the minimum length of a token, in characters
    mark : whether to put the characters 2 and 3 before and after the tokens
    pad_value : padding of shorter rows

    Returns
    -------
    y : string[..., T]
        T is the maximum number of tokens, with the marks if there is a token.

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.Tokenizer
    """
    rows = []
    for text in x.ravel().tolist():
        row = [text]
        for patterns in separators:
            compiled = [re.compile(pattern, re.ASCII) for pattern in patterns]
            pieces = [piece for part in row for piece in _pieces(part, compiled)]
            row = [piece for piece in pieces if len(piece) >= mincharnum]
        rows.append(row)
    return _padded(rows, x.shape, mark, pad_value)


def _pieces(text: str, compiled: list[re.Pattern[str]]) -> list[str]:
    """Return the text between matches; an empty match consumes one character."""
    found: list[str] = []
    at = 0
    while True:
        start, end = _leftmost_longest(compiled, text, at)
        if start < 0:
            return [*found, text[at:]]
        found.append(text[at:start])
        at = end if end > start else start + 1


def _leftmost_longest(
    compiled: list[re.Pattern[str]], text: str, at: int
) -> tuple[int, int]:
    """Return the span of the first match from ``at`` on, or (-1, -1)."""
    if at > len(text):
        return -1, -1
    matches = (pattern.search(text, at) for pattern in compiled)
    spans = [match.span() for match in matches if match]
    return min(spans, key=lambda span: (span[0], -span[1]), default=(-1, -1))


def _padded(
    rows: list[list[str]], shape: tuple[int, ...], mark: bool, pad_value: str
) -> NDArray[Any]:
    """Pad rows to one length, with marks around the tokens if there are any."""
    if not rows:
        return np.zeros((*shape[:-1], 0), object)
    longest = max(map(len, rows))
    if mark and longest:
        rows = [["\x02", *row, "\x03"] for row in rows]
        longest += 2
    y = np.full((len(rows), longest), pad_value, object)
    for target, row in zip(y, rows):
        target[: len(row)] = row
    return y.reshape(*shape, longest)
