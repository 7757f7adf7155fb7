"""Counts of n-grams, from tables made by hand."""

import numpy as np

from onnx2py.kernels.text_tfidf import tfidf_vectorizer

VOCABULARY = np.array(["a", "b"])
GRAMS = (np.array([1]),)  # "a" and then "b": 0 * 2 + 1
COLUMNS = (np.array([0, -1]), np.array([1]))


def count(*tokens, **options):
    x = np.array(tokens, object)
    return tfidf_vectorizer(x, VOCABULARY, GRAMS, COLUMNS, output_size=2, **options)


def test_known_ngrams_are_counted():
    y = count("a", "b", "c", "a", "b")
    assert y.dtype == np.float32 and y.tolist() == [2, 2]
    assert count("longer", "b", "b").tolist() == [0, 0]


def test_tokens_between_may_be_skipped():
    assert count("a", "c", "b").tolist() == [1, 0]
    assert count("a", "c", "b", max_skip_count=1).tolist() == [1, 1]


def test_weights_and_binary_counts():
    weights = np.array([0.5, 3], np.float32)
    y = tfidf_vectorizer(
        np.array([["a", "a"], ["b", "b"]], object),
        *(VOCABULARY, GRAMS, COLUMNS, weights),
        output_size=2,
        binary=True,
    )
    assert y.tolist() == [[0.5, 0], [0, 0]]


def test_rows_may_be_empty():
    x = np.zeros((2, 0), object)
    y = tfidf_vectorizer(x, VOCABULARY, GRAMS, COLUMNS, output_size=2)
    assert y.tolist() == [[0, 0], [0, 0]]
