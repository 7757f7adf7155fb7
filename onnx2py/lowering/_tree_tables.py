"""Trees as ONNX writes them down -> the tables that the kernels walk through.

The kernels know one comparison only, ``x <= threshold``, which no NaN is. The others:

1. ``x < t`` is ``x <= b``, b being the number before t (NaN if t is -inf).
2. ``x > t`` and ``x >= t`` are 1. with the children swapped.
3. ``x == t`` is two nodes: ``x <= t``, and not ``x <= b``; ``x != t`` alike.
4. Membership is 3. for each member, laid out as a binary search.

Where a missing value (NaN) then ends up in the wrong child, ``missing`` says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEQ, LT, GTE, GT, EQ, NEQ, MEMBER, LEAF = range(8)
"""What a node does; the first seven are TreeEnsemble's numbers for comparisons."""


@dataclass(frozen=True)
class Nodes:
    """The nodes of all trees: parallel arrays, children as indices into them."""

    modes: NDArray[np.int8]
    features: NDArray[np.int64]
    values: NDArray[np.floating]
    true: NDArray[np.int64]
    false: NDArray[np.int64]
    tracks_true: NDArray[np.bool_]
    roots: NDArray[np.int64]
    members: dict[int, NDArray[np.floating]] = field(default_factory=dict)
    """What each BRANCH_MEMBER node looks for."""


@dataclass(frozen=True)
class Tables:
    """What the kernels walk through; see ``kernels.tree_ensemble.tree_ensemble``."""

    features: NDArray[np.int64]
    thresholds: NDArray[np.floating]
    children: NDArray[np.int64]
    missing: NDArray[np.bool_]
    roots: NDArray[np.int64]
    depth: int
    width: int
    """The least number of features that a row must have."""
    leaves: NDArray[np.int64]
    """The index in ``Nodes`` of leaf 0, 1, ..."""


def distinct(numbers: NDArray[Any]) -> NDArray[Any]:
    """Return the different numbers in order: np.unique hashes, ten times as slowly."""
    ordered = np.sort(numbers)
    first = np.append(True, ordered[1:] != ordered[:-1])
    return np.asarray(ordered[first[: len(ordered)]])


def build_tables(nodes: Nodes) -> Tables:
    """Rewrite all comparisons and renumber the nodes, leaves first.

    Raises
    ------
    ValueError
        If a child is missing, or is its own ancestor.
    """
    features, thresholds, then, other, missing = _comparisons(nodes)
    depth, reached = _levels(then, other, nodes.roots)
    is_leaf = then[reached] == reached
    order = np.concatenate([reached[is_leaf], reached[~is_leaf]])
    number = np.full(len(then), -1, np.int64)
    number[order] = np.arange(len(order))
    return Tables(
        features=np.where(then[order] == order, 0, features[order]),
        thresholds=thresholds[order],
        children=number[np.stack([other[order], then[order]], axis=1)].ravel(),
        missing=missing[order],
        roots=number[nodes.roots],
        depth=depth,
        width=int(features[reached[~is_leaf]].max(initial=-1)) + 1,
        leaves=reached[is_leaf],
    )


def _comparisons(nodes: Nodes) -> tuple[NDArray[Any], ...]:
    """Return feature, threshold, then, else and missing of all nodes and new ones."""
    modes, values, track = nodes.modes, nodes.values, nodes.tracks_true
    if ((nodes.true == np.arange(len(modes))) & (modes != LEAF)).any():
        raise ValueError("expected trees, got a node that is its own child")
    before = _before(values)
    leaf = modes == LEAF
    swapped = (modes == GT) | (modes == GTE)
    equal, unequal = modes == EQ, modes == NEQ

    thresholds = np.where((modes == LT) | (modes == GTE), before, values)
    thresholds[swapped & np.isnan(values)] = np.inf  # x > NaN never holds
    thresholds[leaf] = np.nan
    then = np.where(swapped, nodes.false, nodes.true)
    other = np.where(swapped, nodes.true, nodes.false)
    other[unequal] = nodes.true[unequal]
    missing = np.where(swapped, ~track, track) & ~leaf & ~unequal
    then[leaf] = other[leaf] = np.flatnonzero(leaf)

    # The second node of == and !=: x is not above t, but is it below?
    pairs = np.flatnonzero(equal | unequal)
    below = np.where(equal, nodes.false, nodes.true)[pairs]
    at = np.where(equal, nodes.true, nodes.false)[pairs]
    then[pairs] = len(modes) + np.arange(len(pairs))
    columns = (
        np.concatenate([nodes.features, nodes.features[pairs]]),
        np.concatenate([thresholds, before[pairs]]),
        np.concatenate([then, below]),
        np.concatenate([other, at]),
        np.concatenate([missing, np.zeros(len(pairs), bool)]),
    )
    return _with_members(nodes, columns) if nodes.members else columns


def _with_members(
    nodes: Nodes, columns: tuple[NDArray[Any], ...]
) -> tuple[NDArray[Any], ...]:
    """Replace each membership node by a binary search over its members."""
    lists = [column.tolist() for column in columns]
    dtype = nodes.values.dtype

    def search(bounds: list[float], feature: int, ends: tuple[int, int]) -> int:
        """Add nodes for x against ascending bounds; below the first one is ends[0]."""
        if not bounds:
            return ends[0]
        half = len(bounds) // 2
        last = ends if half % 2 == 0 else ends[::-1]
        then = search(bounds[:half], feature, ends)
        other = search(bounds[half + 1 :], feature, last[::-1])
        row = (feature, bounds[half], then, other, False)
        for column, value in zip(lists, row):
            column.append(value)
        return len(lists[0]) - 1

    for index, members in nodes.members.items():
        known = np.unique(members[~np.isnan(members)]).astype(dtype)
        # x is a member if it is above an even-numbered bound and not above the next.
        bounds = np.stack([_before(known), known], axis=1).ravel()
        bounds = bounds[~np.isnan(bounds)]
        yes, no = int(nodes.true[index]), int(nodes.false[index])
        inside_first = len(known) > 0 and known[0] == -np.inf
        ends = (yes, no) if inside_first else (no, yes)
        feature = int(nodes.features[index])
        start = search(bounds.tolist(), feature, ends)
        # Everything is <= inf but NaN.
        missing_to = yes if nodes.tracks_true[index] else no
        row = (feature, np.inf, start, missing_to, False)
        for column, value in zip(lists, row):
            column[index] = value
    kinds: tuple[Any, ...] = (np.int64, dtype, np.int64, np.int64, np.bool_)
    return tuple(np.array(column, kind) for column, kind in zip(lists, kinds))


def _before(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the greatest number below each, NaN below -inf."""
    below = np.asarray(np.nextafter(values, values.dtype.type(-np.inf)))
    below[values == -np.inf] = np.nan
    return below


def _levels(
    then: NDArray[Any], other: NDArray[Any], roots: NDArray[Any]
) -> tuple[int, NDArray[Any]]:
    """Return the length of the longest way down, and the nodes, level by level."""
    if len(then) == 0 or min(then.min(), other.min()) < 0:
        raise ValueError("expected each child to be a node of the same tree")
    seen = np.zeros(len(then), bool)
    order, level = [], distinct(roots)
    for depth in range(len(then) + 1):
        fresh = level[~seen[level]]
        seen[fresh] = True
        order.append(fresh)
        inner = level[then[level] != level]
        if len(inner) == 0:
            return depth, np.concatenate(order)
        level = distinct(np.concatenate([then[inner], other[inner]]))
    raise ValueError("expected trees, got a node that is its own ancestor")
