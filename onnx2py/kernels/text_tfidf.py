"""Counts of n-grams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def tfidf_vectorizer(
    x: NDArray[Any],
    vocabulary: NDArray[Any],
    grams: Sequence[NDArray[Any]],
    columns: Sequence[NDArray[Any]],
    weights: NDArray[Any] | None = None,
    *,
    output_size: int,
    max_skip_count: int = 0,
    binary: bool = False,
) -> NDArray[Any]:
    """Count how often each known n-gram occurs in each row.

    The n-grams form a tree. Token i of the vocabulary is 1-gram i; an n-gram is identified
    by one number that combines its (n-1)-gram prefix and its last token.

    Parameters
    ----------
    x : string, int32 or int64 [C] or [B, C]
        Tokens.
    vocabulary : [V], sorted
    grams : for n = 2, 3, ...: ``prefix * V + token`` of each n-gram, sorted
    columns : for n = 1, 2, ...: the column that counts each n-gram, or -1 for none
    weights : float32[O], optional
        The factor of each column.
    output_size : O
    max_skip_count : maximum number of tokens between two tokens of an n-gram
    binary : whether to return 1 for every positive count

    Returns
    -------
    y : float32[O] or float32[B, O]

    ONNX: https://onnx.ai/onnx/operators/onnx__TfIdfVectorizer.html
    """
    rows = x.reshape((1,) * (2 - x.ndim) + x.shape)
    if vocabulary.dtype.kind == "U":
        rows = rows.astype(str)
    tokens = _positions(vocabulary, rows, np.ones(rows.shape, np.bool_))
    offsets = np.arange(len(rows))[:, None] * output_size
    hits = [_hits(tokens, columns[0], offsets)]
    for distance in range(1, max_skip_count + 2):
        prefix = tokens
        for codes, targets in zip(grams, columns[1:]):
            last = tokens[:, tokens.shape[1] - prefix.shape[1] + distance :]
            prefix = prefix[:, : last.shape[1]]
            wanted = prefix * len(vocabulary) + last
            prefix = _positions(codes, wanted, (prefix >= 0) & (last >= 0))
            hits.append(_hits(prefix, targets, offsets))
    counts = np.bincount(np.concatenate(hits), minlength=len(rows) * output_size)
    y = (counts > 0 if binary else counts).astype(np.float32)
    y = y.reshape(len(rows), output_size)
    if weights is not None:
        y *= weights
    return y.reshape(*x.shape[:-1], output_size)


def _positions(
    table: NDArray[Any], wanted: NDArray[Any], valid: NDArray[Any]
) -> NDArray[Any]:
    """Return the index of each value in a sorted table, -1 if it is missing."""
    if not table.size:
        return np.full(wanted.shape, -1)
    found = np.searchsorted(table, wanted).clip(0, len(table) - 1)
    return np.asarray(np.where(valid & (table[found] == wanted), found, -1))


def _hits(
    grams: NDArray[Any], columns: NDArray[Any], offsets: NDArray[Any]
) -> NDArray[Any]:
    """Return a flat index into the output for each n-gram that counts."""
    known = grams >= 0
    targets = columns[grams[known]]
    flat = targets + np.broadcast_to(offsets, grams.shape)[known]
    return np.asarray(flat[targets >= 0])
