"""What is put into models: numbers at the ends of ranges, names, shapes that lie."""

from __future__ import annotations

import random

INTS = (
    0, 1, -1, 2, 3, -2, 7, 255, -129, 2**31 - 1, 2**31, -(2**31), 2**40, 2**62, 2**63 - 1, -(2**63),
)  # fmt: skip
FLOATS = (
    0.0,
    -0.0,
    1.0,
    -1.0,
    1e-45,
    1e38,
    -1e38,
    float("inf"),
    float("-inf"),
    float("nan"),
)
TEXTS = (
    "", "a", "x", "self", "np", "None", "class", "SAME_UPPER", "VALID", "NOTSET", "constant",
    "linear", "sum", "\n", "'\"", '"""', "\\", "{{ x }}", "../../x", "a" * 300, "\u2028", "\0",
    "ﬁ", "ij,jk->ik", "LOGISTIC", "BRANCH_LEQ", "LEAF",
)  # fmt: skip
DOMAINS = (
    "",
    "ai.onnx",
    "ai.onnx.ml",
    "com.microsoft",
    "ai.onnx.preview.training",
    "x",
)
VERSIONS = (
    0,
    1,
    2,
    5,
    6,
    7,
    8,
    9,
    10,
    11,
    12,
    13,
    17,
    18,
    21,
    23,
    24,
    26,
    -1,
    10**6,
    2**62,
)


def integer(r: random.Random) -> int:
    """Return a number that is likely to be small, or at the end of a range."""
    return r.choice(INTS) if r.random() < 0.6 else r.randint(-5, 9)


def integers(r: random.Random) -> list[int]:
    """Return a list of numbers, often short."""
    count = r.choice((0, 1, 1, 2, 2, 3, 4, 5, 8, 40))
    return [integer(r) for _ in range(count)]


def floats(r: random.Random) -> list[float]:
    """Return a list of numbers that some formula does not expect."""
    return [r.choice(FLOATS) for _ in range(r.choice((0, 1, 2, 3, 8)))]


def text(r: random.Random) -> str:
    """Return a string."""
    return r.choice(TEXTS)
