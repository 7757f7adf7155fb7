"""The attributes of tree ensembles -> nodes and votes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import counted
from ._tree_tables import LEAF, MEMBER, Nodes, Tables, build_tables, distinct
from ._tree_votes import Votes
from .context import NodeContext

_MODES = {
    **{
        f"BRANCH_{name}": i
        for i, name in enumerate(("LEQ", "LT", "GTE", "GT", "EQ", "NEQ"))
    },
    "LEAF": LEAF,
}


class _Finder:
    """Finds nodes by tree and number, of which there may be millions."""

    def __init__(self, trees: np.ndarray, ids: np.ndarray) -> None:
        self.trees, self.ids = distinct(trees), distinct(ids)
        count = min(len(trees), len(ids))
        keys = self._keys(trees[:count], ids[:count])
        self.order = np.argsort(keys, kind="stable")
        self.keys = keys[self.order]
        self.different = len(distinct(keys))

    def _keys(self, tree: np.ndarray, local: np.ndarray) -> np.ndarray:
        """Return one number for each pair, -1 where there is no such tree or number."""
        parts = []
        for known, wanted in ((self.trees, tree), (self.ids, local)):
            place = np.searchsorted(known, wanted)
            place[place == len(known)] = 0
            found = (
                known[place] == wanted if len(known) else np.zeros(len(wanted), bool)
            )
            parts.append(np.where(found, place, -1))
        missing = (parts[0] < 0) | (parts[1] < 0)
        return np.where(missing, -1, parts[0] * len(self.ids) + parts[1])

    def __call__(self, tree: np.ndarray, local: np.ndarray) -> np.ndarray:
        """Return the places of nodes in the lists, -1 for one that is not there."""
        if not len(self.keys) or len(tree) != len(local):
            return np.full(len(tree), -1, np.int64)
        keys = self._keys(tree, local)
        place = np.searchsorted(self.keys, keys)
        place[place == len(self.keys)] = 0
        return np.where(self.keys[place] == keys, self.order[place], -1)


def threshold_dtype(node: NodeContext) -> np.dtype:
    """Return the type that features are compared and votes are added in.

    float64 thresholds are also right for float32 features of unknown type.
    """
    narrow = node.dtype(0) in ("float32", "float16", "int32", "int64")
    return np.dtype(np.float32 if narrow else np.float64)


def tables_of(
    node: NodeContext, nodes: Nodes, votes: Votes, targets: int
) -> tuple[Tables, Votes]:
    """Build the tables, and number the votes' leaves as they do."""
    if targets < 1 or not ((votes.targets >= 0) & (votes.targets < targets)).all():
        raise node.unsupported(
            f"targets or classes: expected those below {targets} in the votes",
            "the model is not valid ONNX",
        )
    try:
        tables = build_tables(nodes)
        votes = votes.of(tables)
    except ValueError as error:
        raise node.unsupported(
            f"trees: {error}", "the model is not valid ONNX"
        ) from error
    # Of a single target's votes at a leaf, onnxruntime counts the first.
    return tables, votes.first_of_each_leaf() if targets == 1 else votes


def read_nodes(node: NodeContext, kind: str) -> tuple[Nodes, Votes]:
    """Read nodes_* and class_* or target_*, as of versions 1 and 3."""
    trees, ids = _ints(node, "nodes_treeids"), _ints(node, "nodes_nodeids")
    names = node.strings("nodes_modes", ())
    count = len(names)
    unknown = set(names) - _MODES.keys()
    if unknown:
        raise node.unsupported(f"nodes_modes: expected comparisons, got {unknown}")
    modes = np.array([_MODES[name] for name in names], np.int8)
    find = _Finder(trees, ids)
    features = _ints(node, "nodes_featureids")
    values = _numbers(node, "nodes_values")
    true, false = _ints(node, "nodes_truenodeids"), _ints(node, "nodes_falsenodeids")
    tracks = _flags(node, count)
    node.ignore("nodes_hitrates", "nodes_hitrates_as_tensor")  # how popular a node is
    columns = (trees, ids, features, values, true, false)
    if (
        not count
        or any(len(column) != count for column in columns)
        or (find.different != count)
    ):
        raise node.unsupported(
            f"nodes_*: expected {count or 'some'} different nodes in all lists",
            "the model is not valid ONNX",
        )
    leaf = modes == LEAF
    return (
        Nodes(
            modes,
            features,
            values,
            np.where(leaf, np.arange(count), find(trees, true)),
            np.where(leaf, np.arange(count), find(trees, false)),
            tracks,
            roots=np.flatnonzero(np.diff(trees, prepend=trees[0] - 1)),
        ),
        _read_votes(node, kind, find, leaf),
    )


