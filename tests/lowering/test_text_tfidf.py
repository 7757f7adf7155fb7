"""Rule of TfIdfVectorizer."""

import numpy as np
import pytest

from tests.support import check_against_onnxruntime, lowered

POOL = [2, 3, 5, 4, *(5, 6, 7, 8, 6, 7), *(2, 3, 5, 7, 8, 6)]
TABLES = {"ngram_counts": [0, 4, 10], "ngram_indexes": [2, 0, 1, 3, 8, 5, 6, 7, 4]}


def test_the_pool_becomes_weights():
    call = lowered(
        "TfIdfVectorizer",
        ["x"],
        opset=9,
        mode="TF",
        min_gram_length=1,
        max_gram_length=2,
        max_skip_count=0,
        pool_strings=["a", "b", "a", "b"],
        ngram_counts=[0, 2],
        ngram_indexes=[0, 1, 2],
    )
    assert call == (
        "ops.tfidf_vectorizer("
        "x, y.vocabulary, (y.grams_2,), (y.columns_1, y.columns_2), output_size=3)"
    )


@pytest.mark.parametrize("dtype", [np.int32, np.int64, object])
@pytest.mark.parametrize("mode", ["TF", "IDF", "TFIDF"])
@pytest.mark.parametrize("skips", [0, 1, 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_it_agrees(dtype, mode, skips, weighted):
    random = np.random.default_rng(0)
    options = TABLES | {"mode": mode, "max_skip_count": skips, "opset": 9}
    if weighted:
        options["weights"] = [n / 2 for n in range(1, 10)]
    if dtype is object:
        options["pool_strings"] = list(map(str, POOL))
    else:
        options["pool_int64s"] = POOL
    for shape in ((12,), (3, 12), (2, 0)):
        x = random.integers(1, 9, shape)
        x = x.astype(str).astype(object) if dtype is object else x.astype(dtype)
        for least, most in ((1, 1), (1, 2), (2, 2), (1, 3), (3, 3)):
            check_against_onnxruntime(
                "TfIdfVectorizer",
                [x],
                min_gram_length=least,
                max_gram_length=most,
                **options,
            )
