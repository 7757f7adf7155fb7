"""Choosing among overlapping boxes: numbers worked out by hand."""

import numpy as np
import pytest

from onnx2py.kernels.boxes import non_max_suppression

BOXES = np.array([[[0, 0, 1, 1], [1, 1.5, 0, 0.5], [5, 5, 6, 6]]], np.float32)
SCORES = np.array([[[0.5, 0.9, 0.1]]], np.float32)


@pytest.mark.parametrize(
    "limit, iou, score, expected",
    [
        (9, 0.3, None, [1, 2]),  # boxes 0 and 1 share 0.5 of 1.5
        (9, 1 / 3, None, [1, 0, 2]),  # exactly the threshold is kept
        (9, 0.3, 0.2, [1]),
        (1, 0.5, None, [1]),
        (0, 0.5, None, []),
        (None, None, None, []),
    ],
)
def test_one_class(limit, iou, score, expected):
    y = non_max_suppression(BOXES, SCORES, limit, iou, score)
    assert y.dtype == np.int64 and y.shape == (len(expected), 3)
    assert y.tolist() == [[0, 0, box] for box in expected]


def test_thresholds_may_be_arrays():
    limit, iou = np.array([9]), np.array([0.3], np.float32)
    assert non_max_suppression(BOXES, SCORES, limit, iou).tolist() == [
        [0, 0, 1],
        [0, 0, 2],
    ]


def test_boxes_by_their_centres():
    boxes = np.array([[[0.5, 0.5, 1, 1], [1, 0.5, 1, 1]]], np.float32)
    y = non_max_suppression(boxes, SCORES[..., :2], 9, 0.3, center_point_box=True)
    assert y.tolist() == [[0, 0, 1]]