def _read_votes(node: NodeContext, kind: str, find: Any, leaf: np.ndarray) -> Votes:
    """Read class_* or target_*; the votes of inner nodes are ignored."""
    trees, ids = _ints(node, f"{kind}_treeids"), _ints(node, f"{kind}_nodeids")
    targets, weights = _ints(node, f"{kind}_ids"), _numbers(node, f"{kind}_weights")
    if not len(trees) == len(ids) == len(targets) == len(weights):
        raise node.unsupported(
            f"{kind}_*: expected as many in all lists", "the model is not valid ONNX"
        )
    leaves = find(trees, ids)
    if (leaves < 0).any():
        raise node.unsupported(
            f"{kind}_nodeids: expected nodes of the tree", "the model is not valid ONNX"
        )
    return Votes(leaves, targets, weights).select(leaf[leaves])


def read_split_nodes(node: NodeContext) -> tuple[Nodes, Votes]:
    """Read nodes_* and leaf_*, as of version 5; leaves go after inner nodes here."""
    codes = node.tensor("nodes_modes").ravel().astype(np.int64)
    weights = node.tensor("leaf_weights").ravel().astype(threshold_dtype(node))
    splits = node.tensor("nodes_splits").ravel().astype(threshold_dtype(node))
    inner, outer = len(codes), len(weights)
    roots, targets = _ints(node, "tree_roots"), _ints(node, "leaf_targetids")
    features, tracks = _ints(node, "nodes_featureids"), _flags(node, inner)
    node.ignore("nodes_hitrates")
    children = []
    for side in ("true", "false"):
        ids, leaf = (
            _ints(node, f"nodes_{side}nodeids"),
            _ints(node, f"nodes_{side}leafs"),
        )
        if len(ids) != inner or len(leaf) != inner:
            raise _uneven(node)
        low, high = np.where(leaf, inner, 0), np.where(leaf, inner + outer, inner)
        found = ids + low
        children.append(np.where((found >= low) & (found < high), found, -1))
    if (
        not len(features) == len(splits) == inner
        or len(targets) != outer
        or not len(roots)
        or not ((roots >= 0) & (roots < inner)).all()
        or not ((codes >= 0) & (codes <= MEMBER)).all()
    ):
        raise _uneven(node)
    leaves = inner + np.arange(outer)
    nodes = Nodes(
        np.append(codes, np.full(outer, LEAF)).astype(np.int8),
        np.append(features, np.zeros(outer, np.int64)),
        np.append(splits, np.zeros(outer, splits.dtype)),
        np.append(children[0], leaves),
        np.append(children[1], leaves),
        np.append(tracks, np.zeros(outer, bool)),
        roots,
        _members(node, np.flatnonzero(codes == MEMBER), splits.dtype),
    )
    return nodes, Votes(leaves, targets, weights)


def _members(
    node: NodeContext, where: np.ndarray, dtype: np.dtype
) -> dict[int, np.ndarray]:
    """Return the members that each BRANCH_MEMBER node looks for; NaN ends a list."""
    values = node.tensor("membership_values", None)
    values = np.zeros(0) if values is None else values.ravel()
    lists = np.split(values.astype(dtype), np.flatnonzero(np.isnan(values)) + 1)
    if len(where) > len(lists):
        raise node.unsupported(
            f"membership_values: expected {counted(len(where), 'list')}, got {len(lists)}",
            "the model is not valid ONNX",
        )
    return dict(zip(where.tolist(), lists))


def _ints(node: NodeContext, name: str) -> np.ndarray:
    return node.array(name, np.int64)


def _numbers(node: NodeContext, name: str) -> np.ndarray:
    """Return a list of float32, or of float64 under the name with _as_tensor."""
    tensor = node.tensor(f"{name}_as_tensor", None)
    numbers = node.array(name, np.float32)
    if tensor is not None and tensor.size:
        numbers = tensor.ravel()
    return numbers.astype(threshold_dtype(node))


def _flags(node: NodeContext, count: int) -> np.ndarray:
    """Return nodes_missing_value_tracks_true, which may be too short."""
    flags = np.zeros(count, bool)
    given = _ints(node, "nodes_missing_value_tracks_true")[:count]
    flags[: len(given)] = given == 1
    return flags


def _uneven(node: NodeContext) -> Exception:
    return node.unsupported(
        "nodes_*, leaf_*: expected numbers of nodes and leaves, in lists of one length",
        "the model is not valid ONNX",
    )
