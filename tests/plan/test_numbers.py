"""Arithmetic of lengths: what is written down computes what the operators say."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given

from onnx2py.emit.literals import render_number
from onnx2py.ir.program import Ref
from onnx2py.plan._numbers import combined, equal, is_length

VALUES = {"a": 5, "b": 3, "c": 0}
PYTHON = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "min": min,
    "max": max,
    "//": lambda x, y: x // y,
    "%": lambda x, y: x % y,
}
LEAVES = st.one_of(st.integers(-4, 4), st.sampled_from(sorted(VALUES)))


def trees(children):
    exact = st.tuples(
        st.sampled_from(["+", "-", "*", "min", "max"]), children, children
    )
    return exact | st.tuples(st.sampled_from(["//", "%"]), children, st.integers(1, 4))


def both(tree):
    """Return a tree as a number of the compiler's, and as what Python computes."""
    if isinstance(tree, int):
        return tree, tree
    if isinstance(tree, str):
        return Ref(tree), VALUES[tree]
    symbol, left, right = tree
    (a, x), (b, y) = both(left), both(right)
    return combined(symbol, a, b), PYTHON[symbol](x, y)


@given(st.recursive(LEAVES, trees, max_leaves=12))
def test_what_is_written_computes_the_same(tree):
    number, expected = both(tree)
    text = render_number(number, lambda name: name)
    assert eval(text, {"min": min, "max": max}, VALUES) == expected
    assert expected >= 0 or not is_length(number)


@given(
    st.recursive(LEAVES, trees, max_leaves=6), st.recursive(LEAVES, trees, max_leaves=6)
)
def test_what_is_certain_is_true(one, other):
    (a, x), (b, y) = both(one), both(other)
    for negated in (False, True):
        truth = equal(a, b, negated=negated)
        text = render_number(truth, lambda name: name)
        expected = (x == y) is not negated
        assert eval(text, {"min": min, "max": max}, VALUES) is expected
