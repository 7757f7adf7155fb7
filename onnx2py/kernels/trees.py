"""Ensembles of decision trees."""

from __future__ import annotations

from typing import Any, Optional, Sequence, Tuple, Union

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
    missing: Optional[NDArray[np.bool_]] = None,
    masks: Optional[Masks] = None,
    groups: int = 1,
    named: Optional[NDArray[np.bool_]] = None,
    aggregate_function: str = "SUM",
    base_values: Sequence[float] = (),
    post_transform: str = "NONE",
    dtype: Any = np.float32,
) -> NDArray[Any]:
    """Return what the trees say of each row, summed or otherwise aggregated.

    N is the number of rows, F of features, M of nodes, L of leaves, T of trees and C
    of targets.

    Parameters
    ----------
    x : [N, F] or [F]
    features, thresholds : [M], what each node compares
    children : [2 * M], the "else" and the "then" child of each node
    roots : [T]
    votes : [L, C], what each leaf says of each target, or [L] if each tree speaks of
        one target only
    depth : the most comparisons on any way down
    width : the least number of features
    missing : [M], whether NaN goes to the "then" child; by default it never does
    masks : another way to the leaves, for many rows: each used feature with the number of
        its thresholds; these, in order; [I, T], the leaves that are open between them, as
        bits; and [T, B], the leaf that each bit stands for
    groups : C if tree t speaks of target ``t % C`` only
    named : [L, C], the targets that each leaf names at all, where that is not all of
        them: a target that nobody names is 0, without its base value
    aggregate_function : SUM, AVERAGE, MIN or MAX
    base_values : what is added to each target at the end
    post_transform : NONE, LOGISTIC, SOFTMAX, SOFTMAX_ZERO or PROBIT
    dtype : the type of the result

    Returns
    -------
    y : [N, C]

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


def tree_classifier(
    x: NDArray[Any],
    *,
    features: NDArray[np.int64],
    thresholds: NDArray[Any],
    children: NDArray[np.int64],
    roots: NDArray[np.int64],
    votes: NDArray[Any],
    depth: int,
    width: int,
    labels: Union[Sequence[int], Sequence[str], NDArray[Any]],
    missing: Optional[NDArray[np.bool_]] = None,
    masks: Optional[Masks] = None,
    groups: int = 1,
    named: Optional[NDArray[np.bool_]] = None,
    base_values: Sequence[float] = (),
    post_transform: str = "NONE",
) -> Tuple[NDArray[Any], NDArray[np.float32]]:
    """Return the label of the class with most votes, and the scores of all classes.

    N is the number of rows, F of features, M of nodes, L of leaves, T of trees and C
    of classes.

    Parameters
    ----------
    x : [N, F] or [F]
    features, thresholds : [M], what each node compares
    children : [2 * M], the "else" and the "then" child of each node
    roots : [T]
    votes : [L, C], what each leaf says of each class, or [L] if each tree speaks of one
        class only
    depth : the most comparisons on any way down
    width : the least number of features
    labels : [C]
    missing : [M], whether NaN goes to the "then" child; by default it never does
    masks : another way to the leaves, for many rows: see ``Masks``
    groups : C if tree t speaks of class ``t % C`` only
    named : [L, C], the classes that each leaf names at all, where that is not all of
        them: a class that no leaf names cannot win
    base_values : what is added to each class at the end
    post_transform : NONE, LOGISTIC, SOFTMAX, SOFTMAX_ZERO or PROBIT

    Returns
    -------
    label : [N], int64 or strings; the first class wins a draw
    scores : [N, C]

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


def tree_binary_classifier(
    x: NDArray[Any],
    *,
    features: NDArray[np.int64],
    thresholds: NDArray[Any],
    children: NDArray[np.int64],
    roots: NDArray[np.int64],
    votes: NDArray[Any],
    depth: int,
    width: int,
    labels: Union[Sequence[int], Sequence[str], NDArray[Any]],
    missing: Optional[NDArray[np.bool_]] = None,
    masks: Optional[Masks] = None,
    named: Optional[NDArray[np.bool_]] = None,
    cutoff: float = 0.0,
    column: int = -1,
    base_values: Sequence[float] = (),
    post_transform: str = "NONE",
) -> Tuple[NDArray[Any], NDArray[np.float32]]:
    """Return the label and the scores of two classes, as onnxruntime has them.

    With a single column of votes, that is the score s of the second class, and the first
    class has ``1 - s`` if the cutoff is a half, else ``-s``, or their logistic function.
    With two columns, each is a score of its own, and ``column`` decides: by default the
    second one alone. N is the number of rows, F of features, M of nodes, L of leaves and T
    of trees.

    Parameters
    ----------
    x : [N, F] or [F]
    features, thresholds : [M], what each node compares
    children : [2 * M], the "else" and the "then" child of each node
    roots : [T]
    votes : [L, 2], what each leaf says of both classes, or [L] of the second one alone
    depth : the most comparisons on any way down
    width : the least number of features
    labels : [2], where the score that decides is not above ``cutoff``, and where it is
    missing : [M], whether NaN goes to the "then" child; by default it never does
    masks : another way to the leaves, for many rows: see ``Masks``
    named : [L], whether the leaf names the second class, where some do not: rows that
        only meet such leaves are treated as if there were a single column of votes
    cutoff : the score above which the second label wins
    column : the column of votes that decides
    base_values : what is added to each score at the end
    post_transform : NONE, LOGISTIC, SOFTMAX, SOFTMAX_ZERO or PROBIT

    Returns
    -------
    label : [N], int64 or strings
    scores : [N, 2]

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


def tree_lone_class(
    x: NDArray[Any],
    *,
    labels: Union[Sequence[int], Sequence[str]],
    post_transform: str = "NONE",
    **ensemble: Any,
) -> Tuple[NDArray[Any], NDArray[np.float32]]:
    """Return the label and the score of a class that has no other beside it.

    Parameters
    ----------
    labels : [2], where the score is not above 0, and where it is
    ensemble : the tables of ``tree_ensemble``, with one target

    Returns
    -------
    label : [N], int64 or strings
    scores : [N, 1]

    ONNX: https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleClassifier.html
    """
    scores = tree_ensemble(x, **ensemble)
    label = pick_labels(labels, (scores[:, 0] > 0).astype(np.intp))
    return label, transform_scores(scores, post_transform)


def _aggregate(
    votes: NDArray[Any], leaves: NDArray[np.int64], groups: int, function: str
) -> NDArray[Any]:
    """Aggregate what the leaves [T, N] say: [N, C]."""
    if function in ("MIN", "MAX"):
        extreme = np.fmin if function == "MIN" else np.fmax  # they pass over NaN
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
