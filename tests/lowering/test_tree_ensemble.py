"""Rules of tree ensembles, compared with onnxruntime on random forests."""

import numpy as np
import pytest

from onnx2py import UnsupportedError
from onnx2py.ir.types import TensorType
from tests.support import (
    assert_same,
    check_against_onnxruntime,
    compute,
    lowered,
)

ML = "ai.onnx.ml"
MODES = ("LEQ", "LT", "GTE", "GT", "EQ", "NEQ")
FEATURES = 4


class Forest:
    """Grows random trees, as attributes of versions 1 and 3."""

    def __init__(self, seed, *, kind="class", modes=("LEQ",), trees=5, depth=4):
        self.r = np.random.default_rng(seed)
        self.kind, self.modes = kind, modes
        self.nodes, self.votes = [], []
        self.trees, self.depth = trees, depth

    def attributes(self, vote, *, positive=True, tracks=True, tensors=False):
        """``vote(tree, random)`` says for which classes a leaf of that tree votes."""
        for tree in range(self.trees):
            self.grow(tree, self.depth, vote, positive, tracks)
        names = (
            *("treeids", "nodeids", "featureids", "modes", "values"),
            *("missing_value_tracks_true", "truenodeids", "falsenodeids"),
        )
        found = {f"nodes_{n}": list(c) for n, c in zip(names, zip(*self.nodes))}
        names = ("treeids", "nodeids", "ids", "weights")
        found |= {f"{self.kind}_{n}": list(c) for n, c in zip(names, zip(*self.votes))}
        if tensors:
            for name in ("nodes_values", f"{self.kind}_weights"):
                found[f"{name}_as_tensor"] = np.array(found.pop(name), np.float64)
        return found

    def grow(self, tree, depth, vote, positive, tracks):
        number = sum(node[0] == tree for node in self.nodes)
        row = len(self.nodes)
        leaf = depth == 0 or self.r.random() < 0.1
        self.nodes.append((tree,))  # its place, until the children are known
        children = [0, 0]
        if leaf:
            for target in vote(tree, self.r):
                weight = self.r.random() / self.trees if positive else self.r.normal()
                weight = float(np.float32(weight))
                self.votes.append((tree, number, int(target), weight))
        else:
            rest = (depth - 1, vote, positive, tracks)
            children = [self.grow(tree, *rest) for _ in range(2)]
        mode = "LEAF" if leaf else f"BRANCH_{self.r.choice(self.modes)}"
        track = int(self.r.integers(2)) if tracks else 0
        feature, value = int(self.r.integers(FEATURES)), self.r.integers(-3, 4) / 2
        self.nodes[row] = (tree, number, feature, mode, float(value), track, *children)
        return number


VOTES = {
    "all classes": lambda count: lambda tree, r: range(count),
    "a class for each tree": lambda count: lambda tree, r: [tree % count],
    "some classes": lambda count: (
        lambda tree, r: r.permutation(count)[: 1 + r.integers(count)]
    ),
    "the first class": lambda count: lambda tree, r: [0],
    "the last class": lambda count: lambda tree, r: [count - 1],
}


def rows(seed, dtype=np.float32, *, nan=False, count=25):
    """Rows that often hit the thresholds exactly; enough that masks are used, if any."""
    r = np.random.default_rng(seed)
    x = r.integers(-6, 7, size=(count, FEATURES)) / 2
    x += (r.random(x.shape) < 0.3) * r.normal(size=x.shape) * 0.01
    if np.dtype(dtype).kind == "f":
        x[r.random(x.shape) < 0.05] = np.inf
        x[r.random(x.shape) < 0.05] = -np.inf
        if nan:
            x[r.random(x.shape) < 0.2] = np.nan
    return x.astype(dtype)


# ------------------------------------------------------------------------ one line each


STUMP = {
    "nodes_treeids": [0, 0, 0],
    "nodes_nodeids": [0, 1, 2],
    "nodes_featureids": [2, 0, 0],
    "nodes_modes": ["BRANCH_LEQ", "LEAF", "LEAF"],
    "nodes_values": [0.5, 0.0, 0.0],
    "nodes_truenodeids": [1, 0, 0],
    "nodes_falsenodeids": [2, 0, 0],
}
TARGETS = {
    "target_treeids": [0, 0],
    "target_nodeids": [1, 2],
    "target_ids": [0, 0],
    "target_weights": [3.0, 4.0],
}
CLASSES = {name.replace("target", "class"): v for name, v in TARGETS.items()}
FLOAT = {"x": TensorType("float32", (None, 4))}


