"""Rules W1 to W5."""

import numpy as np
import pytest

from onnx2py.passes.widen import widen_halves
from tests.passes.support import after, block, graph_of


def test_w1_w2_w3_of_one_product():
    text = """g (float16[2, 3] x) => (float16[2, 2] y) <float16[3, 2] w = {0, 0, 0, 0, 0, 0}>
        { a = MatMul (x, w) y = Relu (a) }"""
    assert after(widen_halves, text) == block("""
        (x) => (y)
          float32[3, 2] w = {0, 0, 0, 0, 0, 0}
          x;1 = Cast <to=1> (x)
          a = MatMul (x;1, w)
          y;1 = Relu (a)
          y = Cast <to=10> (y;1)
    """)


def test_w1_other_types_stay():
    text = """g (float[2] x, float16[2] h) => (float[2] y, int64[1] n)
        { y = Relu (x) n = Shape (h) }"""
    assert after(widen_halves, text) == block("""
        (x, h) => (y, n)
          h;1 = Cast <to=1> (h)
          y = Relu (x)
          n = Shape (h;1)
    """)


def test_w1_a_graph_without_half_floats_stays():
    graph = graph_of("g (float[2] x) => (float[2] y) { y = Relu (x) }")
    assert widen_halves(graph) is graph


def test_w1_bfloat16():
    text = "g (bfloat16[2] x) => (bfloat16[2] y) { y = Exp (x) }"
    assert after(widen_halves, text) == block("""
        (x) => (y)
          x;1 = Cast <to=1> (x)
          y;1 = Exp (x;1)
          y = Cast <to=16> (y;1)
    """)


def test_w1_the_file_is_remembered():
    text = "g (float16[2] x) => (float16[2] y) { y = Exp (x) }"
    assert widen_halves(graph_of(text)).narrow == ("float16",)


def test_w1_a_constant_that_is_filled():
    # ONNX's text has the bits of half floats: these are of 1.
    text = """g (int64[1] n) => (float16[m] y) {
        a = ConstantOfShape <value = float16[1] {15360}> (n) y = Neg (a) }"""
    assert after(widen_halves, text) == block("""
        (n) => (y)
          a = ConstantOfShape <value=float32[1] {1}> (n)
          y;1 = Neg (a)
          y = Cast <to=10> (y;1)
    """)


def test_w3_an_input_and_a_constant_as_outputs():
    text = """g (float16[1] x) => (float16[1] x, float16[1] c) <float16[1] w = {0}>
        { c = Identity (w) }"""
    assert after(widen_halves, text) == block("""
        (x) => (x, c)
          float32[1] w = {0}
          c;1 = Identity (w)
          c = Cast <to=10> (c;1)
    """)


def test_w4_casts_round():
    text = """g (float[2] x, float16[2] h) => (float[2] y, float16[2] z) {
        a = Cast <to=10> (x) b = Mul (a, h) y = Cast <to=1> (b) z = Cast <to=10> (b) }"""
    assert after(widen_halves, text) == block("""
        (x, h) => (y, z)
          h;1 = Cast <to=1> (h)
          a = Cast <to=10> (x)
          a;1 = Cast <to=1> (a)
          b = Mul (a;1, h;1)
          y = Cast <to=1> (b)
          z;1 = Identity (b)
          z = Cast <to=10> (z;1)
    """)


@pytest.mark.parametrize(
    ("kind", "rounds"), [("bool", False), ("uint8", False), ("int64", True)]
)
def test_w4_casts_that_round_nothing(kind, rounds):
    text = f"""g ({kind}[2] x, float16[2] h) => (float16[2] y)
        {{ a = CastLike (x, h) y = Neg (a) }}"""
    expected = (
        "  a = Cast <to=10> (x)\n  a;1 = Cast <to=1> (a)\n  y;1 = Neg (a;1)"
        if rounds
        else "  a = Cast <to=1> (x)\n  y;1 = Neg (a)"
    )
    assert expected in after(widen_halves, text)


