"""Support vector machines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._ml_scores import as_rows, both_scores, pick_labels, transform_scores

_FEW_ROWS = 8


def svm_regressor(
    x: NDArray[Any],
    *,
    coefficients: NDArray[np.float64],
    rho: float,
    support_vectors: NDArray[np.float64] | None = None,
    kernel_type: str = "LINEAR",
    kernel_params: Sequence[float] = (0.0, 0.0, 0.0),
    one_class: bool = False,
) -> NDArray[np.float32]:
    """Return the weighted sum of the kernels of a row and all support vectors, plus rho.

    Parameters
    ----------
    x : [N, F] or [F]
    coefficients : [V], or [F] without support vectors
    support_vectors : [V, F]; without them, the model is linear
    kernel_type, kernel_params : see ``svm_kernels``
    one_class : whether to return 1 where the sum is positive, else -1

    Returns
    -------
    y : float32[N, 1]

    ONNX: https://onnx.ai/onnx/operators/onnx_aionnxml_SVMRegressor.html
    """
    rows = as_rows(x).astype(np.float64)
    if support_vectors is not None:
        rows = svm_kernels(rows, support_vectors, kernel_type, kernel_params)
    y = (np.matmul(rows, coefficients) + rho).astype(np.float32).reshape(-1, 1)
    return np.asarray(
        np.where(y > 0, np.float32(1), np.float32(-1)) if one_class else y
    )


def svm_linear_classifier(
    x: NDArray[Any],
    *,
    coefficients: NDArray[np.float32],
    rho: float,
    labels: Sequence[int] | Sequence[str] | NDArray[Any],
    cutoff: float | None = None,
    post_transform: str = "NONE",
) -> tuple[NDArray[Any], NDArray[np.float32]]:
    """Return the label of the highest score, and the transformed scores.

    Parameters
    ----------
    x : [N, F] or [F]
    coefficients : [F, C]
    labels : [C]
    cutoff : with two labels, the second also wins where any score exceeds this
    post_transform : NONE, LOGISTIC, SOFTMAX, SOFTMAX_ZERO or PROBIT

    Returns
    -------
    label : [N], int64 or strings
    scores : float32[N, C]

    ONNX: https://onnx.ai/onnx/operators/onnx_aionnxml_SVMClassifier.html
    """
    scores = np.matmul(as_rows(x), coefficients) + np.float32(rho)
    index = scores.argmax(axis=1)
    if cutoff is not None:
        index = np.where(scores.max(axis=1) > cutoff, 1, index)
    return pick_labels(labels, index), transform_scores(scores, post_transform)


def svm_classifier(
    x: NDArray[Any],
    *,
    support_vectors: NDArray[np.float64],
    coefficients: NDArray[np.float64],
    rho: NDArray[np.float64],
    labels: Sequence[int] | Sequence[str] | NDArray[Any],
    kernel_type: str = "LINEAR",
    kernel_params: Sequence[float] = (0.0, 0.0, 0.0),
    prob_a: NDArray[np.float32] | None = None,
    prob_b: NDArray[np.float32] | None = None,
    post_transform: str = "NONE",
) -> tuple[NDArray[Any], NDArray[np.float32]]:
    """Return the label that wins most pairwise comparisons of classes, and the scores.

    The P = C * (C - 1) / 2 pairs are 0-1, 0-2, ..., 1-2, ...; the first class of a pair
    wins if its score is positive.

    Parameters
    ----------
    x : [N, F] or [F]
    support_vectors : [V, F]
    coefficients : [V, P], the weight of each support vector in each pair
    rho : [P], added to the score of each pair
    labels : [C]
    kernel_type, kernel_params : see ``svm_kernels``
    prob_a, prob_b : [P], parameters that convert scores of pairs to probabilities

    Returns
    -------
    label : [N], int64 or strings; of equal classes the first wins
    scores : float32[N, C] probabilities with ``prob_a``, else [N, P] scores; for two classes
        without it [N, 2]: ``(-s, s)``, their logistic functions with LOGISTIC, and
        ``(1 - s, s)`` with any other transform

    ONNX: https://onnx.ai/onnx/operators/onnx_aionnxml_SVMClassifier.html
    """
    rows = as_rows(x).astype(np.float64)
    kernels = svm_kernels(rows, support_vectors, kernel_type, kernel_params)
    sums = np.matmul(kernels, coefficients) + rho
    count = len(labels)
    duels = [(i, j) for i in range(count) for j in range(i + 1, count)]
    first, second = np.array(duels).T
    won = np.where(sums > 0, first, second)
    won += count * np.arange(len(won))[:, None]
    votes = np.bincount(won.reshape(-1), minlength=len(won) * count)
    label = pick_labels(labels, votes.reshape(-1, count).argmax(axis=1))

    scores = sums.astype(np.float32)
    if prob_a is not None and prob_b is not None:
        odds = transform_scores(-(scores * prob_a + prob_b), "LOGISTIC")
        odds = np.clip(odds, 1e-7, 1 - 1e-7)
        if len(odds) <= _FEW_ROWS:
            scores = np.array([_couple_row(row, duels) for row in odds.tolist()])
            scores = scores.reshape(-1, count).astype(np.float32)
        else:
            scores = _couple(odds, first, second, count)
    elif count == 2:
        return label, both_scores(scores, post_transform != "NONE", post_transform)
    return label, transform_scores(scores, post_transform)


def svm_kernels(
    x: NDArray[np.float64],
    support_vectors: NDArray[np.float64],
    kernel_type: str,
    kernel_params: Sequence[float],
) -> NDArray[np.float64]:
    """Return the kernel of each row [N, F] with each support vector [V, F]: [N, V].

    ``kernel_type`` is LINEAR, POLY, RBF or SIGMOID; ``kernel_params`` are gamma, coef0
    and degree.
    """
    gamma, coef0, degree = kernel_params
    products = np.asarray(np.matmul(x, support_vectors.T))
    if kernel_type == "RBF":
        # In float64, squares are accurate enough; differences would need [N, V, F].
        lengths = np.einsum("vf,vf->v", support_vectors, support_vectors)
        squares = np.square(x).sum(axis=1, keepdims=True) - 2 * products + lengths
        return np.asarray(np.exp(-gamma * np.maximum(squares, 0)))
    if kernel_type == "POLY":
        return np.asarray((gamma * products + coef0) ** degree)
    if kernel_type == "SIGMOID":
        return np.asarray(np.tanh(gamma * products + coef0))
    return products


def _couple_row(odds: list[float], duels: list[tuple[int, int]]) -> list[float]:
    """Compute ``_couple`` for one row, in a tenth of the time."""
    classes = duels[-1][1] + 1
    r = [[0.0] * classes for _ in range(classes)]
    for (i, j), share in zip(duels, odds):
        r[i][j], r[j][i] = share, 1 - share
    q = [[-a * b for a, b in zip(row, column)] for row, column in zip(r, zip(*r))]
    for i in range(classes):
        q[i][i] = sum([row[i] * row[i] for row in r])
    p = [1 / classes] * classes
    for _ in range(100):
        qp = [sum([a * b for a, b in zip(row, p)]) for row in q]
        pqp = sum([a * b for a, b in zip(p, qp)])
        if not max([abs(value - pqp) for value in qp]) >= 0.005 / classes:  # or NaN
            break
        for i, row in enumerate(q):
            step = (pqp - qp[i]) / row[i]
            p[i] += step
            pqp = (pqp + step * (step * row[i] + 2 * qp[i])) / (1 + step) / (1 + step)
            qp = [(a + step * b) / (1 + step) for a, b in zip(qp, row)]
            p = [value / (1 + step) for value in p]
    return p


def _couple(
    duels: NDArray[np.float32],
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    classes: int,
) -> NDArray[np.float32]:
    """Convert the probabilities of pairs [N, P] to those of classes [N, C].

    This is the second method of Wu, Lin and Weng, "Probability estimates for
    multi-class classification by pairwise coupling", which libsvm also uses.
    """
    r = np.zeros((len(duels), classes, classes), np.float32)
    r[:, first, second] = duels
    r[:, second, first] = 1 - duels
    q = -r * r.transpose(0, 2, 1)
    diagonal = np.arange(classes)
    q[:, diagonal, diagonal] = np.square(r).sum(axis=1)
    p = np.full((len(duels), classes), 1 / classes, np.float32)
    for _ in range(100):
        qp = np.matmul(q, p[:, :, None])[:, :, 0]
        pqp = (p * qp).sum(axis=1)
        going = np.abs(qp - pqp[:, None]).max(axis=1) >= 0.005 / classes
        if not going.any():
            break
        for i in range(classes):
            step = np.where(going, (pqp - qp[:, i]) / q[:, i, i], np.float32(0))
            p[:, i] += step
            pqp = pqp + step * (step * q[:, i, i] + 2 * qp[:, i])
            pqp = pqp / (1 + step) / (1 + step)
            qp = (qp + step[:, None] * q[:, i]) / (1 + step[:, None])
            p /= 1 + step[:, None]
    return p
