"""Rule U1, and unrolled models compared with onnxruntime."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper, numpy_helper

import onnx2py
from onnx2py.ir.check import check
from onnx2py.passes.unrolled import roll_up
from tests.passes.support import graph_of

X = np.arange(48, dtype=np.float32).reshape(3, 2, 8) / 48
"""Three slices along the first axis."""

STEP = """t{i} = {take} p{i} = MatMul (t{i}, w) q{i} = Add (p{i}, b) r{i} = Relu (q{i})
    u{i} = Unsqueeze (r{i}, axis)"""
SLICE = "s{i} = Slice (x, n{i}, n{j}, axis) t{i} = Squeeze (s{i}, axis)"
GATHER = "t{i} = Gather <axis=0> (x, g{i})"


def text(step: str = STEP, take: str = SLICE, parts: str = "u0, u1, u2") -> str:
    """Return a graph as tf2onnx writes TimeDistributed around a dense layer."""
    if take == SLICE:
        step = step.replace("t{i} = {take}", SLICE)
    steps = " ".join(
        step.replace("t{i} = {take}", take)
        .replace("{i}", str(i))
        .replace("{j}", str(i + 1))
        for i in range(3)
    )
    weights = ", ".join(str(i % 7 - 3) for i in range(32))
    starts = " ".join(
        f"int64[1] n{i} = {{{i}}}, int64 g{i} = {{{i}}}," for i in range(4)
    )
    return f"""g (float[3, n, 8] x) => (float[p, q, r] y) <float[8, 4] w = {{{weights}}},
        float[8, 4] v = {{{weights}}}, {starts} float[4] b = {{1, 2, 3, 4}},
        float[3, 1, 1] each = {{1, 2, 3}},
        float[1, 1, 4] row = {{1, 2, 3, 4}}, int64[1] axis = {{0}}, int64[1] one = {{1}}>
        {{ {steps} y = Concat <axis=0> ({parts}) }}"""


def operators(graph: str) -> list[str]:
    rolled = roll_up(graph_of(graph))
    check(rolled, "roll_up")
    return [node.operator for node in rolled.nodes]


def agree(graph: str, *inputs: np.ndarray) -> None:
    model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["" : 17]> {graph}')
    session = onnxruntime.InferenceSession(model.SerializeToString())
    compiled = onnx2py.load_model(model)
    for x in inputs:
        (expected,) = session.run(None, {"x": x})
        np.testing.assert_allclose(compiled(x), expected, rtol=1e-5)


WITH_AXIS = """s{i} = Slice (x, n{i}, n{j}, axis) p{i} = MatMul (s{i}, w) q{i} = Add (p{i}, row)
    u{i} = Tanh (q{i})"""


@pytest.mark.parametrize(
    ("graph", "left"),
    [
        (text(), ["MatMul", "Add", "Relu"]),
        (text(take=GATHER), ["MatMul", "Add", "Relu"]),
        (text(WITH_AXIS), ["MatMul", "Add", "Tanh"]),
        (text("u{i} = Slice (x, n{i}, n{j}, axis)"), ["Identity"]),
        (text(STEP.replace("(p{i}, b)", "(b, p{i})")), ["MatMul", "Add", "Relu"]),
    ],
    ids=["slices", "elements", "the axis kept", "nothing between", "constant first"],
)
def test_u1_the_same_nodes_on_each_slice(graph, left):
    assert operators(graph) == left
    agree(graph, X, X[:, :1], X[:, :0])


@pytest.mark.parametrize(
    "graph",
    [
        text(parts="u0, u2, u1"),
        text(parts="u0, u1"),
        text(parts="u0, u1, u2, u2"),
        text(STEP + " o{i} = Abs (u{i})", parts="u0, u1, u2, o0"),
        text().replace("MatMul (t1, w)", "MatMul (t1, v)"),
        text().replace("Relu (q2)", "Abs (q2)"),
        text().replace("Slice (x, n1, n2, axis)", "Slice (x, n2, n3, axis)"),
        text(WITH_AXIS).replace("(x, n1, n2, axis)", "(x, n0, n2, axis)"),
        text().replace("Unsqueeze (r1, axis)", "Unsqueeze (r1, one)"),
        text(WITH_AXIS.replace("row", "each")),
        text(STEP.replace("Relu (q{i})", "Softmax <axis=0> (q{i})")),
        text(STEP.replace("Relu (q{i})", "Add (q{i}, q{i})")),
    ],
    ids=[
        *("another order", "one missing", "one twice", "read elsewhere"),
        *(
            "another matrix",
            "another operator",
            "the same slice twice",
            "a longer slice",
        ),
        *("another axis", "a constant over the axis"),
        *("no pointwise operator", "no constant"),
    ],
)
def test_u1_near_misses_stay(graph):
    assert "Concat" in operators(graph)


def test_u1_an_output_between_stays():
    graph = text().replace(
        "=> (float[p, q, r] y)", "=> (float[p, q, r] y, float[s, t] q1)"
    )
    assert "Concat" in operators(graph)


@pytest.mark.parametrize(("shape", "left"), [("1, 2", "Mul"), ("2, 2", "Concat")])
def test_u1_a_constant_with_an_axis_before(shape, left):
    """Without the axis of the slices, the constant's first axis would be another."""
    numbers = "5, 6" if shape == "1, 2" else "5, 6, 7, 8"
    graph = f"""g (float[2, 2, 2] x) => (float[p, q, r] y) <float[{shape}] c = {{{numbers}}},
        int64 g0 = {{0}}, int64 g1 = {{1}}, int64[1] axis = {{1}}> {{
        a = Gather <axis=1> (x, g0) b = Gather <axis=1> (x, g1) d = Mul (a, c) e = Mul (b, c)
        h = Unsqueeze (d, axis) i = Unsqueeze (e, axis) y = Concat <axis=1> (h, i) }}"""
    assert operators(graph)[-1] == left
    agree(graph, X.reshape(-1)[:8].reshape(2, 2, 2))


