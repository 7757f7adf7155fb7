"""TfIdfVectorizer: its pool becomes a tree of sorted tables."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ir.program import Argument, Call
from ..kernels import text_tfidf
from .context import NodeContext
from .registry import lowers


@lowers("TfIdfVectorizer", since=9)
def tf_idf_vectorizer(node: NodeContext) -> Call:
    """9: the only version."""
    strings, integers = node.strings("pool_strings", ()), node.ints("pool_int64s", ())
    mode = node.choice("mode", "", ("TF", "IDF", "TFIDF"))
    indexes, weights = node.ints("ngram_indexes"), node.floats("weights", ())
    lengths = (node.int("min_gram_length"), node.int("max_gram_length"))
    pool: tuple[Any, ...] = strings or integers
    grams = _ngrams(pool, node.ints("ngram_counts"), indexes, lengths)
    vocabulary, codes, columns = _tree(grams, lengths[1])
    size = max(indexes) + 1
    factors: Argument = None
    if weights and mode != "TF":
        table = np.zeros(size, np.float32)
        table[list(indexes)] = weights
        factors = node.weight("weights", table)
    words = np.array(vocabulary, str if strings else np.int64)
    return node.call(
        text_tfidf.tfidf_vectorizer,
        node.input(0),
        node.weight("vocabulary", words),
        tuple(node.weight(f"grams_{n}", t) for n, t in enumerate(codes, 2)),
        tuple(node.weight(f"columns_{n}", t) for n, t in enumerate(columns, 1)),
        factors,
        output_size=size,
        max_skip_count=node.int("max_skip_count"),
        binary=mode == "IDF",
    )


def _ngrams(
    pool: tuple[Any, ...],
    starts: tuple[int, ...],
    indexes: tuple[int, ...],
    lengths: tuple[int, int],
) -> dict[tuple[Any, ...], int]:
    """Return the column of each n-gram whose length is wanted."""
    found, index = {}, 0
    for n, (start, end) in enumerate(zip(starts, (*starts[1:], len(pool))), 1):
        for at in range(start, end, n):
            if lengths[0] <= n <= lengths[1]:
                found[tuple(pool[at : at + n])] = indexes[index]
            index += 1
    return found


def _tree(
    grams: dict[tuple[Any, ...], int], longest: int
) -> tuple[list[Any], list[np.ndarray], list[np.ndarray]]:
    """Return the sorted vocabulary, and each level's codes and columns."""
    vocabulary = sorted({token for gram in grams for token in gram})
    ids = {token: i for i, token in enumerate(vocabulary)}
    level: dict[tuple[int, ...], int] = {(i,): i for i in range(len(vocabulary))}
    named = {tuple(ids[token] for token in gram): c for gram, c in grams.items()}
    codes: list[np.ndarray] = []
    columns = [np.array([named.get(key, -1) for key in level], np.int64)]
    for n in range(2, min(longest, max(map(len, grams), default=1)) + 1):
        prefixes = {key[:n] for key in named if len(key) >= n}
        table = {level[p[:-1]] * len(vocabulary) + p[-1]: p for p in prefixes}
        ordered = sorted(table)
        codes.append(np.array(ordered, np.int64))
        level = {table[code]: i for i, code in enumerate(ordered)}
        columns.append(np.array([named.get(key, -1) for key in level], np.int64))
    return vocabulary, codes, columns
