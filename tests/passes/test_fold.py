"""Rules F1 to F4, T1, and what is never folded."""

from dataclasses import replace

import numpy as np
import pytest

from onnx2py.ir.graph import Node
from onnx2py.ir.types import TensorType
from onnx2py.passes._growth import foreseen
from onnx2py.passes._inference import refined
from onnx2py.passes.fold import fold_constants
from tests.passes.support import after, block, graph_of


def test_c1_constants_of_all_forms():
    text = """g () => (a, b, c, d, e) {
        a = Constant <value = float[2] {1, 2}> ()  b = Constant <value_int = 3> ()
        c = Constant <value_floats = [0.5]> ()     d = Constant <value_string = "s"> ()
        e = Constant <value_ints = [4, 5]> () }"""
    constants = graph_of(text).constants
    assert {k: (v.dtype.name, v.tolist()) for k, v in constants.items()} == {
        "a": ("float32", [1, 2]),
        "b": ("int64", 3),
        "c": ("float32", [0.5]),
        "d": ("object", "s"),
        "e": ("int64", [4, 5]),
    }


def test_f1_a_chain_of_constants():
    text = """g (float[2] x) => (float[2] y) <float[2] w = {1, -2}>
        { a = Abs (w) b = Neg (a) y = Add (x, b) }"""
    graph = fold_constants(graph_of(text))
    assert [n.operator for n in graph.nodes] == ["Add"]
    assert graph.constants["b"].tolist() == [-1, -2]
    assert graph.folded["b"] == ("b: Neg", "a: Abs")


def test_f2_shape_of_known_lengths():
    text = """g (float[2, 3] x) => (int64[2] y, int64[1] z, int64 s)
        { y = Shape (x) z = Shape <start=1> (x) s = Size (x) }"""
    constants = fold_constants(graph_of(text)).constants
    assert [constants[name].tolist() for name in "yzs"] == [[2, 3], [3], 6]


def test_f2_unknown_lengths_stay():
    text = "g (float[n, 3] x) => (int64[2] y, int64[1] z) { y = Shape (x) z = Shape <start=1> (x) }"
    graph = fold_constants(graph_of(text))
    assert [n.outputs for n in graph.nodes] == [("y",)]


def test_f3_picks_known_lengths_from_a_partly_known_shape():
    text = """g (float[n, 3, 4] x) => (int64[2] y, int64 z) <int64 one = {1}, int64 zero = {0},
            int64[1] a = {0}, int64[1] b = {1}, int64[1] c = {3}>
        { s = Shape (x) t = Slice (s, b, c) u = Gather (s, one) v = Unsqueeze (u, a)
          y = Concat <axis=0> (t, v) z = Gather (s, zero) }"""
    graph = fold_constants(graph_of(text))
    assert graph.constants["y"].tolist() == [3, 4, 3]
    assert [n.outputs[0] for n in graph.nodes] == ["s", "z"]


@pytest.mark.parametrize("operator", ["Equal", "Mul"])
def test_f3_does_not_compute_with_unknown_lengths(operator):
    text = f"""g (float[n] x) => (y) <int64[1] w = {{0}}>
        {{ s = Shape (x) y = {operator} (s, w) }}"""
    assert operator in after(fold_constants, text)


def test_random_operators_stay():
    text = "g () => (float[2] y) { y = RandomNormal <shape=[2]> () }"
    assert "RandomNormal" in after(fold_constants, text)


def test_what_would_grow_too_much_stays():
    text = "g () => (y) <int64[1] n = {1000000}> { y = ConstantOfShape (n) }"
    assert "ConstantOfShape" in after(fold_constants, text)
    small = "g () => (y) <int64[1] n = {3}> { y = ConstantOfShape (n) }"
    assert fold_constants(graph_of(small)).constants["y"].tolist() == [0, 0, 0]


def test_what_cannot_be_computed_stays():
    text = """g () => (y) <int64[2] w = {1, 2}, int64[1, 1] i = {9}> { y = GatherND (w, i) }"""
    assert "GatherND" in after(fold_constants, text)


