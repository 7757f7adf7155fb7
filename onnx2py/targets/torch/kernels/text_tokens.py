"""Token sequences: repetition blocking, bifurcation detection; distances."""

from __future__ import annotations

import torch
from torch import Tensor

from ._rounding import rounded_once


def ngram_repeat_block(input_ids: Tensor, scores: Tensor, *, ngram_size: int) -> Tensor:
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
    windows = input_ids.unfold(1, ngram_size, 1)
    last = input_ids[:, None, length - ngram_size + 1 :]
    repeats = (windows[..., :-1] == last).all(-1)
    counts = torch.zeros_like(scores, dtype=torch.int64)
    counts = counts.scatter_add(1, windows[..., -1], repeats.to(torch.int64))
    return torch.where(counts > 0, -torch.inf, scores)


def bifurcation_detector(
    src_tokens: Tensor,
    cur_tokens: Tensor,
    prev_suffix_match_idx: Tensor,
    pred_tokens: Tensor | None = None,
    *,
    min_ngram_size: int,
    max_ngram_size: int,
) -> tuple[Tensor, Tensor]:
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
        rest = src_tokens[int(prev_suffix_match_idx.reshape(-1)[0]) :]
        same = (pred_tokens[:-1] == rest).to(torch.int64).cumprod(0)
        tokens = torch.cat([cur_tokens, pred_tokens[: int(same.sum()) + 1]])
    end = -1
    for n in range(min_ngram_size, min(max_ngram_size, len(tokens)) + 1):
        starts = _occurrences(src_tokens, tokens[len(tokens) - n :])
        if not len(starts):
            break
        end = int(starts[0]) + n
        if end >= len(src_tokens):
            break
        if len(starts) > 1:
            end = -1
    return tokens, torch.full_like(prev_suffix_match_idx, end)


def _occurrences(tokens: Tensor, ngram: Tensor) -> Tensor:
    """Return the positions at which an n-gram begins in ``tokens``."""
    if len(tokens) < len(ngram):
        return tokens[:0]
    return (tokens.unfold(0, len(ngram), 1) == ngram).all(1).nonzero()[:, 0]


@rounded_once
def cdist(a: Tensor, b: Tensor, *, squared: bool = False) -> Tensor:
    """Return the Euclidean distance between each row of ``a`` and each row of ``b``.

    [M, N], [K, N] -> [M, K]; ``squared`` is whether to return the squared distance.
    """
    y = torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist")
    return y.square() if squared else y
