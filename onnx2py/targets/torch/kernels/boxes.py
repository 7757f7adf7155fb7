"""Non-maximum suppression of boxes."""

from __future__ import annotations

from typing import Any, Union

import torch
from torch import Tensor

Number = Union[Tensor, float, None]


def non_max_suppression(
    boxes: Tensor,
    scores: Tensor,
    max_output_boxes_per_class: Number = None,
    iou_threshold: Number = None,
    score_threshold: Number = None,
    *,
    center_point_box: bool = False,
) -> Tensor:
    """Select the best of boxes [N, B, 4] of each class; drop those that overlap a better one.

    Scores are [N, C, B]. The result is int64[S, 3]: batch, class and box, ordered by batch,
    class and falling score.
    """
    limit = int(_number(max_output_boxes_per_class))
    threshold = _number(iou_threshold)
    selected = [torch.zeros((0, 3), dtype=torch.int64, device=boxes.device)]
    for n in range(len(boxes) if limit > 0 else 0):
        corners = _corners(boxes[n], center_point_box)
        for c, class_scores in enumerate(scores[n]):
            order = class_scores.argsort(descending=True, stable=True)
            if score_threshold is not None:
                order = order[class_scores[order] > _number(score_threshold)]
            kept = _boxes_to_keep(corners, order, limit, threshold)
            place = torch.tensor((n, c), device=boxes.device).expand(len(kept), 2)
            selected.append(torch.cat((place, kept[:, None]), 1))
    return torch.cat(selected)


def _number(value: Number) -> Any:
    if isinstance(value, Tensor):
        return value.reshape(-1)[0]
    return 0 if value is None else value


def _corners(boxes: Tensor, center_point_box: bool) -> Tensor:
    """Return the lower and the upper corner of each box, then its area: [B, 4] -> [B, 5]."""
    a, b = boxes[:, :2], boxes[:, 2:]
    if center_point_box:
        low, high = a - b / 2, a + b / 2
    else:
        low, high = torch.minimum(a, b), torch.maximum(a, b)
    return torch.cat((low, high, (high - low).prod(1, keepdim=True)), 1)


def _boxes_to_keep(
    corners: Tensor, order: Tensor, limit: int, threshold: Any
) -> Tensor:
    """Return at most ``limit`` boxes to keep, of boxes in ``order``."""
    kept: list[Tensor] = []
    while len(order) and len(kept) < limit:
        best, order = order[0], order[1:]
        kept.append(best)
        order = order[~_overlaps(corners[best], corners[order], threshold)]
    return torch.stack(kept) if kept else order[:0]


def _overlaps(box: Tensor, others: Tensor, threshold: Any) -> Tensor:
    """Return which others overlap a box by more than the threshold: [5], [B, 5] -> bool[B]."""
    low, high = torch.maximum(box[:2], others[:, :2]), torch.minimum(
        box[2:4], others[:, 2:4]
    )
    common = (high - low).clamp(min=0).prod(1)
    union = box[4] + others[:, 4] - common
    some = (common > 0) & (box[4] > 0) & (others[:, 4] > 0) & (union > 0)
    return some & (common / union > threshold)
