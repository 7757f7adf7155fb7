"""Token sequences: repetition blocking, bifurcation detection, word embedding."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ._precision import rounded_once


def ngram_repeat_block(
    input_ids: NDArray[Any], scores: NDArray[Any], *, ngram_size: int
) -> NDArray[Any]:
    """Set to -inf the score of every token that would repeat an n-gram.

    Parameters
    ----------
    input_ids : int64[N, S]
        The tokens so far.
    scores : [N, V]
        The score of each possible next token.
    ngram_size : n

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.NGramRepeatBlock
    """
    y = scores.copy()
    length = input_ids.shape[1]
    if length + 1 <= ngram_size or length < ngram_size:
        return y
    for row, ids in zip(y, input_ids):
        windows = sliding_window_view(ids, ngram_size)
        last = ids[length - ngram_size + 1 :]
        repeats = (windows[:, :-1] == last).all(1)
        row[windows[repeats, -1]] = -np.inf
    return y


def bifurcation_detector(
    src_tokens: NDArray[Any],
    cur_tokens: NDArray[Any],
    prev_suffix_match_idx: NDArray[Any],
    pred_tokens: NDArray[Any] | None = None,
    *,
    min_ngram_size: int,
    max_ngram_size: int,
) -> tuple[NDArray[Any], NDArray[Any]]:
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

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.BifurcationDetector
    """
    tokens = cur_tokens
    if pred_tokens is not None:
        rest = src_tokens[int(np.ravel(prev_suffix_match_idx)[0]) :]
        same = np.logical_and.accumulate(pred_tokens[:-1] == rest)
        tokens = np.concatenate([cur_tokens, pred_tokens[: int(same.sum()) + 1]])
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
    return tokens, np.full(prev_suffix_match_idx.shape, end, np.int64)


def _occurrences(tokens: NDArray[Any], ngram: NDArray[Any]) -> NDArray[Any]:
    """Return the positions at which an n-gram begins in ``tokens``."""
    if len(tokens) < len(ngram):
        return np.zeros(0, np.int64)
    return np.flatnonzero((sliding_window_view(tokens, len(ngram)) == ngram).all(1))


@rounded_once
def word_conv_embedding(
    sequence: NDArray[Any],
    weight: NDArray[Any],
    bias: NDArray[Any],
    characters: NDArray[Any],
) -> NDArray[Any]:
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

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.WordConvEmbedding
    """
    count, length = sequence.shape
    width = weight.shape[2]
    word_lengths = np.where(sequence[:, 0] > 0, (sequence > 0).sum(1), 0)
    used = np.maximum(word_lengths, width)
    embedded = characters[sequence]  # [S, L, E]
    embedded[np.arange(length) >= used[:, None]] = 0
    windows = sliding_window_view(embedded, width, axis=1)  # [S, W, E, K]
    columns = windows.swapaxes(2, 3).reshape(count, length - width + 1, -1)
    y = np.tanh(columns @ weight.reshape(len(weight), -1).T + bias)
    valid = np.arange(length - width + 1) <= (used - width)[:, None]
    y = np.where(valid[:, :, None], y, y.dtype.type(-1e12)).max(1)
    return np.asarray(np.where(word_lengths[:, None] > 0, y, y.dtype.type(0)))


@rounded_once
def cdist(a: NDArray[Any], b: NDArray[Any], *, squared: bool = False) -> NDArray[Any]:
    """Return the Euclidean distance between each row of ``a`` and each row of ``b``.

    Parameters
    ----------
    a : [M, N]
    b : [K, N]
    squared : whether to return the squared distance

    Returns
    -------
    c : [M, K]

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.CDist
    """
    # As a product: differences of all pairs would take N times the memory.
    y = (a * a).sum(1)[:, None] - 2 * (a @ b.T) + (b * b).sum(1)
    y = np.maximum(y, y.dtype.type(0))
    return np.asarray(y if squared else np.sqrt(y))
