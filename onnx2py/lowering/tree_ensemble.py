"""Ensembles of decision trees.

1 -> 3: some attributes may be tensors of float64. 5 deprecates both operators in favor
of TreeEnsemble, which lays out its nodes otherwise. Where ONNX's text leaves something
open, the rules follow onnxruntime, also in its treatment of two classes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ir.program import Argument, Call
from ..kernels import tree_ensemble as trees
from ._ml import DOMAIN, POST_TRANSFORMS, class_labels, listed, post_transform
from ._tree_masks import leaf_masks
from ._tree_nodes import read_nodes, read_split_nodes, tables_of, threshold_dtype
from ._tree_tables import Tables
from ._tree_votes import Votes, by_target, dense_votes, named_targets
from .context import NodeContext
from .registry import lowers

AGGREGATES = ("AVERAGE", "SUM", "MIN", "MAX")
"""The order is the numbering of TreeEnsemble's aggregate_function."""


@lowers("TreeEnsembleRegressor", domain=DOMAIN)
def tree_ensemble_regressor(node: NodeContext) -> Call:
    """3: tensors of float64."""
    nodes, votes = read_nodes(node, "target")
    count = node.int("n_targets", 0)
    tables, votes = tables_of(node, nodes, votes, count)
    return _ensemble(
        node,
        tables,
        votes,
        count,
        node.choice("aggregate_function", "SUM", AGGREGATES),
        base_values=_base_values(node, (0, count)),
        post_transform=post_transform(node, count),
    )


@lowers("TreeEnsemble", since=5, domain=DOMAIN)
def tree_ensemble(node: NodeContext) -> Call:
    """Inner nodes and leaves are numbered apart; a node may look for set members."""
    nodes, votes = read_split_nodes(node)
    count = node.int("n_targets", 0)
    transform = node.int("post_transform", 0)
    function = node.int("aggregate_function", 1)
    if transform not in range(5) or function not in range(4):
        raise node.unsupported(
            f"post_transform {transform}, aggregate_function {function}: expected less"
        )
    tables, votes = tables_of(node, nodes, votes, count)
    name = POST_TRANSFORMS[transform]
    kind = node.tensor("leaf_weights").dtype
    return _ensemble(
        node,
        tables,
        votes,
        count,
        AGGREGATES[function],
        post_transform=name if count > 1 or name == "PROBIT" else "NONE",
        dtype=kind.type,
    )


@lowers("TreeEnsembleClassifier", domain=DOMAIN)
def tree_ensemble_classifier(node: NodeContext) -> Call:
    """3: tensors of float64."""
    nodes, votes = read_nodes(node, "class")
    labels = class_labels(node, "classlabels_int64s", "classlabels_strings")
    if not labels:
        raise node.unsupported(
            "class labels: expected some, got none", "the model is not valid ONNX"
        )
    tables, votes = tables_of(node, nodes, votes, len(labels))
    if len(labels) == 1:
        return _lone_class(node, tables, votes, labels[0])
    if len(labels) == 2:
        return _binary_classifier(node, tables, votes, labels)
    base = _base_values(node, (0, len(labels)))
    tables, table, groups = _lay_out(tables, votes, len(labels))
    named = None
    if groups == 1 and not base:
        named = named_targets(tables, votes, len(labels))
    return node.call(
        trees.tree_ensemble_classifier,
        node.input(0),
        **_walk_arguments(node, tables),
        votes=node.weight("votes", table),
        groups=groups,
        labels=listed(node, "labels", labels),
        named=None if named is None else node.weight("named", named),
        base_values=base,
        post_transform=post_transform(node, len(labels)),
        results=2,
    )


def _lone_class(
    node: NodeContext, tables: Tables, votes: Votes, label: int | str
) -> Call:
    """One class: a number is 1 or 0 in onnxruntime, which cannot do a string."""
    tables, table, groups = _lay_out(tables, votes, 1)
    base = _base_values(node, (0, 1))
    named = named_targets(tables, votes, 1) if base and groups == 1 else None
    return node.call(
        trees.tree_ensemble_single_class_classifier,
        node.input(0),
        **_walk_arguments(node, tables),
        votes=node.weight("votes", table),
        named=None if named is None else node.weight("named", named),
        base_values=base,
        labels=(label, label) if isinstance(label, str) else (0, 1),
        post_transform=post_transform(node, 1),
        results=2,
    )


