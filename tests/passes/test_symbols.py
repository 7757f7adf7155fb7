"""Rules Y1 to Y7, and models with open lengths compared with onnxruntime."""

from __future__ import annotations

import numpy as np
import onnx.parser
import onnxruntime
import pytest

import onnx2py
from onnx2py.decode import decode
from onnx2py.load import load
from onnx2py.passes._shape_rules import reshaped
from onnx2py.passes.symbols import follow_symbols
from tests.passes.support import after, graph_of

LENGTHS = """s = Shape (x) i0 = Constant <value = int64[1] {0}> ()
    i1 = Constant <value = int64[1] {1}> () b = Gather (s, i0) t = Gather (s, i1)"""


def text(nodes: str, x: str = "float[b, t, 12]", y: str = "float[?, ?, ?, ?]") -> str:
    y = y.replace("?", "q1", 1).replace("?", "q2", 1)
    y = y.replace("?", "q3", 1).replace("?", "q4", 1)
    numbers = ", ".join(map(str, range(96)))
    weights = f"""float[12, 8] w = {{{numbers}}}, float[8] c = {{1, 2, 3, 4, 5, 6, 7, 8}},
        int64[1] three = {{3}}, int64[1] four = {{4}}, int64[1] rest = {{-1}},
        int64[1] eight = {{8}}, int64[2] rows = {{-1, 12}}"""
    return f"g ({x} x) => ({y} y) <{weights}> {{ {nodes} }}"


def agree(graph: str, *inputs: np.ndarray) -> None:
    model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["" : 17]> {graph}')
    session = onnxruntime.InferenceSession(model.SerializeToString())
    compiled = onnx2py.load_model(model)
    for x in inputs:
        (expected,) = session.run(None, {"x": x})
        np.testing.assert_allclose(compiled(x), expected, rtol=1e-5)


X = np.arange(72, dtype=np.float32).reshape(2, 3, 12)
HEADS = f"{LENGTHS} n = Concat <axis=0> (b, t, three, four) "


def test_y1_a_broadcast_with_the_first_positions():
    nodes = f"""{LENGTHS} p = Slice (w8, i0, t, i1) a = Gather (table, p) k = Add (x, a)
        y = Abs (k)"""
    positions = ", ".join(map(str, range(8)))
    graph = text(nodes, y="float[?, ?, ?]").replace(
        "<float", f"<int64[1, 8] w8 = {{{positions}}}, float"
    )
    table = ", ".join(["0.5"] * 96)
    graph = graph.replace(
        "<int64[1, 8]", f"<float[8, 12] table = {{{table}}}, int64[1, 8]"
    )
    found = follow_symbols(graph_of(graph))
    assert str(found.types["k"]) == "float32[b, t, 12]"
    agree(graph, X, X[:, :1], X[:0])


@pytest.mark.parametrize("last", ["four", "rest"])
def test_y2_lengths_of_the_input(last):
    nodes = HEADS.replace("four", last) + "r = Reshape (x, n) y = Abs (r)"
    found = after(follow_symbols, text(nodes))
    assert "r.shape = {0, 0, 3, " in found
    empty = [X[:0]] if last == "four" else []  # onnxruntime has no -1 beside a 0
    agree(text(nodes), X, X[:1], *empty)


@pytest.mark.parametrize(
    "nodes",
    [
        "n = Concat <axis=0> (t, b, three, four) y = Reshape (x, n)",
        "u = Mul (t, three) n = Concat <axis=0> (b, u, four) y = Reshape (x, n)",
        "a = Transpose <perm=[1, 0, 2]> (x) n = Concat <axis=0> (b, t, three, four) "
        "y = Reshape (a, n)",
    ],
)
def test_y2_other_lengths_stay(nodes):
    graph = text(
        f"{LENGTHS} {nodes}",
        y="float[?, ?, ?]" if "u =" in nodes else "float[?, ?, ?, ?]",
    )
    assert ".shape =" not in after(follow_symbols, graph)
    agree(graph, X)


KEYS = f"""{HEADS} h = Reshape (x, n) k = Transpose <perm=[0, 2, 1, 3]> (h)
    m = Concat <axis=0> (rest, t, four) j = Reshape (k, m) l = Transpose <perm=[0, 2, 1]> (j)
    o = Concat <axis=0> (b, three, four, t) y = Reshape (l, o)"""


