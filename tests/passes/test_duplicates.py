"""Rule E1."""

from onnx2py.passes.duplicates import remove_duplicates
from tests.passes.support import after, block


def test_e1_a_chain():
    text = """g (float[2] x) => (float[2] y) { a = Abs (x) b = Exp (a) c = Abs (x) d = Exp (c)
        y = Add (b, d) }"""
    assert after(remove_duplicates, text) == block("""
        (x) => (y)
          a = Abs (x)  # + c: Abs
          b = Exp (a)  # + d: Exp
          y = Add (b, b)
    """)


def test_e1_equal_small_constants():
    text = """g (float[2] x) => (float[2] y)
        <float one = {1}, float eins = {1}, float two = {2}, float[1] row = {1}> {
        a = Add (x, one) b = Add (x, eins) c = Add (x, two) d = Add (x, row)
        e = Sub (a, b) f = Sub (c, d) y = Mul (e, f) }"""
    found = after(remove_duplicates, text)
    assert found.count("Add (") == 3 and "Sub (a, a)" in found


def test_e1_other_attributes_or_inputs_stay():
    text = """g (float[2, 2] x) => (float[2, 2] y) { a = Softmax <axis=0> (x)
        b = Softmax <axis=1> (x) c = Sub (a, b) d = Sub (b, a) y = Mul (c, d) }"""
    assert after(remove_duplicates, text).count("\n") == 5


def test_e1_random_numbers_stay():
    text = """g (float[2] x) => (float[2] y) { a = RandomUniformLike (x)
        b = RandomUniformLike (x) y = Add (a, b) }"""
    assert after(remove_duplicates, text).count("Random") == 2


def test_e1_two_outputs_stay_two_arrays():
    text = "g (float[2] x) => (float[2] y, float[2] z) { y = Abs (x) z = Abs (x) }"
    assert after(remove_duplicates, text).count("Abs") == 2


def test_e1_an_inner_graph_reads_what_is_left():
    text = """g (float[2] x, bool c) => (float[2] y) { a = Abs (x) b = Abs (x)
        d = Exp (a)
        y = If (c) <then_branch = t () => (float[2] u) { u = Add (b, d) },
                    else_branch = e () => (float[2] v) { v = Sub (b, d) }> }"""
    found = after(remove_duplicates, text)
    assert "Add (a, d)" in found
    assert "Sub (a, d)" in found


def test_e1_convolutions_too():
    text = """g (float[1, 1, 4] x) => (float[1, 1, 2] y) <float[1, 1, 3] w = {1, 2, 3}> {
        a = Conv (x, w) b = Conv (x, w) y = Add (a, b) }"""
    assert after(remove_duplicates, text).count("Conv (") == 1


def test_e1_branches_stay():
    branch = "t () => (float[2] u) { u = Abs (x) }"
    text = f"""g (float[2] x, bool c) => (float[2] y) {{
        a = If (c) <then_branch = {branch}, else_branch = {branch}>
        b = If (c) <then_branch = {branch}, else_branch = {branch}>
        y = Add (a, b) }}"""
    assert after(remove_duplicates, text).count("If (") == 2
