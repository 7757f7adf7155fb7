"""Numbers of tree ensembles."""

import numpy as np
import pytest

from onnx2py.kernels import _tree_walk, tree_ensemble
from onnx2py.kernels._tree_walk import find_leaves

# x[1] <= 0.5 ? (x[0] <= 2 ? leaf 0 : leaf 1) : leaf 2, and a tree that is leaf 2.
WALK = {
    "features": np.array([0, 0, 0, 1, 0]),
    "thresholds": np.array([np.nan, np.nan, np.nan, 0.5, 2.0], np.float32),
    "children": np.array([0, 0, 1, 1, 2, 2, 2, 4, 1, 0]),
    "roots": np.array([3, 2]),
    "depth": 2,
    "width": 2,
}
X = np.array([[1, 0], [3, 0.5], [0, 0.75], [np.nan, 0]], np.float32)


def ensemble(votes, **options):
    votes = np.array(votes, np.float32)
    return tree_ensemble.tree_ensemble(X, votes=votes, **{**WALK, **options}).tolist()


def test_votes_are_added():
    assert ensemble([1, 10, 100]) == [[101], [110], [200], [110]]


def test_missing_values_may_go_to_the_then_child():
    missing = np.array([False, False, False, False, True])
    assert ensemble([1, 10, 100], missing=missing)[3] == [101]


def test_each_tree_may_speak_of_one_target():
    assert ensemble([1, 10, 100], groups=2)[:2] == [[1, 100], [10, 100]]


@pytest.mark.parametrize(
    "function, expected", [("AVERAGE", 50.5), ("MIN", 1), ("MAX", 100)]
)
def test_votes_are_aggregated(function, expected):
    found = ensemble([[1], [10], [100]], aggregate_function=function)
    assert found[0] == [expected]


def test_targets_that_nobody_names_are_zero():
    named = np.array([[True, False], [True, False], [True, True]])
    votes = [[1, 0], [10, 0], [100, 7]]
    options = {"named": named, "base_values": (0.5, 0.5), "roots": np.array([3])}
    assert ensemble(votes, **options)[:3] == [[1.5, 0], [10.5, 0], [100.5, 7.5]]


def test_the_first_class_wins_a_draw():
    label, scores = tree_ensemble.tree_ensemble_classifier(
        X,
        votes=np.array([[1, 0], [0, 1], [2, 2]], np.float32),
        labels=("a", "b"),
        **WALK,
    )
    assert label.tolist() == ["a", "b", "a", "b"]
    assert label.dtype == object
    assert scores.tolist() == [[3, 2], [2, 3], [4, 4], [2, 3]]


def test_a_class_that_nobody_names_cannot_win():
    label, _ = tree_ensemble.tree_ensemble_classifier(
        X[:1],
        votes=np.array([[-1, 0], [0, 0], [-1, 0]], np.float32),
        named=np.array([[True, False], [True, True], [True, False]]),
        labels=(7, 8),
        **WALK,
    )
    assert label.tolist() == [7]
    assert label.dtype == np.int64


def test_two_classes_share_one_score():
    label, scores = tree_ensemble.tree_ensemble_binary_classifier(
        X[:3],
        votes=np.array([[0.25], [0.5], [0.125]], np.float32),
        labels=(7, 8),
        cutoff=0.5,
        **WALK,
    )
    assert label.tolist() == [7, 8, 7]
    assert scores.tolist() == [[0.625, 0.375], [0.375, 0.625], [0.75, 0.25]]


def forest(trees: int, depth: int, seed: int = 0):
    """Full trees: leaves first, then the nodes of each tree, level by level."""
    rng = np.random.default_rng(seed)
    leaves, inner = trees << depth, (1 << depth) - 1
    count = leaves + trees * inner
    children = np.repeat(np.arange(count), 2)
    roots = leaves + inner * np.arange(trees)
    for tree, root in enumerate(roots.tolist()):
        for i in range(2 * inner):
            last = i - inner + 1  # of the children of the last level, the i-th
            child = tree << depth | last if last >= 0 else root + i + 1
            children[2 * root + i] = child
    return {
        "features": rng.integers(0, 5, count),
        "thresholds": rng.normal(size=count).astype(np.float32),
        "children": children,
        "roots": roots,
        "depth": depth,
        "width": 5,
        "missing": rng.random(count) < 0.5,
    }


@pytest.mark.parametrize("rows", [0, 1, 3, 15])
def test_both_ways_to_the_leaves_agree_with_a_plain_walk(rows, monkeypatch):
    tables = forest(4, 3)
    x = np.random.default_rng(1).normal(size=(rows, 5)).astype(np.float32)
    x[::2, 1] = np.nan
    expected = np.zeros((4, rows), int)
    for t, root in enumerate(tables["roots"].tolist()):
        for n, row in enumerate(x.tolist()):
            node = root
            for _ in range(3):
                value = row[tables["features"][node]]
                then = value <= tables["thresholds"][node] or (
                    np.isnan(value) and tables["missing"][node]
                )
                node = tables["children"][2 * node + int(then)]
            expected[t, n] = node
    for few in (1 << 20, 0):
        monkeypatch.setattr(_tree_walk, "FEW_NODES", few)
        (found,) = find_leaves(x, **tables)
        assert found.tolist() == expected.tolist()
