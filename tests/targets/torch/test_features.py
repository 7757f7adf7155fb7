"""Twins for features and tokens give the numbers of their kernels."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from .support import Case, check, check_gradient, check_meta, twin

RANDOM = np.random.default_rng(0)


def draw(*shape: int) -> np.ndarray:
    return RANDOM.standard_normal(shape)


X, ROWS = draw(3, 4).astype(np.float32), np.array([[0, 0], [-1, -3], [2, -3.0]])
WITH_NAN = np.array([[np.nan, 1], [1, np.nan]], np.float32)
FOUR = np.array([1, 2, 3, 4], np.float32)
FEATURES = [
    Case("ml_features.scaler", (X,), {"offset": FOUR, "scale": 2.0}),
    Case("ml_features.scaler", (X.astype(np.float64),), {"offset": 0.1, "scale": FOUR}),
    Case("ml_features.scaler", (np.arange(4),), {"offset": 1.0}),
    *(
        Case("ml_features.normalizer", (x,), {"norm": norm})
        for norm in ("MAX", "L1", "L2")
        for x in (X, ROWS, ROWS[1], np.arange(6).reshape(2, 3), np.zeros((0, 3)))
    ),
    Case("ml_features.imputer", (WITH_NAN,), {"imputed_value": 3.0, "replaced_value": np.nan}),
    Case(
        "ml_features.imputer",
        (WITH_NAN,),
        {"imputed_value": np.array([5, 6], np.float32), "replaced_value": np.nan},
    ),
    Case(
        "ml_features.imputer",
        (np.array([[1, 2, 1]]),),
        {"imputed_value": np.array([7, 8]), "replaced_value": 1},
    ),
    Case("ml_features.binarizer", (X,), {"threshold": 0.5}),
    Case("ml_features.binarizer", (np.arange(4),)),
    Case("ml_features.array_feature_extractor", (X, (3, 0, 0))),
    Case("ml_features.array_feature_extractor", (X[0], np.array([[1, 2]]))),
    Case("ml_features.array_feature_extractor", (draw(2, 3, 4), 1)),
]  # fmt: skip


@pytest.mark.parametrize("case", FEATURES, ids=str)
def test_features(case: Case) -> None:
    check(case)
    if not isinstance(case.kwargs.get("imputed_value"), np.ndarray):
        check_meta(case)


def test_gradients() -> None:
    check_gradient(Case("text_tokens.cdist", (draw(3, 4), draw(2, 4))))


@pytest.mark.parametrize("squared", [False, True])
def test_distances(squared: bool) -> None:
    for a, b in (
        (draw(30, 4), draw(40, 4)),
        (draw(0, 2), draw(3, 2)),
        (draw(3, 2),) * 2,
    ):
        check(Case("text_tokens.cdist", (a, b), {"squared": squared}), atol=1e-7)
    half = draw(3, 2).astype(np.float16)
    check(Case("text_tokens.cdist", (half, half[1:]), {"squared": squared}), atol=1e-3)


@pytest.mark.parametrize("size", [1, 2, 3, 9])
def test_repeated_tokens(size: int) -> None:
    ids, scores = RANDOM.integers(0, 3, (5, 8)), draw(5, 3).astype(np.float32)
    case = Case("text_tokens.ngram_repeat_block", (ids, scores), {"ngram_size": size})
    check(case)
    check_meta(case)


def test_bifurcations() -> None:
    for seed in range(60):
        random = np.random.default_rng(seed)
        source, current = random.integers(0, 3, 7), random.integers(0, 3, 4)
        start = random.integers(0, 7)
        predicted = np.append(source[start:], 1)
        change = random.integers(0, len(predicted))
        predicted[change] = random.integers(0, 3)
        options = {"min_ngram_size": 1, "max_ngram_size": 3}
        for more in ((), (predicted,)):
            args = (source, current, np.array(start), *more)
            check(Case("text_tokens.bifurcation_detector", args, options))


def test_a_feature_that_is_not_there() -> None:
    with pytest.raises(IndexError):
        twin("ml_features.array_feature_extractor")(torch.ones(2, 3), 3)
