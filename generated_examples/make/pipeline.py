"""A scikit-learn pipeline as skl2onnx writes it: a scaler, a random forest, a ZipMap.

The forest is grown here, by a few lines of NumPy, from invented weather with a fixed seed:
what to do on a day of some temperature, wind, rain and cloud.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

ML, OPSET, ML_OPSET = "ai.onnx.ml", 17, 3
LABELS = ("read", "swim", "walk")
TREES, DEPTH, DAYS = 5, 4, 400

Array = NDArray[Any]
Nodes = list[dict[str, Any]]


def make_model() -> onnx.ModelProto:
    """Grow the forest and write the pipeline."""
    rng = np.random.default_rng(3)
    tenths, labels = _weather(rng)
    # Whole numbers add up exactly: the same forest grows on every machine.
    total, squares = tenths.sum(0), (tenths**2).sum(0)
    deviation = np.sqrt(DAYS * squares - total**2) / DAYS
    offset = (total / DAYS / 10).astype(np.float32)
    scale = (10 / deviation).astype(np.float32)

    scaled = (tenths.astype(np.float32) / np.float32(10) - offset) * scale

    forest: list[Nodes] = []
    for _ in range(TREES):
        chosen = rng.integers(0, DAYS, DAYS)
        nodes: Nodes = []
        _grow(nodes, scaled[chosen], labels[chosen], DEPTH)
        forest.append(nodes)
    return _pipeline(offset, scale, forest)


def make_inputs() -> list[Array]:
    """Return six days to decide about."""
    tenths, _ = _weather(np.random.default_rng(4))
    return [tenths[:6].astype(np.float32) / np.float32(10)]


def _weather(rng: np.random.Generator) -> tuple[Array, Array]:
    """Return days as temperature, wind, rain and cloud, in tenths, and what was done."""
    days = rng.integers((0, 0, 0, 0), (350, 600, 200, 1000), (DAYS, 4))
    temperature, wind, rain, cloud = days.T
    pleasant = (rain < 60) & (wind < 400)
    labels = np.where(pleasant & (temperature > 100), 2, 0)
    labels[pleasant & (temperature > 230) & (cloud < 700)] = 1
    odd = rng.integers(0, 12, DAYS) == 0  # people do not always do the sensible thing
    labels[odd] = rng.integers(0, 3, int(odd.sum()))
    return days, labels


# ---------------------------------------------------------------------- growing


def _grow(nodes: Nodes, x: Array, labels: Array, depth: int) -> int:
    """Append the tree of these samples; return the number of its root."""
    number = len(nodes)
    counts = np.bincount(labels, minlength=len(LABELS))
    nodes.append({"mode": "LEAF", "share": counts / counts.sum()})
    best = _best_split(x, labels) if depth and np.count_nonzero(counts) > 1 else None
    if best is not None:
        feature, threshold = best
        low = x[:, feature] <= threshold
        true = _grow(nodes, x[low], labels[low], depth - 1)
        false = _grow(nodes, x[~low], labels[~low], depth - 1)
        nodes[number] = {
            "mode": "BRANCH_LEQ",
            "feature": feature,
            "threshold": threshold,
            "true": true,
            "false": false,
        }
    return number


def _best_split(x: Array, labels: Array) -> tuple[int, float] | None:
    """Return the feature and threshold that leave the least Gini impurity."""
    best, found = np.inf, None
    is_label = labels[:, None] == np.arange(len(LABELS))
    for feature in range(x.shape[1]):
        order = np.argsort(x[:, feature], kind="stable")
        values = x[order, feature]
        below = np.cumsum(is_label[order], 0)[:-1]
        above = is_label.sum(0) - below
        size = np.arange(1, len(x))
        impurity = -((below**2).sum(1) / size + (above**2).sum(1) / size[::-1])
        impurity[values[1:] <= values[:-1]] = np.inf
        place = int(np.argmin(impurity)) if len(impurity) else 0
        if len(impurity) and impurity[place] < best:
            best = impurity[place]
            found = feature, float((values[place] + values[place + 1]) / np.float32(2))
    return found


# ---------------------------------------------------------------------- writing


def _pipeline(offset: Array, scale: Array, forest: list[Nodes]) -> onnx.ModelProto:
    nodes = [
        helper.make_node(
            "Scaler",
            ["weather"],
            ["scaled"],
            "scaler",
            domain=ML,
            offset=offset.tolist(),
            scale=scale.tolist(),
        ),
        helper.make_node(
            "TreeEnsembleClassifier",
            ["scaled"],
            ["activity", "scores"],
            "forest",
            domain=ML,
            classlabels_strings=LABELS,
            post_transform="NONE",
            **_tables(forest),
        ),
        helper.make_node(
            "ZipMap",
            ["scores"],
            ["probabilities"],
            "zipmap",
            domain=ML,
            classlabels_strings=LABELS,
        ),
    ]
    number = helper.make_tensor_type_proto(TensorProto.FLOAT, [])
    mapping = helper.make_map_type_proto(TensorProto.STRING, number)
    graph = helper.make_graph(
        nodes,
        "pipeline",
        [helper.make_tensor_value_info("weather", TensorProto.FLOAT, ["days", 4])],
        [
            helper.make_tensor_value_info("activity", TensorProto.STRING, ["days"]),
            helper.make_value_info(
                "probabilities", helper.make_sequence_type_proto(mapping)
            ),
        ],
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(ML, ML_OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    model.producer_name = "generated_examples.make.pipeline"
    return model


def _tables(forest: list[Nodes]) -> dict[str, Any]:
    """Lay the trees out as the operator's parallel lists; trees average by their weights."""
    rows = [
        (t, i, node) for t, nodes in enumerate(forest) for i, node in enumerate(nodes)
    ]
    leaves = [
        (tree, i, label, float(np.float32(share / TREES)))
        for tree, i, node in rows
        if node["mode"] == "LEAF"
        for label, share in enumerate(node["share"])
    ]
    return {
        "nodes_treeids": [tree for tree, _, _ in rows],
        "nodes_nodeids": [i for _, i, _ in rows],
        "nodes_modes": [node["mode"] for _, _, node in rows],
        "nodes_featureids": [node.get("feature", 0) for _, _, node in rows],
        "nodes_values": [float(node.get("threshold", 0)) for _, _, node in rows],
        "nodes_truenodeids": [node.get("true", 0) for _, _, node in rows],
        "nodes_falsenodeids": [node.get("false", 0) for _, _, node in rows],
        "nodes_hitrates": [1.0 for _ in rows],
        "nodes_missing_value_tracks_true": [0 for _ in rows],
        "class_treeids": [leaf[0] for leaf in leaves],
        "class_nodeids": [leaf[1] for leaf in leaves],
        "class_ids": [leaf[2] for leaf in leaves],
        "class_weights": [leaf[3] for leaf in leaves],
    }
