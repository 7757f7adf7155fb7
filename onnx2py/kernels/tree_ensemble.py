"""Ensembles of decision trees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._ml_scores import both_scores, pick_labels, transform_scores
from ._tree_walk import Masks, find_leaves, sum_votes


def tree_ensemble(
    x: NDArray[Any],
    *,
    features: NDArray[np.int64],
    thresholds: NDArray[Any],
    children: NDArray[np.int64],
    roots: NDArray[np.int64],
    votes: NDArray[Any],
    depth: int,
    width: int,
    missing: NDArray[np.bool_] | None = None,
    masks: Masks | None = None,
    groups: int = 1,
    named: NDArray[np.bool_] | None = None,
    aggregate_function: str = "SUM",
    base_values: Sequence[float] = (),
    post_transform: str = "NONE",
    dtype: Any = np.float32,
) -> NDArray[Any]:
    """Evaluate decision trees for each row, and aggregate their votes.

    N is the number of rows, F of features, M of nodes, L of leaves, T of trees and C
    of targets.

    Parameters
    ----------
    x : float[N, F] or [F]
    features, thresholds : [M], the feature and the threshold of each node
    children : [2 * M], the "else" and the "then" child of each node
    roots : [T]
    votes : [L, C], the vote of each leaf for each target, or [L] if each tree votes for
        one target only
    depth : the maximum number of comparisons in a tree
    width : the minimum number of features
    missing : [M], whether NaN goes to the "then" child; by default it never does
    masks : tables that find leaves faster for many rows: each used feature with the number
        of its thresholds; the sorted thresholds; [I, T], the leaves reachable between them,
        as bits; and [T, B], the leaf of each bit
    groups : C if tree t votes for target ``t % C`` only
    named : [L, C], the targets that each leaf votes for, if not all: a target without any
        vote is 0, without its base value
    aggregate_function : SUM, AVERAGE, MIN or MAX
    base_values : added to each target at the end
    post_transform : NONE, LOGISTIC, SOFTMAX, SOFTMAX_ZERO or PROBIT
    dtype : dtype of the result

    Returns
    -------
    y : float[N, C]

    Raises
    ------
    ValueError
        If ``x`` has too few features.

    ONNX: https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsemble.html
    """
    tables = (features, thresholds, children, roots, depth, width, missing, masks)
    parts = []
    for leaves in find_leaves(x, *tables, targets=votes.size // len(votes)):
        scores = _aggregate(votes, leaves, groups, aggregate_function)
        if base_values:
            scores = scores + np.asarray(base_values, scores.dtype)
        if named is not None:
            scores = np.where(named.take(leaves, axis=0).any(axis=0), scores, 0)
        parts.append(scores)
    scores = parts[0] if len(parts) == 1 else np.concatenate(parts)
    if post_transform != "NONE":
        scores = transform_scores(scores.astype(np.float32), post_transform)
    return scores.astype(dtype, copy=False)


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


def tree_ensemble_binary_classifier(
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
    named: NDArray[np.bool_] | None = None,
    cutoff: float = 0.0,
    column: int = -1,
    base_values: Sequence[float] = (),
    post_transform: str = "NONE",
) -> tuple[NDArray[Any], NDArray[np.float32]]:
    """Return the label and the scores of two classes, as onnxruntime does.

    A single column of votes is the score s of the second class; the score of the first is
    ``1 - s`` if the cutoff is 0.5, else ``-s``, or their logistic functions. With two
    columns, each is a score, and ``column`` selects the one that decides, by default the
    second. N is the number of rows, F of features, M of nodes, L of leaves and T of trees.

    Parameters
    ----------
    x : [N, F] or [F]
    features, thresholds : [M], the feature and the threshold of each node
    children : [2 * M], the "else" and the "then" child of each node
    roots : [T]
    votes : [L, 2], the votes of each leaf for both classes, or [L] for the second only
    depth : the maximum number of comparisons in a tree
    width : the minimum number of features
    labels : [2], for a deciding score <= ``cutoff`` and for one above it
    missing : [M], whether NaN goes to the "then" child; by default it never does
    masks : tables for many rows, see ``Masks``
    named : [L], whether the leaf votes for the second class, if not all do: rows that reach
        only leaves that do not are treated as if there were a single column of votes
    cutoff : the score above which the second label wins
    column : the column of votes that decides
    base_values : added to each score at the end
    post_transform : NONE, LOGISTIC, SOFTMAX, SOFTMAX_ZERO or PROBIT

    Returns
    -------
    label : [N], int64 or strings
    scores : float32[N, 2]

    Raises
    ------
    ValueError
        If ``x`` has too few features.

    ONNX: https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleClassifier.html
    """
    tables = (features, thresholds, children, roots, depth, width, missing, masks)
    above, parts = [], []
    for leaves in find_leaves(x, *tables, targets=2):
        scores = sum_votes(votes, leaves, 1)
        if base_values:
            scores = scores + np.asarray(base_values, scores.dtype)
        deciding = scores[:, column]
        pair = _two_scores(scores, cutoff, post_transform)
        if named is not None:
            both = named.take(leaves).any(axis=0)
            deciding = np.where(both, deciding, scores[:, 0])
            lone = _two_scores(scores[:, :1], cutoff, post_transform)
            pair = np.where(both.reshape(-1, 1), pair, lone)
        above.append(deciding > cutoff)
        parts.append(pair)
    label = pick_labels(labels, np.concatenate(above).astype(np.intp))
    return label, np.concatenate(parts)


def tree_ensemble_single_class_classifier(
    x: NDArray[Any],
    *,
    labels: Sequence[int] | Sequence[str],
    post_transform: str = "NONE",
    **ensemble: Any,
) -> tuple[NDArray[Any], NDArray[np.float32]]:
    """Return the label and the score of an ensemble with a single class.

    Parameters
    ----------
    labels : [2], for a score <= 0 and for a score > 0
    ensemble : the tables of ``tree_ensemble``, with one target

    Returns
    -------
    label : [N], int64 or strings
    scores : float32[N, 1]

    Raises
    ------
    ValueError
        If ``x`` has too few features.

    ONNX: https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleClassifier.html
    """
    scores = tree_ensemble(x, **ensemble)
    label = pick_labels(labels, (scores[:, 0] > 0).astype(np.intp))
    return label, transform_scores(scores, post_transform)


def _aggregate(
    votes: NDArray[Any], leaves: NDArray[np.int64], groups: int, function: str
) -> NDArray[Any]:
    """Aggregate the votes of the leaves [T, N]: [N, C]."""
    if function in ("MIN", "MAX"):
        extreme = np.fmin if function == "MIN" else np.fmax  # they ignore NaN
        return np.asarray(extreme.reduce(votes.take(leaves, axis=0), axis=0))
    scores = sum_votes(votes, leaves, groups)
    return scores / scores.dtype.type(len(leaves)) if function == "AVERAGE" else scores


def _two_scores(
    scores: NDArray[Any], cutoff: float, post_transform: str
) -> NDArray[np.float32]:
    """Return the scores [N, 2] of both classes from one or two columns of votes."""
    if scores.shape[1] == 1:
        return both_scores(scores, cutoff > 0, post_transform)
    return transform_scores(scores.astype(np.float32), post_transform)
