"""Kernels on sequences of tokens, and hashes."""

import numpy as np
import pytest

from onnx2py.kernels.text_hashing import murmur_hash3
from onnx2py.kernels.text_tokens import (
    bifurcation_detector,
    cdist,
    ngram_repeat_block,
    word_conv_embedding,
)


@pytest.mark.parametrize(
    "text, seed, expected",
    [  # the published test vectors of MurmurHash3_x86_32
        ("", 0, 0),
        ("", 1, 0x514E28B7),
        ("test", 0, 0xBA6BD213),
        ("Hello, world!", 0, 0xC0363E43),
    ],
)
def test_hashes(text, seed, expected):
    y = murmur_hash3(np.array([text], object), seed=seed)
    assert y.dtype == np.uint32 and y.tolist() == [expected]


def test_repetitions_are_blocked():
    ids, scores = np.array([[1, 2, 3, 1, 2]]), np.zeros((1, 5), np.float32)
    y = ngram_repeat_block(ids, scores, ngram_size=3)
    assert y.tolist() == [[0, 0, 0, -np.inf, 0]]
    assert scores.tolist() == [[0] * 5]


def test_bifurcation():
    source, predicted = np.array([4, 5, 6, 7]), np.array([4, 5, 9, 9, 9])
    tokens, end = bifurcation_detector(
        source,
        np.array([1]),
        np.array(0),
        predicted,
        min_ngram_size=1,
        max_ngram_size=2,
    )
    assert tokens.tolist() == [1, 4, 5, 9] and end == -1


def test_an_empty_word_is_zero():
    weight, bias = np.ones((1, 1, 2, 1), np.float32), np.zeros(1, np.float32)
    characters = np.array([[0], [0.5]], np.float32)
    sequence = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0]], np.int32)
    y = word_conv_embedding(sequence, weight, bias, characters)
    np.testing.assert_allclose(y, [[0], [np.tanh(0.5)], [np.tanh(1.0)]], rtol=1e-6)


def test_distances():
    a, b = np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]])
    assert cdist(a, b).tolist() == [[5]]
    assert cdist(a, b, squared=True).tolist() == [[25]]