def test_w5_operators_that_need_the_type():
    text = """g (float16[2] x) => (int16[2] y, float16[n] u) {
        a = Neg (x) y = BitCast <to=5> (a) b = Unique (a) u = Neg (b) }"""
    assert after(widen_halves, text, opset=26, ir_version=10) == block("""
        (x) => (y, u)
          x;1 = Cast <to=1> (x)
          a = Neg (x;1)
          a;1 = Cast <to=10> (a)
          y = BitCast <to=5> (a;1)
          b = Unique (a;1)
          b;1 = Cast <to=1> (b)
          u;1 = Neg (b;1)
          u = Cast <to=10> (u;1)
    """)


def test_w5_sequences_hold_what_the_graph_says():
    text = """g (float16[2] x) => (float16[2] y) <int64 i = {0}> {
        a = Neg (x) s = SequenceConstruct (a, x) b = SequenceAt (s, i) y = Neg (b) }"""
    assert after(widen_halves, text) == block("""
        (x) => (y)
          int64[] i = {0}
          x;1 = Cast <to=1> (x)
          a = Neg (x;1)
          a;1 = Cast <to=10> (a)
          s = SequenceConstruct (a;1, x)
          b = SequenceAt (s, i)
          b;1 = Cast <to=1> (b)
          y;1 = Neg (b;1)
          y = Cast <to=10> (y;1)
    """)


def test_w1_branches_and_what_they_read():
    text = """g (bool c, float16[2] x) => (float16[2] y) <float16[2] w = {0, 0}> {
        a = Neg (x)
        b = If (c) <then_branch = t () => (float16[2] p) { p = Add (a, w) },
                    else_branch = e () => (float16[2] q) { q = Identity (x) }>
        y = Neg (b) }"""
    assert after(widen_halves, text) == block("""
        (c, x) => (y)
          float32[2] w = {0, 0}
          x;1 = Cast <to=1> (x)
          a = Neg (x;1)
          b = If (c)
            then_branch = () => (p)
              p = Add (a, w)
            else_branch = () => (q)
              q = Identity (x;1)
          y;1 = Neg (b)
          y = Cast <to=10> (y;1)
    """)


def test_w1_state_and_scans_of_loops():
    text = """g (int64 n, bool c, float16[2] x) => (float16[2] y, float16[k, 2] z) {
        y, z = Loop (n, c, x) <body = b (int64 i, bool d, float16[2] s)
            => (bool e, float16[2] t, float16[2] u) {
            e = Identity (d) t = Exp (s) u = Neg (t) }> }"""
    graph = widen_halves(graph_of(text))
    assert after(widen_halves, text) == block("""
        (n, c, x) => (y, z)
          x;1 = Cast <to=1> (x)
          y;1, z;1 = Loop (n, c, x;1)
            body = (i, d, s) => (e, t, u)
              e = Identity (d)
              t = Exp (s)
              u = Neg (t)
          y = Cast <to=10> (y;1)
          z = Cast <to=10> (z;1)
    """)
    body = next(n for n in graph.nodes if n.subgraphs).subgraphs["body"]
    assert [str(kind) for kind in body.promised[1:]] == ["float32[2]", "float32[2]"]


def test_w1_a_sequence_map_is_given_half_floats():
    text = """g (float16[2] x) => (float16[2] y) <int64 i = {0}> {
        s = SequenceConstruct (x)
        t = SequenceMap (s) <body = b (float16[2] p) => (float16[2] q) { q = Exp (p) }>
        y = SequenceAt (t, i) }"""
    lines = [line.strip() for line in after(widen_halves, text).splitlines()]
    assert lines[3:9] == [
        "t = SequenceMap (s)",
        "body = (p) => (q;1)",
        "p;1 = Cast <to=1> (p)",
        "q = Exp (p;1)",
        "q;1 = Cast <to=10> (q)",
        "y = SequenceAt (t, i)",
    ]


def test_constants_keep_their_numbers():
    text = "g (float16[1] x) => (float16[1] y) <float16[1] w = {0}> { y = Add (x, w) }"
    graph = graph_of(text)
    lowest = np.full(1, -65504, np.float16)
    widened = widen_halves(
        graph.__class__(**{**vars(graph), "constants": {"w": lowest}})
    )
    assert widened.constants["w"].dtype == np.float32
    assert widened.constants["w"].tolist() == [-65504]