def test_a_tree_is_one_call_with_tables():
    assert lowered(
        "TreeEnsembleRegressor",
        ["x"],
        opset=3,
        domain=ML,
        types=FLOAT,
        n_targets=1,
        base_values=[0.1],
        **STUMP,
        **TARGETS,
    ) == (
        "ops.tree_ensemble(x, features=y.features, thresholds=y.thresholds, "
        "children=y.children, roots=y.roots, votes=y.votes, depth=1, width=3, "
        "masks=(((2, 1),), y.bounds, y.masks, y.leaves), base_values=(0.1,))"
    )


def test_two_classes_are_decided_by_one_score():
    call = lowered(
        "TreeEnsembleClassifier",
        ["x"],
        ["y", "z"],
        opset=3,
        domain=ML,
        types=FLOAT,
        classlabels_strings=["no", "yes"],
        post_transform="LOGISTIC",
        **STUMP,
        **CLASSES,
    )
    assert call.startswith("ops.tree_ensemble_binary_classifier(x, ")
    assert "labels=('no', 'yes')" in call
    assert call.endswith("cutoff=0.5, post_transform='LOGISTIC')")


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"nodes_truenodeids": [7, 0, 0]}, "each child to be a node"),
        ({"nodes_truenodeids": [0, 0, 0]}, "its own child"),
        ({"nodes_modes": ["BRANCH_FOO", "LEAF", "LEAF"]}, "BRANCH_FOO"),
        ({"nodes_values": [0.5, 0.0]}, "in all lists"),
        ({"target_ids": [0, 1]}, "below 1"),
        ({"target_nodeids": [1, 1]}, "a leaf without one"),
        ({"target_nodeids": [1, 9]}, "nodes of the tree"),
        ({"target_weights": [1.0]}, "as many in all lists"),
        ({"base_values": [1.0, 2.0]}, "base_values: expected 0 or 1, got 2"),
        ({"post_transform": "softmax"}, "post_transform"),
    ],
)
def test_what_is_no_tree_is_reported(changes, message):
    attributes = {**STUMP, **TARGETS, "n_targets": 1, **changes}
    with pytest.raises(UnsupportedError, match=message):
        lowered(
            "TreeEnsembleRegressor",
            ["x"],
            opset=1,
            domain=ML,
            types=FLOAT,
            **attributes,
        )


def test_a_ring_is_reported():
    ring = {
        **STUMP,
        "nodes_modes": ["BRANCH_LEQ", "BRANCH_LEQ", "LEAF"],
        "nodes_truenodeids": [1, 0, 0],
        "nodes_falsenodeids": [2, 2, 0],
        "target_treeids": [0],
        "target_nodeids": [2],
        "target_ids": [0],
        "target_weights": [1.0],
    }
    with pytest.raises(UnsupportedError, match="its own ancestor"):
        lowered("TreeEnsembleRegressor", ["x"], opset=1, domain=ML, n_targets=1, **ring)


def test_too_few_features_are_an_error():
    with pytest.raises(ValueError, match="expected 3 features or more, got 2"):
        compute(
            "TreeEnsembleRegressor",
            [np.zeros((1, 2), np.float32)],
            opset=1,
            domain=ML,
            n_targets=1,
            **STUMP,
            **TARGETS,
        )


# ------------------------------------------------------------------------ classification


def check_classifier(count, x, attributes, *, opset=1, strings=False, **options):
    labels = {"classlabels_int64s": [3 + 2 * i for i in range(count)]}
    if strings:
        labels = {"classlabels_strings": [f"class {i}" for i in range(count)]}
    check_against_onnxruntime(
        "TreeEnsembleClassifier",
        [x],
        opset=opset,
        domain=ML,
        outputs=2,
        **labels,
        **attributes,
        **options,
    )


