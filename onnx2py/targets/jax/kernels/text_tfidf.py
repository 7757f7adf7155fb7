"""Counts of n-grams."""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp
from jax import Array


def tfidf_vectorizer(
    x: Array,
    vocabulary: Array,
    grams: Sequence[Array],
    columns: Sequence[Array],
    weights: Array | None = None,
    *,
    output_size: int,
    max_skip_count: int = 0,
    binary: bool = False,
) -> Array:
    """Count how often each known n-gram occurs in each row.

    The n-grams form a tree. Token i of the vocabulary is 1-gram i; an n-gram is identified
    by one number that combines its (n-1)-gram prefix and its last token.

    Parameters
    ----------
    x : int32 or int64 [C] or [B, C]
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
    """
    rows = x.reshape((1,) * (2 - x.ndim) + x.shape)
    tokens = _positions(vocabulary, rows, jnp.ones(rows.shape, bool))
    counts = jnp.zeros((rows.shape[0], output_size), int)
    counts = _counted(counts, tokens, columns[0])
    size = vocabulary.shape[0]
    for distance in range(1, max_skip_count + 2):
        prefix = tokens
        for codes, targets in zip(grams, columns[1:]):
            last = tokens[:, tokens.shape[1] - prefix.shape[1] + distance :]
            prefix = prefix[:, : last.shape[1]]
            valid = (prefix >= 0) & (last >= 0)
            if codes.size:  # a longer prefix could exceed 32 bits
                valid &= prefix <= codes[-1] // size
            prefix = _positions(codes, prefix * size + last, valid)
            counts = _counted(counts, prefix, targets)
    y = (counts > 0 if binary else counts).astype(jnp.float32)
    if weights is not None:
        y = y * weights
    return y.reshape(*x.shape[:-1], output_size)


def _positions(table: Array, wanted: Array, valid: Array) -> Array:
    """Return the index of each value in a sorted table, -1 if it is missing."""
    if not table.size:
        return jnp.full(wanted.shape, -1)
    table = jnp.asarray(table)
    found = jnp.searchsorted(table, wanted).clip(0, table.size - 1)
    return jnp.where(valid & (table[found] == wanted), found, -1)


def _counted(counts: Array, grams: Array, columns: Array) -> Array:
    """Add 1 in the column of each n-gram that counts."""
    if not columns.size:
        return counts
    column = jnp.where(grams >= 0, jnp.asarray(columns)[grams], -1)
    column = jnp.where(column >= 0, column, counts.shape[1])  # dropped
    rows = jnp.arange(counts.shape[0])[:, None]
    return counts.at[rows, column].add(1, mode="drop")
