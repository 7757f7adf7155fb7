"""Token sequences: repetition blocking, bifurcation detection, word embedding; distances."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from ._ints import as_ints
from ._norm import root
from ._rounding import rounded_once
from .rearrange import unfold_tensor


def ngram_repeat_block(input_ids: Array, scores: Array, *, ngram_size: int) -> Array:
    """Set to -inf the score of every token that would repeat an n-gram.

    Parameters
    ----------
    input_ids : int64[N, S]
        The tokens so far.
    scores : [N, V]
        The score of each possible next token.
    ngram_size : n
    """
    length = input_ids.shape[1]
    if length < ngram_size:
        return scores
    windows = unfold_tensor(input_ids, dim=1, size=ngram_size, step=1)
    last = input_ids[:, None, length - ngram_size + 1 :]
    repeats = jnp.all(windows[..., :-1] == last, -1)
    rows = jnp.arange(scores.shape[0])[:, None]
    blocked = jnp.zeros(scores.shape, bool).at[rows, windows[..., -1]].max(repeats)
    return jnp.where(blocked, -jnp.inf, scores)


def bifurcation_detector(
    src_tokens: Array,
    cur_tokens: Array,
    prev_suffix_match_idx: Array,
    pred_tokens: Array | None = None,
    *,
    min_ngram_size: int,
    max_ngram_size: int,
) -> tuple[Array, Array]:
    """Append predicted tokens up to the first one that differs from the source.

    Parameters
    ----------
    src_tokens : int64[S]
    cur_tokens : int64[C]
    prev_suffix_match_idx : int64[]
        Position in the source at which the prediction begins.
    pred_tokens : int64[S + 1 - prev_suffix_match_idx], optional

    Returns
    -------
    tokens : int64[T]
    suffix_match_idx : int64[]
        Position in the source after the unique occurrence of a suffix of ``tokens``, or -1.
    """
    tokens = cur_tokens
    if pred_tokens is not None:
        rest = src_tokens[as_ints(prev_suffix_match_idx)[0] :]
        same = jnp.cumprod((pred_tokens[:-1] == rest).astype(int))
        tokens = jnp.concatenate([cur_tokens, pred_tokens[: int(same.sum()) + 1]])
    end = -1
    for n in range(min_ngram_size, min(max_ngram_size, len(tokens)) + 1):
        starts = _occurrences(src_tokens, tokens[len(tokens) - n :])
        if not starts.size:
            break
        end = int(starts[0]) + n
        if end >= len(src_tokens):
            break
        if len(starts) > 1:
            end = -1
    return tokens, jnp.full(prev_suffix_match_idx.shape, end, int)


def _occurrences(tokens: Array, ngram: Array) -> Array:
    """Return the positions at which an n-gram begins in ``tokens``."""
    if len(tokens) < len(ngram):
        return tokens[:0]
    windows = unfold_tensor(tokens, dim=0, size=len(ngram), step=1)
    return jnp.flatnonzero(jnp.all(windows == ngram, 1))


@rounded_once
def word_conv_embedding(
    sequence: Array, weight: Array, bias: Array, characters: Array
) -> Array:
    """Embed each word: the maximum of the tanh of a convolution over its characters.

    Parameters
    ----------
    sequence : int32[S, L]
        Characters of S words, 0 after the end.
    weight : [M, 1, K, E]
    bias : [M]
    characters : [V, E]
        Embedding of each character.

    Returns
    -------
    y : [S, M]
        0 for empty words.
    """
    length, width = sequence.shape[1], weight.shape[2]
    word_lengths = jnp.where(sequence[:, 0] > 0, jnp.sum(sequence > 0, 1), 0)
    used = jnp.maximum(word_lengths, width)[:, None, None]
    embedded = jnp.take(characters, sequence, 0)  # [S, L, E]
    embedded = jnp.where(jnp.arange(length)[:, None] < used, embedded, 0)
    windows = unfold_tensor(embedded, dim=1, size=width, step=1)  # [S, W, E, K]
    y = jnp.tanh(jnp.einsum("swek,mke->swm", windows, weight[:, 0]) + bias)
    valid = jnp.arange(length - width + 1)[:, None] <= used - width
    y = jnp.max(jnp.where(valid, y, -1e12), 1)
    return jnp.where(word_lengths[:, None] > 0, y, 0)


@rounded_once
def cdist(a: Array, b: Array, *, squared: bool = False) -> Array:
    """Return the Euclidean distance between each row of ``a`` and each row of ``b``.

    [M, N], [K, N] -> [M, K]; ``squared`` is whether to return the squared distance.
    """
    y = jnp.sum(jnp.square(a[:, None] - b[None]), -1)
    return y if squared else root(y)
