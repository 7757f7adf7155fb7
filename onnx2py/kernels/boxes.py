"""Non-maximum suppression of boxes."""

from __future__ import annotations

from typing import Any, Union

import numpy as np
from numpy.typing import NDArray

Number = Union[NDArray[Any], float, None]

_AT_FIRST = 16
"""Number of boxes compared with each other at first; it doubles each time."""
_AT_ONCE = 128
"""Maximum number of boxes compared at once."""


def non_max_suppression(
    boxes: NDArray[Any],
    scores: NDArray[Any],
    max_output_boxes_per_class: Number = None,
    iou_threshold: Number = None,
    score_threshold: Number = None,
    *,
    center_point_box: bool = False,
) -> NDArray[Any]:
    """Select the best boxes of each class; drop those that overlap a better one.

    Parameters
    ----------
    boxes : float32[N, B, 4]
        (y, x) of two opposite corners, or with ``center_point_box`` the center (x, y),
        the width and the height.
    scores : float32[N, C, B]
    max_output_boxes_per_class : maximum number of boxes to keep; 0 by default
    iou_threshold : intersection over union above which the worse box goes; 0 by default
    score_threshold : lower bound (exclusive) of scores, if given

    Returns
    -------
    selected : int64[S, 3]
        Batch, class and box, ordered by batch, class and falling score.

    ONNX: https://onnx.ai/onnx/operators/onnx__NonMaxSuppression.html
    """
    limit = int(_number(max_output_boxes_per_class))
    threshold = np.float32(_number(iou_threshold))
    selected: list[tuple[int, int, int]] = []
    for n in range(len(boxes) if limit > 0 else 0):
        corners = _corners(boxes[n], center_point_box)
        for c, class_scores in enumerate(scores[n]):
            candidates = np.arange(class_scores.size)
            if score_threshold is not None:
                good = class_scores > np.float32(_number(score_threshold))
                candidates = np.flatnonzero(good)
            order = np.argsort(-class_scores[candidates], kind="stable")
            candidates = candidates[order]
            kept = _suppress(corners, candidates, limit, threshold)
            selected.extend((n, c, box) for box in kept)
    return np.array(selected, np.int64).reshape(-1, 3)


def _number(value: Number) -> Any:
    return 0 if value is None else np.ravel(value)[0]


def _corners(boxes: NDArray[Any], center_point_box: bool) -> NDArray[Any]:
    """Return the lower and the upper corner of each box, then its area: [B, 4] -> [5, B]."""
    a, b = boxes[:, :2], boxes[:, 2:]
    if center_point_box:
        half = b / 2
        low, high = a - half, a + half
    else:
        low, high = np.minimum(a, b), np.maximum(a, b)
    area = (high - low).prod(1)
    return np.concatenate([low.T, high.T, area[None]])


def _suppress(
    corners: NDArray[Any], candidates: NDArray[Any], limit: int, threshold: Any
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
            hidden = _overlap(corners[:, kept], boxes, threshold)
            stays = np.asarray(~hidden.any(0))
        apart = ~_overlap(boxes, boxes, threshold)
        for i in np.flatnonzero(stays).tolist():
            if stays[i]:
                kept.append(int(chosen[i]))
                if len(kept) == limit:
                    return kept
                stays &= apart[i]
    return kept


def _overlap(a: NDArray[Any], b: NDArray[Any], threshold: Any) -> NDArray[np.bool_]:
    """Return whether boxes overlap by more than the threshold: [5, A], [5, B] -> [A, B]."""
    a = a[:, :, None]
    b = b[:, None]
    sides = np.minimum(a[2:4], b[2:4]) - np.maximum(a[:2], b[:2])
    common = sides[0].clip(0) * sides[1].clip(0)
    union = a[4] + b[4] - common
    some = (common > 0) & (a[4] > 0) & (b[4] > 0) & (union > 0)
    return np.asarray(some & (common / union > threshold))