def test_inside_a_branch_with_outer_constants():
    text = """g (bool c) => (float[1] y) <float[1] w = {-3}> {
        y = If (c) <then_branch = t () => (float[1] p) { p = Abs (w) },
                    else_branch = e () => (float[1] q) { q = Neg (w) }> }"""
    assert after(fold_constants, text) == block("""
        (c) => (y)
          float32[1] w = {-3}
          y = If (c)
            then_branch = () => (p)
              float32[1] p = {3}
            else_branch = () => (q)
              float32[1] q = {3}
    """)


def test_a_range_is_folded_if_it_is_short():
    text = """g (float[1] x) => (int64[n] y) <int64 a = {1}, int64 b = {%s}, int64 c = {3}>
        { y = Range (a, b, c) }"""
    assert fold_constants(graph_of(text % 11)).constants["y"].tolist() == [1, 4, 7, 10]
    assert "Range" in after(fold_constants, text % 2**40)


def test_what_broadcasting_makes_large_is_not_folded():
    wide = np.ones((1 << 16, 1), np.float32)
    text = "g (float[1] x, float[1] a, float[1] b) => (y) { y = Add (a, b) }"
    graph = replace(graph_of(text), inputs=("x",), constants={"a": wide, "b": wide.T})
    assert [node.operator for node in fold_constants(graph).nodes] == ["Add"]


PADS = """<int64[2] some = {0, 64}, int64[1] two = {2}, int64[2] pairs = {-1, 2},
    int64[1] back = {-1}, int64[1] low = {-9223372036854775807}, int64[1] none = {0}>"""
PADDED = """z = ConstantOfShape <value = int64[1] {0}> (two)
    q = Concat <axis=0> (some, z) r = Reshape (q, pairs)
    s = Slice (r, back, low, none, back) t = Transpose <perm=[1, 0]> (s)
    u = Reshape (t, back) v = Cast <to=7> (u) p = Pad <mode="reflect"> (x, v)"""
"""PyTorch's ``F.pad``, as it is exported."""


def test_f4_the_shape_behind_computed_pads():
    text = f"g (float[1, 576] x) => (float[a, b] p, int64[2] y) {PADS} {{ {PADDED} y = Shape (p) }}"
    graph = fold_constants(graph_of(text))
    assert [n.operator for n in graph.nodes] == ["Pad"]
    assert str(graph.types["p"]) == "float32[1, 640]"
    assert graph.constants["y"].tolist() == [1, 640]


def test_f4_what_follows_from_a_refined_type():
    """Each node says more of the next; the open length stays."""
    text = f"""g (float[n, 576] x) => (float[a, b] y) {PADS}
        {{ {PADDED} e = Exp (p) m = Transpose (e) y = Softmax (m) }}"""
    types = fold_constants(graph_of(text)).types
    assert str(types["y"]) == "float32[640, n]"


def test_f4_inside_a_branch():
    text = f"""g (float[1, 576] x, bool c) => (float[a, b] y) {PADS} {{
        y = If (c) <then_branch = t () => (float[a, b] d) {{ {PADDED} d = Abs (p) }},
                    else_branch = f () => (float[a, b] e) {{ e = Abs (x) }}> }}"""
    assert str(fold_constants(graph_of(text)).types["d"]) == "float32[1, 640]"


def test_f4_a_known_length_is_not_replaced():
    known, other = TensorType("float32", (None, 3, "n")), TensorType(
        "float32", (2, 4, 5)
    )
    assert str(refined(known, other)) == "float32[2, 3, n]"
    assert refined(known, TensorType("int64", (2, 3, 4))) == known
    assert refined(known, TensorType("float32", (2, 3))) == known


def test_f3_through_copies():
    text = """g (float[2, n] x) => (y) <int64[1] twice = {2}, int64[1] third = {2}> {
        s = Shape (x) t = Tile (s, twice) y = Gather (t, third) }"""
    assert fold_constants(graph_of(text)).constants["y"].tolist() == [2]


@pytest.mark.parametrize(
    "domain, operator", [("com.microsoft", "CropAndResize"), ("", "StringSplit")]
)
def test_what_elements_make_large_is_not_computed(domain, operator):
    """A few elements say how large the result is, and ONNX's inference does not know."""
    node = Node(operator, ("a",), ("y",), domain=domain, version=20)
    assert foreseen(node, {}, {"a": np.array(["a b", "c"], object)}) is None