def test_y3_keys_as_columns():
    *_, node = follow_symbols(graph_of(text(KEYS))).nodes
    assert (node.operator, node.attributes["perm"]) == ("Transpose", (0, 1, 3, 2))
    assert len(node.also) == 2
    agree(text(KEYS), X, X[:1])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(b, three, four, t)", "(b, four, three, t)"),
        ("perm=[0, 2, 1]>", "perm=[1, 0, 2]>"),
    ],
)
def test_y3_near_misses_stay(old, new):
    operators = [
        n.operator for n in follow_symbols(graph_of(text(KEYS.replace(old, new)))).nodes
    ]
    assert operators.count("Reshape") == 3


LINEAR = f"""{LENGTHS} f = Reshape (x, rows) m = Gemm (f, w, c) n = Concat <axis=0> (b, t, eight)
    y = Reshape (m, n)"""


def test_y4_a_product_of_rows():
    graph = text(LINEAR, y="float[?, ?, ?]")
    *_, product, add = follow_symbols(graph_of(graph)).nodes
    assert (product.operator, add.operator) == ("MatMul", "Add")
    agree(graph, X, X[:1], X[:, :1])


ROWS = """f = Reshape (x, rows) m = MatMul (f, w) a = Add (m, c)
    y = Reshape (a, back)"""
BACK = "int64[3] back = {-1, 3, 8}, int64[2] rows"


@pytest.mark.parametrize("nodes", [ROWS, ROWS.replace("(m, c)", "(c, m)")])
@pytest.mark.parametrize("shape", ["b, 3, 12", "?, 3, 12"])
def test_y4_a_product_and_a_sum_of_rows(nodes, shape):
    """As tf2onnx writes a dense layer of each step, with an open batch that may have no name."""
    graph = text(nodes, x=f"float[{shape}]", y="float[?, ?, ?]")
    graph = graph.replace("int64[2] rows", BACK)
    product, add = follow_symbols(graph_of(graph)).nodes
    assert (product.operator, add.operator) == ("MatMul", "Add")
    assert product.also == ("m: MatMul", "f: Reshape", "y: Reshape")
    agree(graph, X, X[:1], X[:0])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{-1, 3, 8}", "{3, -1, 8}"),
        ("{-1, 3, 8}", "{3, 2, 8}"),
        ("Add (m, c)", "Sub (m, c)"),
        ("y = Reshape (a", "k = Abs (m) y = Reshape (a"),
        ("float[8] c", "float[1] c"),
    ],
)
def test_y4_near_misses_of_products_stay(old, new):
    graph = text(ROWS, x="float[b, 3, 12]", y="float[?, ?, ?]")
    graph = graph.replace("int64[2] rows", BACK).replace(old, new)
    graph = graph.replace("float[1] c = {1, 2, 3, 4, 5, 6, 7, 8}", "float[1] c = {1}")
    operators = [n.operator for n in follow_symbols(graph_of(graph)).nodes]
    assert operators.count("Reshape") == 2
    agree(graph, X)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(b, t, eight)", "(t, b, eight)"),
        ("Gemm (", "Gemm <alpha=0.5> ("),
        ("y = Reshape (m, n)", "z = Reshape (m, n) k = Abs (m) y = Reshape (k, n)"),
    ],
)
def test_y4_near_misses_stay(old, new):
    graph = text(LINEAR.replace(old, new), y="float[?, ?, ?]")
    assert "Gemm" in after(follow_symbols, graph)
    agree(graph, X)


MASK = """s = Shape (x) i0 = Constant <value = int64[1] {0}> ()
    i1 = Constant <value = int64[1] {1}> () b = Gather (s, i0) t = Gather (s, i1)
    n = Concat <axis=0> (b, t, eight) minus = Constant <value = int64[3] {-1, -1, -1}> ()
    ones = Constant <value = int64[3] {1, 1, 1}> () open = Equal (n, minus)
    m = Where (open, ones, n)"""


def test_y5_expand_to_the_shape_that_there_is():
    """As torch spells it: a length of -1, of which there is none, would keep the input's."""
    nodes = f"{MASK} e = MatMul (x, w) r = Expand (e, m) y = Abs (r)"
    found = after(follow_symbols, text(nodes, y="float[?, ?, ?]"))
    assert "Expand" not in found and "Identity" in found
    agree(text(nodes, y="float[?, ?, ?]"), X, X[:, :1], X[:0])


