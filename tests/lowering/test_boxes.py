"""Rule of NonMaxSuppression."""

import numpy as np
import pytest

from tests.support import check_against_onnxruntime, lowered


def test_limits_become_literals():
    constants = {"n": np.array([5]), "t": np.array(0.5, np.float32)}
    call = lowered(
        "NonMaxSuppression", ["b", "s", "n", "t"], opset=11, constants=constants
    )
    assert call == "ops.non_max_suppression(b, s, 5, 0.5)"
    call = lowered("NonMaxSuppression", ["b", "s"], opset=10, center_point_box=1)
    assert call == "ops.non_max_suppression(b, s, center_point_box=True)"


@pytest.mark.parametrize("center", [0, 1])
@pytest.mark.parametrize("n, c, b", [(1, 1, 6), (2, 3, 50), (1, 2, 300), (1, 1, 0)])
def test_it_agrees(n, c, b, center):
    random = np.random.default_rng(0)
    boxes = random.uniform(0, 1, (n, b, 4)).astype(np.float32)
    if center:
        boxes[..., 2:] *= 0.3
    scores = random.uniform(0, 1, (n, c, b)).astype(np.float32)
    for limit, iou, score in ((3, 0.5, 0.4), (1000, 0.0, None), (1000, 0.3, 0.4)):
        inputs = [boxes, scores, np.array([limit]), np.array([iou], np.float32)]
        inputs.append(None if score is None else np.array([score], np.float32))
        options = {"center_point_box": center, "opset": 11}
        check_against_onnxruntime("NonMaxSuppression", inputs, **options)


def test_equal_scores_come_in_the_order_of_boxes():
    random = np.random.default_rng(0)
    boxes = random.uniform(0, 1, (1, 40, 4)).astype(np.float32)
    scores = random.integers(0, 4, (1, 2, 40)).astype(np.float32)
    inputs = [boxes, scores, np.array([30]), np.array([0.3], np.float32)]
    check_against_onnxruntime("NonMaxSuppression", inputs, opset=10)
