"""Linear classifiers and regressors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._ml_scores import as_rows, both_scores, pick_labels, transform_scores


def linear_regressor(
    x: NDArray[Any],
    *,
    coefficients: NDArray[np.float32],
    intercepts: NDArray[np.float32] | None = None,
    post_transform: str = "NONE",
) -> NDArray[np.float32]:
    """Return ``x @ coefficients + intercepts``, transformed row by row.

    Parameters
    ----------
    x : [N, F] or [F]
    coefficients : [F, C]
    intercepts : [C], optional
    post_transform : NONE, LOGISTIC, SOFTMAX, SOFTMAX_ZERO or PROBIT

    Returns
    -------
    y : float32[N, C]

    ONNX: https://onnx.ai/onnx/operators/onnx_aionnxml_LinearRegressor.html
    """
    scores = np.matmul(as_rows(x), coefficients)
    if intercepts is not None:
        scores += intercepts
    return transform_scores(scores, post_transform)


def linear_classifier(
    x: NDArray[Any],
    *,
    coefficients: NDArray[np.float32],
    intercepts: NDArray[np.float32] | None = None,
    labels: Sequence[int] | Sequence[str] | NDArray[Any],
    post_transform: str = "NONE",
) -> tuple[NDArray[Any], NDArray[np.float32]]:
    """Return the label of the highest score, and the transformed scores.

    Parameters
    ----------
    x : [N, F] or [F]
    coefficients : [F, C]
    intercepts : [C], optional
    labels : [C]
    post_transform : NONE, LOGISTIC, SOFTMAX, SOFTMAX_ZERO or PROBIT

    Returns
    -------
    label : [N], int64 or strings; of equal scores the first class wins
    scores : float32[N, C]

    ONNX: https://onnx.ai/onnx/operators/onnx_aionnxml_LinearClassifier.html
    """
    scores = linear_regressor(x, coefficients=coefficients, intercepts=intercepts)
    label = pick_labels(labels, scores.argmax(axis=1))
    return label, transform_scores(scores, post_transform)


def linear_binary_classifier(
    x: NDArray[Any],
    *,
    coefficients: NDArray[np.float32],
    intercepts: NDArray[np.float32] | None = None,
    labels: Sequence[int] | Sequence[str] | NDArray[Any],
    post_transform: str = "NONE",
) -> tuple[NDArray[Any], NDArray[np.float32]]:
    """Return the label for a single score s, and the scores ``(1 - s, s)``.

    With LOGISTIC, the scores are the logistic functions of ``(-s, s)``.

    Parameters
    ----------
    x : [N, F] or [F]
    coefficients : [F, 1]
    intercepts : [1], optional
    labels : [2], for s <= 0 and for s > 0
    post_transform : LOGISTIC or NONE

    Returns
    -------
    label : [N], int64 or strings
    scores : float32[N, 2]

    ONNX: https://onnx.ai/onnx/operators/onnx_aionnxml_LinearClassifier.html
    """
    scores = linear_regressor(x, coefficients=coefficients, intercepts=intercepts)
    label = pick_labels(labels, (scores[:, 0] > 0).astype(np.intp))
    return label, both_scores(scores, True, post_transform)