@pytest.mark.parametrize(
    "nodes",
    [
        "e = ReduceMax <axes=[1]> (x) f = MatMul (e, w) r = Expand (f, m) y = Abs (r)",
        "e = MatMul (x, w) k = Concat <axis=0> (t, t, eight) r = Expand (e, k) y = Abs (r)",
        "e = MatMul (x, w) k = Mul (n, ones) k2 = Add (k, ones) k3 = Sub (k2, ones) "
        "u = Max (k3, ones) r = Expand (e, u) y = Abs (r)",
    ],
)
def test_y5_other_expansions_stay(nodes):
    nodes = f"{MASK} {nodes}"
    found = after(follow_symbols, text(nodes, y="float[?, ?, ?]"))
    assert "Expand" in found
    agree(text(nodes, y="float[?, ?, ?]"), X[:, :2], X[:1, :1])


def test_y1_sums_of_lengths():
    nodes = f"""{LENGTHS} c2 = Concat <axis=1> (x, x, x) s2 = Shape (c2) t2 = Gather (s2, i1)
        d = Sub (t2, t) d2 = Add (d, i1) k = Concat <axis=0> (b, t2, i1, three, four)
        y = Reshape (c2, k)"""
    found = follow_symbols(graph_of(text(nodes, y="float[?, ?, 1, 3, 4]")))
    assert str(found.types["c2"]) == "float32[b, t+t+t, 12]"
    assert str(found.types["y"]) == "float32[b, t+t+t, 1, 3, 4]"
    agree(text(nodes, y="float[?, ?, 1, 3, 4]"), X, X[:, :1])


def test_y1_a_sum_that_is_spelt_like_a_symbol_of_the_file():
    """The file may mean another length by it."""
    nodes = "y = Concat <axis=1> (x, x)"
    graph = text(nodes, x="float[b, t, 12]", y="float[?, ?, ?]")
    graph = graph.replace("(float[b, t, 12] x)", '(float[b, t, 12] x, float["t+t"] z)')
    found = follow_symbols(graph_of(graph))
    assert "t+t" not in str(found.types["y"])


LIST = f"{LENGTHS} n = Concat <axis=0> (b, t, four, three) l = Reshape (x, rest) "


@pytest.mark.parametrize("nodes", [LIST, LIST.replace("four, three", "four, rest")])
def test_y7_a_list_in_between(nodes):
    nodes += "r = Reshape (l, n) y = Abs (r)"
    found = follow_symbols(graph_of(text(nodes)))
    assert str(found.types["r"]).startswith("float32[b, t, 4")
    assert [n.operator for n in found.nodes].count("Reshape") == 1
    agree(text(nodes), X, X[:, :1])


@pytest.mark.parametrize(
    "nodes",
    [
        LIST.replace("(b, t", "(t, b"),
        LIST.replace("(b, t, four, three)", "(three, b, t, four)"),
        LIST + "e = Exp (l) z = Shape (e) ",
        LIST.replace("Reshape (x, rest)", "Reshape (x, rows)"),
    ],
    ids=["another order", "other places", "read elsewhere", "no list"],
)
def test_y7_near_misses_stay(nodes):
    nodes += "r = Reshape (l, n) y = Abs (r)"
    found = follow_symbols(graph_of(text(nodes)))
    assert [n.operator for n in found.nodes].count("Reshape") == 2
    agree(text(nodes), X[:, :2])


SAME = f"{LENGTHS} e = Exp (x) s2 = Shape (e) t2 = Gather (s2, i1) "


def test_y6_lengths_that_an_earlier_value_has():
    nodes = f"{SAME} k = Concat <axis=0> (t2, t2) y = ConstantOfShape (k)"
    found = after(follow_symbols, text(nodes, y="float[?, ?]"))
    assert "t2 = Identity (t)" in found
    assert "s2" not in found  # nothing reads it any longer
    agree(text(nodes, y="float[?, ?]"), X, X[:, :1], X[:0])


def test_y6_a_value_that_y7_merged_is_read_again():
    """Y7 merges ``t``, which only ``again`` read; then ``t2`` is found to be the same."""
    nodes = """s = Shape (x) zero = Constant <value = int64 {0}> ()
        none = Constant <value = int64[0] {}> () n = Gather (s, zero)
        t = Reshape (n, rest) again = Reshape (t, none)
        one = Constant <value = int64[1] {1}> () t2 = Reshape (n, one)
        u = Concat <axis=0> (t2, rest) r = Reshape (x, u) y = ConstantOfShape (t2)"""
    found = after(follow_symbols, text(f"{nodes} z = Add (again, zero)", y="float[?]"))
    assert "  t = Reshape (n, rest)\n" in found and "t2 = Identity (t)" in found
    assert "again" not in found
    agree(text(nodes, y="float[?]"), X, X[:1])