@pytest.mark.parametrize("votes", VOTES)
@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("positive", [True, False])
@pytest.mark.parametrize("transform", ["NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO"])
def test_classifiers_agree(votes, count, positive, transform):
    attributes = Forest(count).attributes(VOTES[votes](count), positive=positive)
    check_classifier(
        count, rows(1), attributes, strings=positive, post_transform=transform
    )


@pytest.mark.parametrize("votes", ["all classes", "the first class", "the last class"])
@pytest.mark.parametrize("base", [[0.125], [0.125, 0.25], [0.1, -0.2, 0.3]])
@pytest.mark.parametrize("transform", ["NONE", "SOFTMAX"])
def test_classifiers_with_base_values_agree(votes, base, transform):
    count = max(2, len(base))
    attributes = Forest(3).attributes(VOTES[votes](count), positive=False)
    attributes |= {"base_values": base, "post_transform": transform}
    check_classifier(count, rows(2), attributes)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, np.int64])
def test_comparisons_agree(mode, dtype):
    attributes = Forest(5, modes=[mode]).attributes(VOTES["all classes"](3))
    check_classifier(3, rows(3, dtype, nan=True, count=40), attributes)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("tensors", [False, True])
def test_mixed_comparisons_agree(seed, tensors):
    forest = Forest(seed, modes=MODES, depth=5)
    attributes = forest.attributes(VOTES["all classes"](3), tensors=tensors)
    dtype = np.float64 if tensors else np.float32
    check_classifier(3, rows(seed, dtype, nan=True, count=40), attributes, opset=3)


@pytest.mark.parametrize("trees", [1, 2, 7])
def test_trees_of_one_class_each_agree(trees):
    """Where the classes have different numbers of trees, too, or none at all."""
    attributes = Forest(1, trees=trees).attributes(VOTES["a class for each tree"](3))
    check_classifier(3, rows(1, count=30), attributes)


@pytest.mark.parametrize("shape", [(0, FEATURES), (1, FEATURES)])
@pytest.mark.parametrize("count", [2, 3])
def test_few_rows_agree(shape, count):
    attributes = Forest(2).attributes(VOTES["all classes"](count))
    check_classifier(count, np.resize(rows(4), shape), attributes)


def test_a_vector_is_one_row():
    """onnxruntime takes vectors of one feature only."""
    attributes = {**STUMP, **TARGETS, "n_targets": 1}
    x = np.array([0.0, 0.0, 0.75], np.float32)
    found = compute("TreeEnsembleRegressor", [x], opset=1, domain=ML, **attributes)
    assert_same(found, [np.array([[4.0]], np.float32)])


def test_draws_agree():
    """Votes of a twentieth each: sums are near a half, and must round alike."""
    attributes = Forest(0, trees=20, depth=1).attributes(VOTES["the first class"](2))
    weights = np.zeros(len(attributes["class_ids"]), np.float32)
    weights[::2] = 0.05
    attributes["class_weights"] = weights.tolist()
    x = rows(0, count=45)  # of more rows onnxruntime adds in another order
    for row in (x, x[:1]):
        check_classifier(2, row, attributes)


def test_more_rows_than_a_block_agree():
    attributes = Forest(0, trees=3).attributes(VOTES["all classes"](3))
    x = rows(0, count=30_000)
    label, _ = compute(
        "TreeEnsembleClassifier",
        [x],
        opset=1,
        domain=ML,
        outputs=2,
        classlabels_int64s=[0, 1, 2],
        **attributes,
    )
    assert label.shape == (30_000,)
    check_classifier(3, x, attributes)


@pytest.mark.parametrize(
    "votes, options, message",
    [
        ("the first class", {"post_transform": "PROBIT"}, "PROBIT"),
        ("some classes", {"base_values": [0.5]}, "base_values"),
    ],
)
def test_what_onnxruntime_leaves_open_is_reported(votes, options, message):
    attributes = Forest(2).attributes(VOTES[votes](2))
    with pytest.raises(UnsupportedError, match=message):
        check_classifier(2, rows(0), attributes, **options)


