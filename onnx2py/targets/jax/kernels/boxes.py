"""Non-maximum suppression of boxes, on the host: it decides the shape of its result."""

from __future__ import annotations

from typing import Any, Union

import jax.numpy as jnp
import numpy as np
from jax import Array

Number = Union[Array, float, None]
Values = np.ndarray[Any, Any]

_AT_FIRST = 16
"""Number of boxes compared with each other at first; it doubles each time."""
_AT_ONCE = 128
"""Maximum number of boxes compared at once."""


def non_max_suppression(
    boxes: Array,
    scores: Array,
    max_output_boxes_per_class: Number = None,
    iou_threshold: Number = None,
    score_threshold: Number = None,
    *,
    center_point_box: bool = False,
) -> Array:
    """Select the best of boxes [N, B, 4] of each class; drop those that overlap a better one.

    Scores are [N, C, B]. The result is int64[S, 3]: batch, class and box, ordered by batch,
    class and falling score.

    Raises
    ------
    jax.errors.TracerArrayConversionError
        If an array is traced.
    """
    limit = int(_number(max_output_boxes_per_class))
    threshold = np.float32(_number(iou_threshold))
    every_box, every_score = np.asarray(boxes), np.asarray(scores)
    selected: list[tuple[int, int, int]] = []
    for n in range(len(boxes) if limit > 0 else 0):
        corners = _corners(every_box[n], center_point_box)
        for c, class_scores in enumerate(every_score[n]):
            candidates = np.arange(class_scores.size)
            if score_threshold is not None:
                good = class_scores > np.float32(_number(score_threshold))
                candidates = np.flatnonzero(good)
            order = np.argsort(-class_scores[candidates], kind="stable")
            kept = _boxes_to_keep(corners, candidates[order], limit, threshold)
            selected.extend((n, c, box) for box in kept)
    return jnp.asarray(selected, int).reshape(-1, 3)


def _number(value: Number) -> Any:
    return 0 if value is None else np.ravel(np.asarray(value))[0]


def _corners(boxes: Values, center_point_box: bool) -> Values:
    """Return the lower and the upper corner of each box, then its area: [B, 4] -> [5, B]."""
    a, b = boxes[:, :2], boxes[:, 2:]
    if center_point_box:
        low, high = a - b / 2, a + b / 2
    else:
        low, high = np.minimum(a, b), np.maximum(a, b)
    return np.concatenate([low.T, high.T, (high - low).prod(1)[None]])


def _boxes_to_keep(
    corners: Values, candidates: Values, limit: int, threshold: Any
) -> list[int]:
    """Return the boxes to keep among candidates sorted by descending score.

    Candidates are compared in groups: with the boxes kept so far, then with each other.
    The first groups are small, because the limit may be small.
    """
    kept: list[int] = []
    start, count = 0, _AT_FIRST
    while start < candidates.size:
        chosen = candidates[start : start + count]
        start, count = start + count, min(2 * count, _AT_ONCE)
        boxes = corners[:, chosen]
        stays = np.ones(chosen.size, np.bool_)
        if kept:
            stays = np.asarray(~_overlaps(corners[:, kept], boxes, threshold).any(0))
        apart = ~_overlaps(boxes, boxes, threshold)
        for i in np.flatnonzero(stays).tolist():
            if stays[i]:
                kept.append(int(chosen[i]))
                if len(kept) == limit:
                    return kept
                stays &= apart[i]
    return kept


def _overlaps(a: Values, b: Values, threshold: Any) -> Values:
    """Return whether boxes overlap by more than the threshold: [5, A], [5, B] -> [A, B]."""
    a, b = a[:, :, None], b[:, None]
    sides = np.minimum(a[2:4], b[2:4]) - np.maximum(a[:2], b[:2])
    common = sides[0].clip(0) * sides[1].clip(0)
    union = a[4] + b[4] - common
    some = (common > 0) & (a[4] > 0) & (b[4] > 0) & (union > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(some & (common / union > threshold))
