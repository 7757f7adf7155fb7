"""Choosing among overlapping boxes."""

from __future__ import annotations

from typing import Any, Union

import numpy as np
from numpy.typing import NDArray

Number = Union[NDArray[Any], float, None]


def non_max_suppression(
    boxes: NDArray[Any],
    scores: NDArray[Any],
    max_output_boxes_per_class: Number = None,
    iou_threshold: Number = None,
    score_threshold: Number = None,
    *,
    center_point_box: bool = False,
) -> NDArray[Any]:
    """Keep the best boxes of each class, without those that overlap a better one.

    Parameters
    ----------
    boxes : [N, B, 4]
        (y, x) of two opposite corners, or with ``center_point_box`` the centre (x, y),
        the width and the height.
    scores : [N, C, B]
    max_output_boxes_per_class : how many to keep at most; none by default
    iou_threshold : intersection over union above which the worse box goes; 0 by default
    score_threshold : boxes must score more than this, if it is given

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
            candidates = np.argsort(-class_scores, kind="stable")
            if score_threshold is not None:
                good = class_scores > np.float32(_number(score_threshold))
                candidates = candidates[good[candidates]]
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
    """Return the boxes to keep, of candidates in falling order of their scores."""
    kept: list[int] = []
    rest = corners[:, candidates]
    while candidates.size and len(kept) < limit:
        kept.append(int(candidates[0]))
        first, rest, candidates = rest[:, :1], rest[:, 1:], candidates[1:]
        sides = np.minimum(rest[2:4], first[2:4]) - np.maximum(rest[:2], first[:2])
        common = sides[0].clip(0) * sides[1].clip(0)
        union = first[4] + rest[4] - common
        overlaps = (common > 0) & (rest[4] > 0) & (first[4] > 0) & (union > 0)
        stays = ~(overlaps & (common / union > threshold))
        rest, candidates = rest[:, stays], candidates[stays]
    return kept
