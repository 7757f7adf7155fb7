"""Rules N1 to N9."""

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


NUMBERS = """<int64[1] none = {0}, int64[1] far = {9223372036854775807}, int64[1] two = {2},
    int64[1] three = {3}, int64[1] back = {-1}, int64[1] one = {1}, int64[1] ends = {2147483647},
    int64[1] low = {-9223372036854775807}, int64[2] both = {0, 0}, int64[2] all = {2, 9},
    int64[2] ones = {1, 1}>"""


@pytest.mark.parametrize(
    "node",
    [
        "Slice (x, none, far)",
        "Slice (x, none, three, one)",
        "Slice (x, none, ends, none, one)",
        "Slice (x, low, far, back)",
        "Slice (x, both, all)",
        "Slice (x, none, three, one, one)",
        "Tile (x, ones)",
        "Split <axis=1> (x)",
        "Split (x, two)",
    ],
)
@pytest.mark.parametrize("shape", ["2, 3", "n, 3"])
def test_n8_all_of_a_tensor(node, shape):
    text = f"g (float[{shape}] x) => (float[2, 3] y) {NUMBERS} {{ a = {node} y = Abs (a) }}"
    label = node.split()[0]
    is_known = shape == "2, 3" or node not in ("Slice (x, both, all)", "Split (x, two)")
    assert (f"y = Abs (x)  # + a: {label}" in after(remove_no_ops, text)) == is_known


@pytest.mark.parametrize(
    "node",
    [
        "Slice (x, none, two, one)",
        "Slice (x, one, far)",
        "Slice (x, back, low, none, back)",
        "Slice (x, none, far, one, two)",
        "Slice (x, none, e)",
        "Tile (x, both)",
        "Tile (x, r)",
    ],
)
def test_n8_parts_of_a_tensor_stay(node):
    text = f"""g (float[2, 3] x, int64[1] e, int64[2] r) => (float[p, q] y) {NUMBERS}
        {{ a = {node} y = Abs (a) }}"""
    assert node.split()[0] in after(remove_no_ops, text)


def test_n8_a_slice_by_attributes():
    """Before version 10; an axis that is not there is an error, and stays one."""
    text = """g (float[2, 3] x) => (float[2, 3] y, float[p, q] z) {
        a = Slice <axes=[1], starts=[0], ends=[9]> (x) y = Abs (a)
        z = Slice <axes=[2], starts=[0], ends=[2147483647]> (x) }"""
    found = after(remove_no_ops, text, opset=9)
    assert "y = Abs (x)" in found and "z = Slice" in found


def test_n8_a_step_back_over_all_of_a_tensor_stays():
    """It turns the elements around, though the shape is the same."""
    text = f"""g (float[2, 3] x) => (float[2, 3] y) {NUMBERS}
        {{ y = Slice (x, back, low, none, back) }}"""
    assert "Slice" in after(remove_no_ops, text)


@pytest.mark.parametrize(
    ("formula", "dtype"),
    [
        ("Add (x, zero)", "int64"),
        ("Add (zero, x)", "int32"),
        ("Sub (x, zero)", "uint8"),
        ("Mul (one, x)", "int64"),
        ("Div (x, one)", "int8"),
    ],
)
def test_n9(formula, dtype):
    text = f"""g ({dtype}[2] x) => ({dtype}[2] y)
        <{dtype} zero = {{0}}, {dtype}[1] one = {{1}}> {{ a = {formula} y = Abs (a) }}"""
    label = formula.split()[0]
    assert after(remove_no_ops, text).endswith(f"  y = Abs (x)  # + a: {label}")


@pytest.mark.parametrize(
    ("formula", "kind"),
    [
        ("Add (x, zero)", "float[2]"),  # -0.0 + 0.0 is 0.0
        ("Sub (zero, x)", "int64[2]"),
        ("Div (one, x)", "int64[2]"),
        ("Add (x, one)", "int64[2]"),
        ("Mul (x, zero)", "int64[2]"),
        ("Add (x, row)", "int64[1]"),  # the result is longer
        ("Mul (x, one)", "int64"),  # ... or has an axis more
    ],
)
def test_n9_of_what_changes_something(formula, kind):
    dtype = kind.partition("[")[0]
    text = f"""g ({kind} x) => ({dtype}[] y) <{dtype} zero = {{0}}, {dtype}[1] one = {{1}},
        {dtype}[3] row = {{0, 0, 0}}> {{ a = {formula} y = Abs (a) }}"""
    assert formula.split()[0] in after(remove_no_ops, text).partition("#")[0]
