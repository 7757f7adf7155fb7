"""Evaluation of decision trees, for all rows and all trees at once.

The compiler lays all trees out as one table of nodes. A node sends a row to its "then"
child where ``row[feature] <= threshold``, else to its "else" child: other comparisons
are rewritten as one or more of these. A leaf is its own child. Leaves have the numbers
0 to L - 1, so that they index the table of votes directly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._ml_scores import as_rows

Masks = tuple[Sequence[tuple[int, int]], NDArray[Any], NDArray[Any], NDArray[np.int64]]
"""Tables that find leaves faster for many rows: each used feature with the number of its
thresholds; the sorted thresholds; [I, T], the leaves reachable between them, as bits; and
[T, B], the leaf of each bit."""


MANY_ROWS = 16
"""Minimum number of rows for which masks are faster than walking."""


FEW_NODES = 2048
"""Comparisons of all trees for all rows: up to this number, compute all before walking."""


TREE_BLOCK = 1 << 16
"""Votes that are read together: few enough to stay in the cache."""


def find_leaves(
    x: NDArray[Any],
    features: NDArray[np.int64],
    thresholds: NDArray[Any],
    children: NDArray[np.int64],
    roots: NDArray[np.int64],
    depth: int,
    width: int,
    missing: NDArray[np.bool_] | None,
    masks: Masks | None = None,
    targets: int = 1,
) -> Iterator[NDArray[np.int64]]:
    """Yield the leaf [T, N] that each tree leads to, one block of rows after another.

    Parameters
    ----------
    x : [N, F] or [F]
    features, thresholds : [M], the feature and the threshold of each node
    children : [2 * M], the "else" and the "then" child of each node
    roots : [T], the first node of each tree
    depth : the maximum number of comparisons in a tree
    width : the minimum number of features
    missing : [M], whether NaN goes to the "then" child; None if it never does
    masks : tables for many rows, see ``Masks``
    targets : the number of values read per leaf, which limits the size of a block

    Raises
    ------
    ValueError
        If ``x`` has too few features.
    """
    rows = as_rows(x, thresholds.dtype)
    if rows.shape[1] < width:
        raise ValueError(
            f"tree ensemble: expected {width} features or more, got {rows.shape[1]}"
        )
    if missing is not None and not np.isnan(rows).any():
        missing = None
    most = max(1, TREE_BLOCK // (len(roots) * targets))
    for begin in range(0, max(len(rows), 1), most):
        block = rows[begin : begin + most]
        if masks is not None and len(block) >= MANY_ROWS:
            yield _open_leaves(block, *masks)
            continue
        yield _walk(block, features, thresholds, children, roots, depth, missing)


def _walk(
    x: NDArray[Any],
    features: NDArray[np.int64],
    thresholds: NDArray[Any],
    children: NDArray[np.int64],
    roots: NDArray[np.int64],
    depth: int,
    missing: NDArray[np.bool_] | None,
) -> NDArray[np.int64]:
    """Walk each row [N, F] down each tree, one level at a time."""
    count, width = x.shape
    nodes, steps = len(features), len(roots) * depth
    if nodes * count <= FEW_NODES and nodes <= 4 * steps:
        then = _goes_to_then(x.take(features, axis=1), thresholds, missing)
        return _jump(np.where(then, children[1::2], children[::2]), roots, depth)
    flat = x.ravel()  # take() on flat arrays is 3 times as fast as x[row, feature]
    offsets = np.arange(count) * width
    node = np.repeat(roots, count).reshape(len(roots), count)
    for _ in range(depth):
        value = flat.take(features.take(node) + offsets)
        open_to_nan = None if missing is None else missing.take(node)
        then = _goes_to_then(value, thresholds.take(node), open_to_nan)
        node = children.take(2 * node + then)
    return node


def _goes_to_then(
    value: NDArray[Any], threshold: NDArray[Any], missing: NDArray[np.bool_] | None
) -> NDArray[np.bool_]:
    then = np.asarray(value <= threshold)
    if missing is not None:
        then |= missing & np.isnan(value)
    return then


def _jump(
    following: NDArray[np.int64], roots: NDArray[np.int64], depth: int
) -> NDArray[np.int64]:
    """Walk down each tree after all comparisons were computed: [N, M] -> [T, N]."""
    count, nodes = following.shape
    begins = np.arange(count) * nodes  # of each row's own table
    flat = (following + begins[:, None]).ravel()
    node = roots[:, None] + begins
    for _ in range(depth):
        node = flat.take(node)
    return np.asarray(node - begins)


def _open_leaves(
    x: NDArray[Any],
    columns: Sequence[tuple[int, int]],
    bounds: NDArray[Any],
    masks: NDArray[Any],
    leaves: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return the only leaf of each tree that no feature rules out: [T, N].

    Takes F steps for all levels of all trees; walking takes four steps per level.

    The tree ``(A if x[1] <= 2 else B) if x[0] <= 5 else C`` has the bits 1, 2 and 4 for A, B
    and C. ``columns`` is ((0, 1), (1, 1)), ``bounds`` is [5, 2], and ``masks`` has a row for
    each interval between bounds and one for NaN: 011, 100, 100 for x[0], then 101, 110, 110
    for x[1]. The row (3, 9) leaves 011 & 110 = 010: bit 1, which is B.
    """
    left = np.full((len(x), masks.shape[1]), -1, np.int64).astype(masks.dtype)
    start = first = 0
    for feature, count in columns:
        column = np.ascontiguousarray(x[:, feature])
        place = bounds[start : start + count].searchsorted(column)
        place += np.isnan(column)  # which is above all bounds
        place += first
        left &= masks.take(place, axis=0)
        start, first = start + count, first + count + 2
    # As a float, the number is 2**bit: its exponent, stored above the digits, is the bit.
    if left.itemsize < 4:
        bit = (left.astype(np.float32).view(np.int32) >> 23) - 127
    else:
        bit = (left.astype(np.float64).view(np.int64) >> 52) - 1023
    trees, bits = leaves.shape
    return np.asarray(leaves.take((bit + np.arange(0, trees * bits, bits)).T))


def sum_votes(
    votes: NDArray[Any], leaves: NDArray[np.int64], groups: int
) -> NDArray[Any]:
    """Sum the votes of the leaves [T, N], tree after tree: [N, C].

    ``votes`` is [L, C], or [L] if tree t votes only for target ``t % groups``.
    """
    trees, count = leaves.shape
    said = votes.take(leaves, axis=0)
    if votes.ndim == 1:
        said = said.reshape(trees // groups, groups * count)
        return np.asarray(_sum_in_order(said).reshape(groups, count).T)
    said = said.reshape(trees, count * votes.shape[1])
    return _sum_in_order(said).reshape(count, votes.shape[1])


def _sum_in_order(x: NDArray[Any]) -> NDArray[Any]:
    """Sum the rows of ``x`` one after the other, as onnxruntime does.

    NumPy sums a single column pairwise, with a different rounding that can change a close
    vote.
    """
    return np.asarray(x.cumsum(axis=0)[-1] if x.shape[1] == 1 else x.sum(axis=0))
