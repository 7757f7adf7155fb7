"""Ensembles of decision trees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._ml_scores import pick_labels, transform_scores
from ._tree_walk import Masks, find_leaves, sum_votes


def tree_ensemble_classifier(
    x: NDArray[Any],
    *,
    features: NDArray[np.int64],
    thresholds: NDArray[Any],
    children: NDArray[np.int64],
    roots: NDArray[np.int64],
    votes: NDArray[Any],
    depth: int,
    width: int,
    labels: Sequence[int] | Sequence[str] | NDArray[Any],
    missing: NDArray[np.bool_] | None = None,
    masks: Masks | None = None,
    groups: int = 1,
    named: NDArray[np.bool_] | None = None,
    base_values: Sequence[float] = (),
    post_transform: str = "NONE",
) -> tuple[NDArray[Any], NDArray[np.float32]]:
    """Return the label of the class with most votes, and the scores of all classes.

    N is the number of rows, F of features, M of nodes, L of leaves, T of trees and C
    of classes.

    Parameters
    ----------
    x : [N, F] or [F]
    features, thresholds : [M], the feature and the threshold of each node
    children : [2 * M], the "else" and the "then" child of each node
    roots : [T]
    votes : [L, C], the vote of each leaf for each class, or [L] if each tree votes for
        one class only
    depth : the maximum number of comparisons in a tree
    width : the minimum number of features
    labels : [C]
    missing : [M], whether NaN goes to the "then" child; by default it never does
    masks : tables for many rows, see ``Masks``
    groups : C if tree t votes for class ``t % C`` only
    named : [L, C], the classes that each leaf votes for, if not all: a class without any
        vote cannot win
    base_values : added to each class at the end
    post_transform : NONE, LOGISTIC, SOFTMAX, SOFTMAX_ZERO or PROBIT

    Returns
    -------
    label : [N], int64 or strings; of equal classes the first wins
    scores : float32[N, C]

    Raises
    ------
    ValueError
        If ``x`` has too few features.

    ONNX: https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleClassifier.html
    """
    tables = (features, thresholds, children, roots, depth, width, missing, masks)
    indices, parts = [], []
    for leaves in find_leaves(x, *tables, targets=votes.size // len(votes)):
        scores = sum_votes(votes, leaves, groups)
        if base_values:
            scores = scores + np.asarray(base_values, scores.dtype)
        ranked = scores
        if named is not None:
            ranked = np.where(named.take(leaves, axis=0).any(axis=0), scores, -np.inf)
        indices.append(ranked.argmax(axis=1))
        parts.append(transform_scores(scores.astype(np.float32), post_transform))
    label = pick_labels(labels, np.concatenate(indices))
    return label, np.concatenate(parts)