def test_u1_a_product_over_the_axis_stays():
    """Each slice is a number of a row; the matrix multiplies another axis than that."""
    graph = """g (float[2, 3] x) => (float[p, q] y) <int64 g0 = {0}, int64 g1 = {1}, int64 g2 = {2},
        float[2, 2] w = {1, 2, 3, 4}, int64[1] axis = {1}> {
        a = Gather <axis=1> (x, g0) b = Gather <axis=1> (x, g1) c = Gather <axis=1> (x, g2)
        d = MatMul (a, w) e = MatMul (b, w) f = MatMul (c, w)
        h = Unsqueeze (d, axis) i = Unsqueeze (e, axis) j = Unsqueeze (f, axis)
        y = Concat <axis=1> (h, i, j) }"""
    assert "Concat" in operators(graph)
    agree(graph, X.reshape(-1)[:6].reshape(2, 3))


def test_u1_parts_of_a_split_along_the_middle_axis():
    graph = """g (float[n, 3, 8] x) => (float[p, q, r] y) <float[8] b = {1, 2, 3, 4, 5, 6, 7, 8},
        float[2, 1, 8] c = {1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8}> {
        s, t, u = Split <axis=1> (x) i = Sub (b, s) j = Sub (b, t) k = Sub (b, u)
        l = Mul (i, c) m = Mul (j, c) o = Mul (k, c) y = Concat <axis=-2> (l, m, o) }"""
    rolled = roll_up(graph_of(graph))
    assert [node.operator for node in rolled.nodes] == ["Sub", "Mul"]
    assert len(rolled.nodes[-1].also) == 8
    agree(graph, X.reshape(2, 3, 8))


@pytest.mark.parametrize(
    ("perm", "left"),
    [
        ("1, 0, 2", ["MatMul", "Add", "Relu", "Transpose"]),
        ("2, 0, 1", ["Transpose", "MatMul", "Add", "Relu", "Transpose"]),
    ],
)
def test_u1_a_transpose_before_comes_after(perm, left):
    """A product is of rows as they lie in memory; what is turned is its smaller result."""
    x = "float[n, 3, 8] x" if perm == "1, 0, 2" else "float[n, 8, 3] x"
    graph = text().replace("float[3, n, 8] x", x).replace("(x, n", "(t, n")
    graph = graph.replace(
        "s0 = Slice", f"t = Transpose <perm=[{perm}]> (x) s0 = Slice", 1
    )
    assert operators(graph) == left
    shape = (2, 3, 8) if perm == "1, 0, 2" else (2, 8, 3)
    agree(graph, X.reshape(shape), X.reshape(shape)[:1])


def test_u1_keras_time_distributed_is_as_long_as_one_step():
    """What tf2onnx writes of 21 steps of Dense and ReLU, time first: 128 nodes."""
    steps, rng = 21, np.random.default_rng(0)
    arrays = {"w": rng.normal(size=(8, 4)).astype("f4"), "b": np.ones(4, "f4")}
    arrays |= {f"n{i}": np.array([i]) for i in range(steps + 1)}
    node, nodes = helper.make_node, [
        helper.make_node("Transpose", ["x"], ["t"], perm=[1, 0, 2])
    ]
    for i in range(steps):
        nodes += [
            node("Slice", ["t", f"n{i}", f"n{i + 1}", "n0"], [f"slice{i}"]),
            node("Squeeze", [f"slice{i}", "n0"], [f"squeeze{i}"]),
            node("MatMul", [f"squeeze{i}", "w"], [f"matmul{i}"]),
            node("Add", [f"matmul{i}", "b"], [f"add{i}"]),
            node("Relu", [f"add{i}"], [f"relu{i}"]),
            node("Unsqueeze", [f"relu{i}", "n0"], [f"unsqueeze{i}"]),
        ]
    nodes += [node("Concat", [f"unsqueeze{i}" for i in range(steps)], ["c"], axis=0)]
    nodes += [node("Transpose", ["c"], ["y"], perm=[1, 0, 2])]
    graph = helper.make_graph(
        nodes,
        "time_distributed",
        [helper.make_tensor_value_info("x", 1, ["batch", steps, 8])],
        [helper.make_tensor_value_info("y", 1, ["batch", steps, 4])],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8
    )
    session = onnxruntime.InferenceSession(model.SerializeToString())
    compiled = onnx2py.load_model(model)
    for batch in (1, 3):
        x = rng.normal(size=(batch, steps, 8)).astype("f4")
        (expected,) = session.run(None, {"x": x})
        np.testing.assert_allclose(compiled(x), expected, rtol=1e-5, atol=1e-6)
