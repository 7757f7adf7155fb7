"""Rules N1 to N7."""

import pytest

from onnx2py.passes.no_ops import remove_no_ops
from tests.passes.support import after, block


def test_n1_identity():
    text = (
        "g (float[2] x) => (float[2] y) { a = Relu (x) b = Identity (a) y = Abs (b) }"
    )
    assert after(remove_no_ops, text) == block("""
        (x) => (y)
          a = Relu (x)  # + b: Identity
          y = Abs (a)
    """)


def test_n1_identity_of_an_input_as_output():
    text = "g (float[2] x) => (float[2] y) { y = Identity (x) }"
    assert after(remove_no_ops, text) == "(x) => (x)"


@pytest.mark.parametrize("operator", ["Sum", "Max", "Min", "Mean", "Concat <axis=0>"])
def test_n1_of_one_input(operator):
    text = f"g (float[2] x) => (float[2] y) {{ a = {operator} (x) y = Abs (a) }}"
    label = operator.split()[0]
    assert after(remove_no_ops, text) == f"(x) => (y)\n  y = Abs (x)  # + a: {label}"


def test_n1_of_two_inputs_stays():
    text = "g (float[2] x) => (float[2] y) { y = Sum (x, x) }"
    assert "Sum" in after(remove_no_ops, text)


def test_n2_dropout():
    text = "g (float[2] x) => (float[2] y) { a, m = Dropout (x) y = Abs (a) }"
    assert after(remove_no_ops, text) == "(x) => (y)\n  y = Abs (x)  # + a: Dropout"


@pytest.mark.parametrize(
    "text",
    [
        "g (float[2] x) => (float[2] y, bool[2] m) { y, m = Dropout (x) }",
        "g (float[2] x, bool t) => (float[2] y) { y = Dropout (x, , t) }",
        """g (float[2] x) => (float[2] y) { t = Constant <value = bool {1}> ()
           y = Dropout (x, , t) }""",
    ],
)
def test_n2_dropout_that_matters_stays(text):
    assert "Dropout" in after(remove_no_ops, text)


def test_n3_cast():
    text = """g (float[2] x) => (float[2] y, double[2] z)
        { y = Cast <to=1> (x) z = Cast <to=11> (x) }"""
    assert after(remove_no_ops, text) == "(x) => (x, z)\n  z = Cast <to=11> (x)"


def test_n4_transpose():
    text = """g (float[2, 3] x) => (float[3, 2] y)
        { a = Transpose <perm=[0, 1]> (x) y = Transpose (a) }"""
    assert (
        after(remove_no_ops, text)
        == "(x) => (y)\n  y = Transpose (x)  # + a: Transpose"
    )


def test_n5_reshape_to_the_same_shape():
    text = """g (float[2, 3] x) => (float[2, 3] y) <int64[2] s = {2, -1}, int64[1] f = {-1}>
        { a = Reshape (x, s) b = Reshape (a, f) y = Reshape (b, s) }"""
    assert after(remove_no_ops, text).splitlines()[-2:] == [
        "  b = Reshape (x, f)  # + a: Reshape",
        "  y = Reshape (b, s)",
    ]


def test_n5_unknown_lengths_stay():
    text = "g (float[n] x, int64[1] s) => (float[m] y) { y = Reshape (x, s) }"
    assert "Reshape" in after(remove_no_ops, text)


def test_n6_pad():
    text = """g (float[2] x) => (float[2] y) <int64[2] p = {0, 0}, int64[2] q = {0, 1}>
        { a = Pad (x, p) y = Pad (a, q) }"""
    assert after(remove_no_ops, text).splitlines()[-1] == "  y = Pad (x, q)  # + a: Pad"


def test_inside_a_branch():
    text = """g (float[2] x, bool c) => (float[2] y) {
        y = If (c) <then_branch = t () => (float[2] p) { p = Identity (x) },
                    else_branch = e () => (float[2] q) { q = Abs (x) }> }"""
    assert "then_branch = () => (x)" in after(remove_no_ops, text)


@pytest.mark.parametrize(
    "node",
    ["And (x, true)", "And (true, x)", "Or (no, x)", "Or (x, row)"],
)
def test_n7_the_neutral_element(node):
    text = f"""g (bool[2] x) => (bool[2] y) <bool true = {{1}}, bool no = {{0}},
        bool[1] row = {{0}}> {{ a = {node} y = Not (a) }}"""
    label = node.split()[0]
    assert f"y = Not (x)  # + a: {label}" in after(remove_no_ops, text)


@pytest.mark.parametrize(
    "node",
    ["And (x, no)", "Or (true, x)", "And (two, x)", "Or (x, wide)", "And (x, x)"],
)
def test_n7_others_stay(node):
    text = f"""g (bool[2] x) => (bool[1, 2] y) <bool true = {{1}}, bool no = {{0}},
        bool[2] two = {{1, 1}}, bool[1, 1] wide = {{0}}> {{ a = {node} y = Not (a) }}"""
    assert node.split()[0] in after(remove_no_ops, text)
