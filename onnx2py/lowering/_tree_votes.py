"""What the leaves of trees say, as tables for the kernels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._tree_tables import Tables, distinct


@dataclass(frozen=True)
class Votes:
    """Parallel arrays: which leaf (an index into ``Nodes``) gives what to whom."""

    leaves: NDArray[np.int64]
    targets: NDArray[np.int64]
    weights: NDArray[np.floating]

    def select(self, which: NDArray[Any]) -> Votes:
        """Return some of the votes, by a mask or by their indices."""
        return Votes(self.leaves[which], self.targets[which], self.weights[which])

    def of(self, tables: Tables) -> Votes:
        """Return the votes of leaves that can be reached, numbered as in ``tables``.

        Raises
        ------
        ValueError
            If one of them has none.
        """
        number = np.full(1 + max(self.leaves.max(initial=0), tables.leaves.max()), -1)
        number[tables.leaves] = np.arange(len(tables.leaves))
        votes = replace(self, leaves=number[self.leaves])
        votes = votes.select(votes.leaves >= 0)
        if len(distinct(votes.leaves)) < len(tables.leaves):
            raise ValueError("expected a weight for each leaf, got a leaf without one")
        return votes

    def first_of_each_leaf(self) -> Votes:
        """Return the first vote of each leaf."""
        return self.select(np.unique(self.leaves, return_index=True)[1])


def dense_votes(
    tables: Tables, votes: Votes, targets: int, function: str = "SUM"
) -> NDArray[np.floating]:
    """Return the vote of each leaf for each target: [L, C].

    Where it says nothing stands 0, but NaN for MIN and MAX.
    """
    extreme = {"MIN": np.fmin, "MAX": np.fmax}.get(function)
    fill = np.nan if extreme else 0
    table = np.full((len(tables.leaves), targets), fill, votes.weights.dtype)
    (extreme or np.add).at(table, (votes.leaves, votes.targets), votes.weights)
    return table


def named_targets(
    tables: Tables, votes: Votes, targets: int
) -> NDArray[np.bool_] | None:
    """Return which targets each leaf names [L, C]; None if each row meets them all."""
    named = np.zeros((len(tables.leaves), targets), bool)
    named[votes.leaves, votes.targets] = True
    trees = _tree_of_leaves(tables)
    if trees is None:
        return None if named.all() else named
    order = np.argsort(trees, kind="stable")
    starts = np.unique(trees[order], return_index=True)[1]
    by_tree = np.logical_and.reduceat(named[order], starts, axis=0)
    return None if by_tree.any(axis=0).all() else named


def by_target(
    tables: Tables, votes: Votes, targets: int
) -> tuple[Tables, NDArray[np.floating]] | None:
    """Sort the trees so that tree t speaks of target ``t % targets``, and nothing else.

    Return the tables and the votes [L], or None where trees speak of several targets.
    Targets with fewer trees get trees that are a leaf with a vote of 0.
    """
    trees = _tree_of_leaves(tables)
    count = len(tables.leaves)
    if trees is None or len(votes.leaves) != count:
        return None
    weights = np.empty(count, votes.weights.dtype)
    weights[votes.leaves] = votes.weights
    target = np.full(len(tables.roots), -1)
    target[trees[votes.leaves]] = votes.targets
    each = [np.flatnonzero(target == t) for t in range(targets)]
    rounds, least = max(map(len, each)), min(map(len, each))
    if (
        not least
        or (target[trees[votes.leaves]] != votes.targets).any()
        or rounds * targets > 2 * len(target)
    ):
        return None
    if rounds != least:
        tables, weights = _with_silent_leaf(tables), np.append(weights, 0)
    grid = np.full((rounds, targets), count)
    for t, members in enumerate(each):
        grid[: len(members), t] = tables.roots[members]
    return replace(tables, roots=grid.ravel()), weights.astype(votes.weights.dtype)


def _with_silent_leaf(tables: Tables) -> Tables:
    """Add a leaf, after the others."""
    count = len(tables.leaves)

    def moved(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        return numbers + (numbers >= count)

    return replace(
        tables,
        features=np.insert(tables.features, count, 0),
        thresholds=np.insert(tables.thresholds, count, np.nan),
        children=np.insert(moved(tables.children), 2 * count, [count, count]),
        missing=np.insert(tables.missing, count, False),
        roots=moved(tables.roots),
        leaves=np.append(tables.leaves, -1),
    )


def _tree_of_leaves(tables: Tables) -> NDArray[np.int64] | None:
    """Return the tree of each leaf, or None if trees share nodes."""
    if len(distinct(tables.roots)) < len(tables.roots):
        return None
    pairs = tables.children.reshape(-1, 2)
    tree = np.full(len(pairs), -1)
    tree[tables.roots] = np.arange(len(tables.roots))
    level = tables.roots
    for _ in range(tables.depth):
        tree[pairs[level]] = tree[level, None]
        level = distinct(pairs[level].ravel())
    return tree[: len(tables.leaves)] if (tree[pairs] == tree[:, None]).all() else None