@pytest.mark.parametrize("base", [[], [0.25], [-0.75]])
@pytest.mark.parametrize("transform", ["NONE", "LOGISTIC", "SOFTMAX", "PROBIT"])
@pytest.mark.parametrize("positive", [True, False])
@pytest.mark.parametrize("version, tensors", [(1, False), (3, True)])
def test_a_single_class_agrees(version, tensors, positive, transform, base):
    """A forest trained on one class; its label is 1 or 0 in onnxruntime, whatever it is."""
    forest = Forest(2, trees=4)
    vote = VOTES["all classes"](1)
    attributes = forest.attributes(vote, positive=positive, tensors=tensors)
    options = {"post_transform": transform, "classlabels_int64s": [7]}
    if base and not tensors:
        options["base_values"] = base
    if tensors:
        options["base_values_as_tensor"] = np.array(base, np.float64)
    x = rows(0).astype(np.float64 if tensors else np.float32)
    # The probit of scores near a half is a small difference of large logarithms.
    options |= {"rtol": 1e-5, "atol": 2e-5, **attributes}
    operator = "TreeEnsembleClassifier"
    check_against_onnxruntime(
        operator, [x], opset=version, domain=ML, outputs=2, **options
    )


def test_a_single_class_with_a_string_for_a_label():
    """onnxruntime ends: it reads a second label."""
    attributes = Forest(2).attributes(VOTES["all classes"](1), positive=False)
    options = {"classlabels_strings": ["only"], **attributes}
    node = {"opset": 3, "domain": ML, "outputs": 2}
    label, scores = compute("TreeEnsembleClassifier", [rows(0)], **node, **options)
    assert set(label.tolist()) == {"only"} and scores.shape == (len(label), 1)
    numbers = {"classlabels_int64s": [0], **attributes}
    _, same = compute("TreeEnsembleClassifier", [rows(0)], **node, **numbers)
    assert_same([scores], [same])


def test_no_class_is_reported():
    attributes = Forest(2).attributes(VOTES["all classes"](1))
    with pytest.raises(UnsupportedError, match="class labels: expected some, got none"):
        compute("TreeEnsembleClassifier", [rows(0)], opset=3, domain=ML, **attributes)


# ------------------------------------------------------------------------ regression


@pytest.mark.parametrize("function", ["SUM", "AVERAGE", "MIN", "MAX"])
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(
    "votes", ["all classes", "a class for each tree", "some classes"]
)
@pytest.mark.parametrize("based", [False, True])
def test_regressors_agree(function, count, votes, based):
    forest = Forest(7, kind="target", modes=MODES)
    attributes = forest.attributes(VOTES[votes](count), positive=False)
    if based:
        attributes["base_values"] = [0.1, 0.2, -0.3][:count]
    check_against_onnxruntime(
        "TreeEnsembleRegressor",
        [rows(6, nan=True)],
        opset=1,
        domain=ML,
        n_targets=count,
        aggregate_function=function,
        **attributes,
    )


@pytest.mark.parametrize(
    "transform", ["NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO", "PROBIT"]
)
@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_transforms_of_regressors_agree(transform, count, dtype):
    forest = Forest(7, kind="target")
    tensors = dtype == np.float64
    attributes = forest.attributes(VOTES["all classes"](count), tensors=tensors)
    # PROBIT cancels near a half; onnxruntime computes it in float32.
    tolerance = {"atol": 2e-3} if transform == "PROBIT" else {}
    check_against_onnxruntime(
        "TreeEnsembleRegressor",
        [rows(6, dtype)],
        opset=3,
        domain=ML,
        n_targets=count,
        post_transform=transform,
        **attributes,
        **tolerance,
    )


def test_integers_count_as_float32():
    """onnxruntime has no such kernel: 2 ** 24 + 1 is the same float32 as 2 ** 24."""
    x = np.array([[0, 0, 2**24 + 1], [0, 0, 2**24 + 2]])
    attributes = {**STUMP, **TARGETS, "nodes_values": [2.0**24, 0.0, 0.0]}
    y = compute(
        "TreeEnsembleRegressor", [x], opset=1, domain=ML, n_targets=1, **attributes
    )
    assert_same(y, [np.array([[3.0], [4.0]], np.float32)])


# ------------------------------------------------------------------------ TreeEnsemble


