"""Rules of onnxruntime's operators on tokens, words and rows."""

import numpy as np
import pytest

from tests.support import check_against_onnxruntime, lowered

MICROSOFT = {"opset": 1, "domain": "com.microsoft"}
UINT32, INT32 = 12, 6


@pytest.fixture
def random():
    return np.random.default_rng(0)


def test_calls():
    assert (
        lowered("MurmurHash3", ["x"], positive=0, **MICROSOFT)
        == "ops.murmur_hash3(x, positive=False)"
    )
    assert (
        lowered("CDist", ["a", "b"], metric="euclidean", **MICROSOFT)
        == "ops.cdist(a, b)"
    )
    assert (
        lowered("NGramRepeatBlock", ["i", "s"], ngram_size=3, **MICROSOFT)
        == "ops.ngram_repeat_block(i, s, ngram_size=3)"
    )


@pytest.mark.parametrize("positive", [0, 1])
@pytest.mark.parametrize("seed", [0, 42])
def test_hashes_agree(random, positive, seed):
    words = ["", "a", "ab", "abc", "abcd", "hello world", "é"]
    numbers = random.integers(0, 1000, (2, 3))
    dtypes = (np.int32, np.uint32, np.int64, np.uint64, np.float32, np.float64)
    for x in (np.array(words, object), *map(numbers.astype, dtypes)):
        check_against_onnxruntime(
            "MurmurHash3",
            [x],
            positive=positive,
            seed=seed,
            output_types=[UINT32 if positive else INT32],
            **MICROSOFT,
        )


@pytest.mark.parametrize("size", [1, 2, 3, 4, 9])
def test_blocking_agrees(random, size):
    arrays = [random.integers(0, 4, (3, 8)), random.normal(size=(3, 5)).astype("f")]
    check_against_onnxruntime("NGramRepeatBlock", arrays, ngram_size=size, **MICROSOFT)


@pytest.mark.parametrize("seed", range(20))
def test_bifurcation_agrees(seed):
    random = np.random.default_rng(seed)
    source, current = random.integers(0, 3 + seed % 2 * 5, 8), random.integers(0, 3, 4)
    start = int(random.integers(0, 9))
    predicted = np.concatenate([source[start:], [1]])
    if seed % 3 == 0:
        predicted = random.integers(0, 3, len(predicted))
    sizes = {"min_ngram_size": 1 + seed % 2, "max_ngram_size": 3, "outputs": 2}
    for last in (predicted, None):
        arrays = [source, current, np.array(start), last]
        check_against_onnxruntime("BifurcationDetector", arrays, **sizes, **MICROSOFT)


def test_word_embedding_agrees(random):
    words = [[1, 2, 0, 0, 0], [3, 4, 5, 6, 1], [7, 0, 0, 0, 0], [2, 2, 2, 0, 0]]
    shapes = ((6, 1, 3, 4), (6,), (8, 4))
    arrays = [random.normal(size=shape).astype(np.float32) for shape in shapes]
    inputs = [np.array(words, np.int32), *arrays]
    check_against_onnxruntime("WordConvEmbedding", inputs, **MICROSOFT)


@pytest.mark.parametrize("metric", ["euclidean", "sqeuclidean"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_distances_agree(random, metric, dtype):
    arrays = [random.normal(size=(n, 7)).astype(dtype) for n in (5, 4)]
    check_against_onnxruntime("CDist", arrays, metric=metric, **MICROSOFT)


def test_ngrams_are_of_one_to_three_tokens_by_default():
    names = ["src", "cur", "index"]
    assert (
        lowered("BifurcationDetector", names, ("tokens", "end"), **MICROSOFT)
        == "ops.bifurcation_detector(src, cur, index, min_ngram_size=1, max_ngram_size=3)"
    )
