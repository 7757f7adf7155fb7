"""Ensembles of decision trees.

The compiler lays all trees out as one table of nodes. A node sends a row to its "then"
child where ``row[feature] <= threshold``, else to its "else" child: other comparisons
are rewritten as one or two of these. A leaf is its own child. Leaves have the numbers
0 to L - 1, so that they index the table of votes directly.
"""

from __future__ import annotations

from typing import Any, Optional, Sequence, Tuple, Union

import numpy as np
from numpy.typing import NDArray

from ._ml_scores import as_rows, pick_labels, transform_scores

TREE_BLOCK = 1 << 16  # votes at a time: the temporaries stay in the cache


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
    groups: int = 1,
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
    votes : [L, C], what each leaf says of each target (NaN: nothing, for MIN and MAX),
        or [L] if each tree speaks of one target only
    depth : the most comparisons on any way down
    width : the least number of features
    missing : [M], whether NaN goes to the "then" child; by default it never does
    groups : C if each tree speaks of one target, that of tree t being ``t % C``
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
    leaves = find_leaves(
        x, features, thresholds, children, roots, depth, width, missing
    )
    scores = np.concatenate(
        [_aggregate(block, votes, groups, aggregate_function) for block in leaves]
    )
    if len(base_values):
        scores += np.asarray(base_values, np.float32).astype(scores.dtype)
    if post_transform != "NONE":
        scores = transform_scores(scores.astype(np.float32), post_transform)
    return scores.astype(dtype, copy=False)
