"""Rules of operators on strings."""

import numpy as np
import pytest

from onnx2py import UnsupportedError
from onnx2py.lowering._text_re2 import alternatives, python_pattern
from tests.support import check_against_onnxruntime, lowered

MICROSOFT = {"opset": 1, "domain": "com.microsoft"}
TEXTS = np.array(
    ["Hello World", "I love  computer science!", "a bb ccc d", "", "ééà ß"], object
)


@pytest.mark.parametrize(
    "operator, inputs, options, call",
    [
        (
            "StringNormalizer",
            ["x"],
            {"opset": 10, "case_change_action": "LOWER", "locale": "C.UTF-8"},
            "ops.string_normalizer(x, case_change_action='LOWER')",
        ),
        ("StringConcat", ["x", "z"], {"opset": 20}, "ops.string_concat(x, z)"),
        (
            "StringSplit",
            ["x"],
            {"opset": 20, "delimiter": "-"},
            "ops.string_split(x, delimiter='-')",
        ),
        (
            "RegexFullMatch",
            ["x"],
            {"opset": 20, "pattern": r"\d+$"},
            r"ops.regex_full_match(x, pattern='\\d+\\Z')",
        ),
        (
            "Tokenizer",
            ["x"],
            {"mark": 0, "mincharnum": 2, "pad_value": "#", "tokenexp": "[a-z]+|b"}
            | MICROSOFT,
            "ops.tokenize_matches("
            "x, patterns=('[a-z]+', 'b'), mincharnum=2, pad_value='#')",
        ),
        (
            "Tokenizer",
            ["x"],
            {"mark": 1, "mincharnum": 1, "pad_value": "#", "separators": [" "]}
            | MICROSOFT,
            "ops.tokenize_between(x, separators=((' ',),), mark=True, pad_value='#')",
        ),
    ],
)
def test_calls(operator, inputs, options, call):
    assert lowered(operator, inputs, **options) == call


@pytest.mark.parametrize(
    "pattern, expected",
    [
        ("[[:alpha:]_]+", "[A-Za-z_]+"),
        (r"a$|\z", r"a\Z|\Z"),
        (r"\Qa.b\E+", r"a\.b+"),
        (r"[^]a]", r"[^\]a]"),
        (r"[a[b]", r"[a\[b]"),
        (r"\x{e9}", "é"),
    ],
)
def test_expressions_are_translated(pattern, expected):
    assert python_pattern(pattern) == expected


@pytest.mark.parametrize("pattern", [r"\pL", r"\C", "(?U)a", "a(?=b)", "(", "[z-a]"])
def test_what_python_cannot_say_is_an_error(pattern):
    with pytest.raises(ValueError):
        python_pattern(pattern)


def test_alternatives():
    assert alternatives(r"a|[|]|\|") == ("a", "[|]", r"\|")
    for pattern in ("(a|ab)c", "a*?"):
        with pytest.raises(ValueError):
            alternatives(pattern)


def test_an_expression_without_counterpart_is_reported():
    options = {"mark": 0, "mincharnum": 1, "pad_value": "", "tokenexp": r"\pL+"}
    with pytest.raises(UnsupportedError, match="attribute tokenexp"):
        lowered("Tokenizer", ["x"], **options, **MICROSOFT)


@pytest.mark.parametrize("action", ["NONE", "LOWER", "UPPER"])
@pytest.mark.parametrize("sensitive", [0, 1])
@pytest.mark.parametrize(
    "words", [(), ("the THE tHe", "hello world"), ("Hello World",)]
)
def test_normalizing_agrees(action, sensitive, words):
    x = np.array(["Hello World", "ÀÉß", "the THE tHe", "", "Σίσυφος Σ"], object)
    options = {"stopwords": list(words)} if words else {}
    for case in (x, x[None], x[:1]):
        check_against_onnxruntime(
            "StringNormalizer",
            [case],
            opset=10,
            case_change_action=action,
            is_case_sensitive=sensitive,
            locale="C.UTF-8",
            **options,
        )


@pytest.mark.parametrize("mark", [0, 1])
@pytest.mark.parametrize("mincharnum", [1, 2, 3])
@pytest.mark.parametrize(
    "options",
    [
        *(
            {"tokenexp": pattern}
            for pattern in ("[a-zA-Z]+", r"\w\w+", "a|ab|l|lo", r"[^\s]+", "$", "o*")
        ),
        *(
            {"separators": patterns}
            for patterns in ([" "], [" ", "o"], ["l|lo|love"], ["x*"], [r"\s+", "[ae]"])
        ),
    ],
)
def test_tokenizing_agrees(mark, mincharnum, options):
    shared = {"mark": mark, "mincharnum": mincharnum, "pad_value": "#"} | MICROSOFT
    empty = np.zeros((2, 0), object)
    for x in (TEXTS, TEXTS[:4].reshape(2, 2), TEXTS[3:4], empty, empty[0]):
        check_against_onnxruntime("Tokenizer", [x], **options, **shared)


@pytest.mark.parametrize("options", [{"tokenexp": "."}, {"separators": [""]}])
def test_characters_agree(options):
    for x in (TEXTS, TEXTS[3:4]):
        shared = {"mark": 1, "mincharnum": 1, "pad_value": "#"} | MICROSOFT
        check_against_onnxruntime("Tokenizer", [x], **options, **shared)


def test_concatenation_agrees():
    other = np.array(["!"], object)
    check_against_onnxruntime("StringConcat", [TEXTS, other], opset=20)


@pytest.mark.parametrize("delimiter", [None, ",", " ", "ab"])
@pytest.mark.parametrize("maxsplit", [None, 0, 1, 2])
def test_splitting_agrees(delimiter, maxsplit):
    given = {"delimiter": delimiter, "maxsplit": maxsplit}
    options = {name: value for name, value in given.items() if value is not None}
    x = np.array(["a,b,,c", "  a b  c ", "", "ababab", ",", "  "], object)
    for case in (x, x[:0], x[:4].reshape(2, 2)):
        check_against_onnxruntime("StringSplit", [case], opset=20, outputs=2, **options)


@pytest.mark.parametrize("pattern", [r"www\.[\w.-]+\.\bcom\b", "a|ab", r"\w+", ".*"])
def test_matching_agrees(pattern):
    x = np.array(["www.google.com", "ab", "12", "é", "a\n", ""], object)
    check_against_onnxruntime("RegexFullMatch", [x], opset=20, pattern=pattern)
