"""Tables that tell the leaves of many rows without a walk, where trees are small.

A leaf is a bit. Between two neighboring thresholds of a feature, all comparisons of that
feature come out alike; for each such interval, the bits are set of those leaves that these
comparisons leave open. What all features leave open is one leaf in each tree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._tree_tables import Tables, distinct

MOST_LEAVES = 32
"""Of one tree: with more, the masks take as long as the walk."""
MOST_BYTES = 1 << 20
"""Of the table, so that it stays in the cache."""
MOST_FEATURES = 4
"""For each level of the deepest tree: each feature costs a fourth of a level."""


@dataclass(frozen=True)
class Masks:
    """See ``kernels.tree_ensemble.tree_ensemble``."""

    columns: tuple[tuple[int, int], ...]
    bounds: NDArray[np.floating]
    table: NDArray[np.unsignedinteger]
    leaves: NDArray[np.int64]


def leaf_masks(tables: Tables) -> Masks | None:
    """Return the masks of all trees, or None where a walk is faster or as fast."""
    features, thresholds = tables.features, tables.thresholds
    inner = np.flatnonzero(tables.children[1::2] != np.arange(len(features)))
    used = distinct(features[inner])
    count = len(tables.roots)
    most = len(inner) + 2 * len(used)  # intervals
    if not 0 < len(used) <= MOST_FEATURES * tables.depth or most * count > MOST_BYTES:
        return None
    if tables.depth >= MOST_LEAVES:
        return None
    children = tables.children.tolist()
    walked = [_walked(children, root) for root in tables.roots.tolist()]
    trees = [tree for tree in walked if tree is not None]
    if len(trees) != count:
        return None
    width = max(len(leaves) for leaves, _ in trees)
    bits = next(n for n in (8, 16, 32) if width <= n)
    columns, bounds, parts = [], [], []
    for feature in used.tolist():
        here = distinct(thresholds[inner[features[inner] == feature]])
        here = here[~np.isnan(here)]
        part = np.empty((len(here) + 2, count), f"u{bits // 8}")
        for tree, (leaves, nodes) in enumerate(trees):
            part[:, tree] = (1 << len(leaves)) - 1
            for node, then, other in nodes:
                if features[node] == feature:
                    _close(part[:, tree], here, tables, node, then, other)
        columns.append((feature, len(here)))
        bounds.append(here)
        parts.append(part)
    table = np.concatenate(parts)
    if table.nbytes > MOST_BYTES:
        return None
    numbers = np.zeros((count, bits), np.int64)
    for tree, (leaves, _) in enumerate(trees):
        numbers[tree, : len(leaves)] = leaves
    return Masks(tuple(columns), np.concatenate(bounds), table, numbers)


def _close(
    column: NDArray[np.unsignedinteger],
    bounds: NDArray[np.floating],
    tables: Tables,
    node: int,
    then: int,
    other: int,
) -> None:
    """Clear the bits of the leaves that one comparison leads away from.

    ``column`` is one tree's: above i of the bounds, for each i, and at last for NaN.
    """
    threshold = tables.thresholds[node]
    never = bool(np.isnan(threshold))
    holds = 0 if never else int(np.searchsorted(bounds, threshold)) + 1
    kind = column.dtype.type
    column[:holds] &= kind(~other & np.iinfo(kind).max)
    column[holds:-1] &= kind(~then & np.iinfo(kind).max)
    gone = other if tables.missing[node] else then
    column[-1] &= kind(~gone & np.iinfo(kind).max)


Tree = tuple[list[int], list[tuple[int, int, int]]]


def _walked(children: list[int], root: int) -> Tree | None:
    """Return the leaves of a tree, and for each other node the bits below its children.

    Where two ways lead to one node, it is two. None, if there are too many leaves.
    """
    leaves: list[int] = []
    nodes: list[tuple[int, int, int]] = []

    def bits(node: int) -> int:
        other, then = children[2 * node], children[2 * node + 1]
        if len(leaves) > MOST_LEAVES:
            return 0
        if then == node:
            leaves.append(node)
            return 1 << (len(leaves) - 1)
        below = bits(then), bits(other)
        nodes.append((node, *below))
        return below[0] | below[1]

    bits(root)
    return (leaves, nodes) if len(leaves) <= MOST_LEAVES else None