def split_forest(seed, *, modes, targets=2, dtype=np.float32, trees=4, members=6):
    """Grow random trees as attributes of version 5."""
    r = np.random.default_rng(seed)
    names = ("featureids", "modes", "splits", "missing_value_tracks_true")
    sides = ("truenodeids", "trueleafs", "falsenodeids", "falseleafs")
    nodes = {f"nodes_{name}": [] for name in (*names, *sides)}
    leaves, sets, roots = [], [], []

    def grow(depth):
        number = len(nodes["nodes_modes"])
        mode = int(r.choice(modes))
        drawn = (r.integers(FEATURES), mode, r.integers(-3, 4) / 2, r.integers(2))
        for name, value in zip(names, drawn):
            nodes[f"nodes_{name}"].append(
                float(value) if name == "splits" else int(value)
            )
        for name in sides:
            nodes[f"nodes_{name}"].append(0)
        if mode == 6:
            some = 1 + r.permutation(members)[: r.integers(1, members + 1)]
            sets.extend([*map(float, some), np.nan])
        for side in ("true", "false"):
            leaf = depth == 1 or r.random() < 0.2
            if leaf:
                leaves.append((int(r.integers(targets)), float(r.normal())))
            child = len(leaves) - 1 if leaf else grow(depth - 1)
            nodes[f"nodes_{side}nodeids"][number] = child
            nodes[f"nodes_{side}leafs"][number] = int(leaf)
        return number

    roots = [grow(4) for _ in range(trees)]
    return {
        **nodes,
        "tree_roots": roots,
        "n_targets": targets,
        "nodes_modes": np.array(nodes["nodes_modes"], np.uint8),
        "nodes_splits": np.array(nodes["nodes_splits"], dtype),
        "leaf_targetids": [target for target, _ in leaves],
        "leaf_weights": np.array([weight for _, weight in leaves], dtype),
        **({"membership_values": np.array(sets, dtype)} if sets else {}),
    }


def some_integers(seed, dtype, nan):
    """Rows where every other number is whole and none is infinite."""
    x = rows(seed, dtype, nan=nan)
    x[::2] = np.round(x[::2])
    return np.where(np.isinf(x), dtype(3), x)


@pytest.mark.parametrize("modes", [[0], [1], [2], [3], [4], [5], [6], range(7)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("nan", [False, True])
def test_tree_ensembles_agree(modes, dtype, nan):
    check_against_onnxruntime(
        "TreeEnsemble",
        [some_integers(8, dtype, nan)],
        opset=5,
        domain=ML,
        **split_forest(9, modes=modes, dtype=dtype),
    )


@pytest.mark.parametrize("function", range(4))
@pytest.mark.parametrize("transform", range(4))
@pytest.mark.parametrize("targets", [1, 3])
def test_tree_ensembles_are_aggregated_and_transformed(function, transform, targets):
    """The numbers for SOFTMAX and LOGISTIC are onnxruntime's, not those of the text."""
    check_against_onnxruntime(
        "TreeEnsemble",
        [some_integers(1, np.float32, False)],
        opset=5,
        domain=ML,
        aggregate_function=function,
        post_transform=transform,
        **split_forest(2, modes=range(7), targets=targets),
    )


MEMBERS = {
    "nodes_featureids": [0],
    "nodes_modes": np.array([6], np.uint8),
    "nodes_splits": np.array([0.0], np.float32),
    "nodes_truenodeids": [0],
    "nodes_trueleafs": [1],
    "nodes_falsenodeids": [1],
    "nodes_falseleafs": [1],
    "tree_roots": [0],
    "n_targets": 1,
    "leaf_targetids": [0, 0],
    "leaf_weights": np.array([1.0, 0.0], np.float32),
}


LEQ = np.array([0], np.uint8)


@pytest.mark.parametrize("track", [0, 1])
@pytest.mark.parametrize("count", [0, 1, 2, 7, 80])
def test_membership_is_exact(track, count):
    """Hand-made: onnxruntime 1.32 knows positive integers only, and errs in large sets."""
    r = np.random.default_rng(count)
    members = np.unique(r.normal(size=count).astype(np.float32))
    if count > 2:
        members[:2] = -np.inf, np.nextafter(members[2], np.float32(-np.inf))
    near = [np.nextafter(members, np.float32(s)) for s in (-np.inf, np.inf)]
    x = np.concatenate(
        [members, *near, np.array([np.inf, -np.inf, np.nan], np.float32)]
    )
    (y,) = compute(
        "TreeEnsemble",
        [x[:, None]],
        opset=5,
        domain=ML,
        nodes_missing_value_tracks_true=[track],
        membership_values=np.append(members, np.float32(np.nan)),
        **MEMBERS,
    )
    expected = np.where(np.isnan(x), track, np.isin(x, members))
    assert_same(y, expected.astype(np.float32)[:, None])


def test_half_precision_goes_through_float32():
    """onnxruntime has no kernel for float16."""
    x = np.array([[1.0], [1.001]], np.float16)
    halves = {
        name: (
            value.astype(np.float16)
            if name in ("nodes_splits", "leaf_weights")
            else value
        )
        for name, value in MEMBERS.items()
    }
    halves |= {
        "nodes_modes": np.array([0], np.uint8),
        "nodes_splits": np.ones(1, np.float16),
    }
    (y,) = compute("TreeEnsemble", [x], opset=5, domain=ML, **halves)
    assert_same(y, np.array([[1.0], [0.0]], np.float16))


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"nodes_truenodeids": [2], "nodes_modes": LEQ}, "each child to be a node"),
        ({"nodes_featureids": []}, "lists of one length"),
        ({"nodes_trueleafs": []}, "lists of one length"),
        ({"tree_roots": [1]}, "lists of one length"),
        ({"post_transform": 5}, "post_transform 5"),
    ],
)
def test_what_is_no_tree_ensemble_is_reported(changes, message):
    with pytest.raises(UnsupportedError, match=message):
        lowered("TreeEnsemble", ["x"], opset=5, domain=ML, **{**MEMBERS, **changes})