def test_y6_a_value_that_is_read_twice_since_is_not_merged():
    """``t2`` is ``t`` once Y6 has seen it, so Y7 leaves what makes ``t``."""
    nodes = """s = Shape (x) zero = Constant <value = int64 {0}> ()
        none = Constant <value = int64[0] {}> () n = Gather (s, zero)
        t = Reshape (n, rest) one = Constant <value = int64[1] {1}> ()
        t2 = Reshape (n, one) y = ConstantOfShape (t2) again = Reshape (t, none)
        z = Add (again, zero)"""
    found = after(follow_symbols, text(nodes, y="float[?]"))
    assert "t2 = Identity (t)" in found and "z = Identity (n)" in found
    agree(text(nodes, y="float[?]"), X, X[:1], X[:0])


@pytest.mark.parametrize(
    ("nodes", "kept"),
    [
        (f"{SAME} b2 = Gather (s2, i0) y = Add (b2, t2)", "y = Add"),
        (f"{SAME} u = Squeeze (t2) y = Add (u, b)", "u = Squeeze"),
        (f"{SAME} m = Concat <axis=0> (t, b) y = Add (m, t2)", "m = Concat"),
        (f"{SAME} y = Add (t2, i0)", "y = Add"),
    ],
    ids=["another length", "no list", "another order", "an output"],
)
def test_y6_others_stay(nodes, kept):
    assert kept in after(follow_symbols, text(nodes, y="int64[?]"))
    agree(text(nodes, y="int64[?]"), X)


def types_of(nodes: str, x: str = "float[b, t, 12]", y: str = "float[p, q]"):
    return follow_symbols(graph_of(text(nodes, x, y))).types


def test_y1_a_reshape_to_lengths_that_are_open_has_as_many_axes():
    nodes = """k = NonZero (x) s = Shape (k) i1 = Constant <value = int64[1] {1}> ()
        n = Gather (s, i1) d = Div (n, three) to = Concat <axis = 0> (three, d)
        r = Reshape (k, to) v = Transpose (r) y = Cast <to = 1> (v)"""
    types = types_of(nodes, "float[b, t, 12]")
    assert str(types["y"]) == "float32[?, 3]"


def test_y1_lengths_are_followed_through_int32():
    nodes = f"""{LENGTHS} i = Cast <to = 6> (s) u = Slice (i, i1, i2, i0)
        j = Cast <to = 7> (u) n = Concat <axis = 0> (rest, j, four)
        r = Reshape (x, n) y = Abs (r)"""
    nodes = nodes.replace("b =", "i2 = Constant <value = int64[1] {2}> () b =")
    assert str(types_of(nodes)["y"]) == "float32[?, t, 4]"
    agree(text(nodes, y="float[p, q, 4]"), X, X[:1])


def test_y1_what_is_computed_in_int32_is_not_followed():
    nodes = f"""{LENGTHS} i = Cast <to = 6> (t) m = Mul (i, i) j = Cast <to = 7> (m)
        n = Concat <axis = 0> (rest, j) r = Reshape (x, n) y = Abs (r)"""
    assert str(types_of(nodes)["y"]) == "float32[?, ?]"


def test_y1_a_symbol_is_no_length_of_0_if_the_reshape_would_fail():
    x = ("t", 12)
    assert reshaped(x, (3, "t", 4), False) == (3, "t", 4)
    assert reshaped(x, (-1, "t", 4), False) == (None, None, 4)  # of no rows: 0, 12, 4
    assert reshaped(x, (3, "b", 4), False) == (3, None, 4)
    assert reshaped(("t", 0), (1, "t", 2), False) == (1, None, 2)


def test_y1_results_of_onnxruntimes_operators():
    ones = ", ".join(["1"] * 12)
    model = onnx.parser.parse_model(
        f"""
        <ir_version: 8, opset_import: ["" : 17, "com.microsoft" : 1]>
        g (float[b, t, 12] x) => (float[p, q, 3] y)
        <float[12] g = {{{ones}}}, int64[1] three = {{3}}, int64[2] ends = {{0, 1}}> {{
          h, h1, h2, total = com.microsoft.SkipLayerNormalization (x, x, g)
          k = com.microsoft.FastGelu (total) n = Add (h, k)
          s = Shape (n) lead = Gather (s, ends)
          to = Concat <axis = 0> (lead, four, three) r = Reshape (n, to)
          y = ReduceSum (r, three_) }}""".replace(
            "int64[1] three",
            "int64[1] three_ = {2}, int64[1] four = {4}, int64[1] three",
        )
    )
    graph = follow_symbols(decode(load(model)).graph)
    assert str(graph.types["n"]) == "float32[b, t, 12]"
    assert str(graph.types["r"]) == "float32[b, t, 4, 3]"
    onnx2py.load_model(model)