def _binary_classifier(
    node: NodeContext, tables: Tables, votes: Votes, labels: tuple[Any, ...]
) -> Call:
    """Two classes, which onnxruntime decides by the score of one of them."""
    sides = set(votes.targets.tolist())
    cutoff = 0.5 if len(sides) == 1 and (votes.weights >= 0).all() else 0.0
    base = _base_values(node, (0, 1, 2))
    transform = post_transform(node, 2)
    table = dense_votes(tables, votes, 2)
    named = named_targets(tables, votes, 2) if len(sides) == 2 else None
    column = -1
    if len(sides) == 2 and not isinstance(labels[0], str):
        labels = (0, 1)  # onnxruntime gives these, whatever the labels are
    if named is not None and (base or transform == "PROBIT"):
        raise node.unsupported(
            "base_values, PROBIT: expected none where leaves do not name both classes",
            "export the model with a vote for each class at each leaf",
        )
    if sides == {0} and len(base) < 2:
        table = table[:, :1]
        if transform == "PROBIT":
            raise node.unsupported("PROBIT: expected votes for the second class")
    elif sides == {0}:  # the second class keeps out of it, and its base value too
        base, column = (base[0], 0.0), 0
    elif sides == {1}:  # the first class has no score, the second one no votes
        table, base = (0 * table, (0.0, base[1])) if len(base) == 2 else (table, ())
    elif len(base) == 2:  # the votes for the first class count, for the second one
        table = np.stack([-table[:, 0], table[:, 0]], axis=1)
        base = (-base[1], base[1])
    elif base:
        base = (base[0], 0.0)
    return node.call(
        trees.tree_ensemble_binary_classifier,
        node.input(0),
        **_walk_arguments(node, tables),
        votes=node.weight("votes", table),
        labels=listed(node, "labels", labels),
        named=None if named is None else node.weight("named", named[:, 1]),
        cutoff=cutoff,
        column=column,
        base_values=base,
        post_transform=transform,
        results=2,
    )


def _ensemble(
    node: NodeContext,
    tables: Tables,
    votes: Votes,
    count: int,
    function: str,
    **arguments: Any,
) -> Call:
    """Call the kernel for regression."""
    if function == "SUM":
        tables, table, groups = _lay_out(tables, votes, count)
    else:
        table, groups = dense_votes(tables, votes, count, function), 1
    named = None
    if groups == 1 and (function in ("MIN", "MAX") or arguments.get("base_values")):
        named = named_targets(tables, votes, count)
    return node.call(
        trees.tree_ensemble,
        node.input(0),
        **_walk_arguments(node, tables),
        votes=node.weight("votes", table),
        groups=groups,
        named=None if named is None else node.weight("named", named),
        aggregate_function=function,
        **arguments,
    )


def _lay_out(
    tables: Tables, votes: Votes, count: int
) -> tuple[Tables, np.ndarray, int]:
    """Return the tables, the votes and ``groups``: [L] where that is possible."""
    sorted_trees = by_target(tables, votes, count)
    if sorted_trees:
        return (*sorted_trees, count)
    return tables, dense_votes(tables, votes, count), 1


def _walk_arguments(node: NodeContext, tables: Tables) -> dict[str, Any]:
    """Return the arguments that say how to walk from the roots to the leaves."""
    return {
        "features": node.weight("features", tables.features),
        "thresholds": node.weight("thresholds", tables.thresholds),
        "children": node.weight("children", tables.children),
        "missing": (
            node.weight("missing", tables.missing) if tables.missing.any() else None
        ),
        "roots": node.weight("roots", tables.roots),
        "depth": tables.depth,
        "width": tables.width,
        "masks": _masks(node, tables),
    }


def _masks(node: NodeContext, tables: Tables) -> Argument:
    """Return the tables for many rows, if there are any."""
    masks = leaf_masks(tables)
    if masks is None:
        return None
    return (
        masks.columns,
        node.weight("bounds", masks.bounds),
        node.weight("masks", masks.table),
        node.weight("leaves", masks.leaves),
    )


def _base_values(node: NodeContext, lengths: tuple[int, ...]) -> tuple[float, ...]:
    """Return the base values, whose number must be one of ``lengths``."""
    base: tuple[float, ...] = node.floats("base_values", ())
    if threshold_dtype(node) == np.float64:
        base = tuple(np.array(base, np.float32).astype(float).tolist())
    tensor = node.tensor("base_values_as_tensor", None)
    if tensor is not None and tensor.size:
        base = tuple(tensor.ravel().tolist())
    if len(base) not in lengths:
        raise node.unsupported(
            f"base_values: expected {' or '.join(map(str, lengths))}, got {len(base)}",
            "the model is not valid ONNX",
        )
    return base