def test_too_few_sets_are_reported():
    two = {
        **MEMBERS,
        **{k: v * 2 for k, v in MEMBERS.items() if isinstance(v, list) and k[0] == "n"},
        "nodes_modes": np.array([6, 6], np.uint8),
        "nodes_splits": np.zeros(2, np.float32),
    }
    with pytest.raises(UnsupportedError, match="expected 2 lists, got 1"):
        lowered("TreeEnsemble", ["x"], opset=5, domain=ML, **two)


@pytest.mark.parametrize("depth", [1, 3, 5, 7])
@pytest.mark.parametrize("nan", [False, True])
@pytest.mark.parametrize("modes", [("LEQ",), MODES])
def test_a_row_gets_the_same_alone_and_among_many(depth, nan, modes):
    """Alone it walks; among many, masks find the leaves of trees that are small."""
    for seed in range(6):
        forest = Forest(seed, kind="target", modes=modes, depth=depth, trees=7)
        given = forest.attributes(VOTES["all classes"](2))
        x = rows(seed, nan=nan, count=40)
        options = {"domain": ML, "opset": 3, "n_targets": 2, **given}
        call = lowered("TreeEnsembleRegressor", ["x"], types=FLOAT, **options)
        large = depth == 7 or (depth > 2 and modes == MODES)
        assert large or "masks=" in call
        (many,) = compute("TreeEnsembleRegressor", [x], **options)
        for i, row in enumerate(x):
            (alone,) = compute("TreeEnsembleRegressor", [row[None]], **options)
            np.testing.assert_array_equal(many[i], alone[0])


def test_a_leaf_with_two_parents_has_a_bit_for_each():
    shared = {**STUMP, "nodes_truenodeids": [1, 0, 0], "nodes_falsenodeids": [1, 0, 0]}
    call = lowered(
        "TreeEnsembleRegressor",
        ["x"],
        opset=3,
        domain=ML,
        types=FLOAT,
        n_targets=1,
        **shared,
        **TARGETS,
    )
    assert "masks=" in call
    options = {"domain": ML, "opset": 3, "n_targets": 1, **shared, **TARGETS}
    (y,) = compute("TreeEnsembleRegressor", [rows(0)], **options)
    np.testing.assert_array_equal(y, np.full((25, 1), 3))
