"""Kernels on strings."""

import numpy as np
import pytest

from onnx2py.kernels.text import (
    change_case,
    regex_full_match,
    string_concat,
    string_normalizer,
    string_split,
)
from onnx2py.kernels.text_tokenizer import (
    tokenize_between,
    tokenize_characters,
    tokenize_matches,
)


def strings(*values):
    return np.array(values, object)


@pytest.mark.parametrize(
    "word, lower, upper",
    [("Abc", "abc", "ABC"), ("Straße", "straße", "STRAßE"), ("İΣ", "iσ", "İΣ")],
)
def test_case_of_single_characters(word, lower, upper):
    assert change_case(word, "LOWER") == lower
    assert change_case(word, "UPPER") == upper


def test_stop_words_go():
    x = strings("The", "cat", "the")
    y = string_normalizer(x, stopwords=("the",), case_change_action="UPPER")
    assert y.tolist() == ["CAT"]
    y = string_normalizer(x, stopwords=("the",), is_case_sensitive=True)
    assert y.tolist() == ["The", "cat"]
    assert string_normalizer(x[None, :1], stopwords=("the",)).tolist() == [[""]]


def test_concatenation_broadcasts():
    y = string_concat(strings("a", "b"), np.array("!", object))
    assert y.tolist() == ["a!", "b!"] and y.dtype == object
    assert string_concat(np.array("a", object), np.array("b", object)).shape == ()


def test_splitting():
    y, counts = string_split(strings("a,b", ""), delimiter=",")
    assert y.tolist() == [["a", "b"], ["", ""]] and counts.tolist() == [2, 0]
    y, counts = string_split(strings(" a  b c"), maxsplit=1)
    assert y.tolist() == [["a", "b c"]] and counts.dtype == np.int64


def test_matching():
    y = regex_full_match(strings("ab", "abc"), pattern="a.")
    assert y.dtype == np.bool_ and y.tolist() == [True, False]


def test_tokens():
    y = tokenize_matches(strings("a bc", ""), patterns=("b|bc", "bc"), pad_value="#")
    assert y.tolist() == [["bc"], ["#"]]
    y = tokenize_between(strings("a, b"), separators=((",",), (" ",)), pad_value="#")
    assert y.tolist() == [["a", "b"]]
    y = tokenize_characters(strings("ab", "c"), mark=True, pad_value="#")
    assert y.tolist() == [["\x02", "a", "b", "\x03"], ["\x02", "c", "\x03", "#"]]
    assert tokenize_characters(strings(""), mark=True, pad_value="#").shape == (1, 0)


def test_a_token_too_short_is_searched_again_one_further():
    y = tokenize_matches(
        strings("a-bc"), patterns=("[a-c]+",), mincharnum=2, pad_value=""
    )
    assert y.tolist() == [["bc"]]
