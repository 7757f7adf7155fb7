"""Rules R1 and R2: scales and shifts behind views of convolutions, and behind embeddings."""

from __future__ import annotations

import numpy as np
import onnx.parser
import onnxruntime
import pytest

import onnx2py
from onnx2py.ir.check import check
from onnx2py.passes import run_passes
from onnx2py.passes.channels import move_scales, scale_tables
from tests.passes.support import graph_of

X = np.arange(42, dtype=np.float32).reshape(1, 2, 1, 21) / 42
NUMBERS = ", ".join(str(i % 5 - 2) for i in range(18))


def text(nodes: str, weights: str = "", *, y: str = "float[p, q, r] y") -> str:
    """Return a graph with a convolution: 1 row, 21 columns, 3 channels."""
    return f"""g (float[1, 2, 1, 21] x) => ({y}) <float[3, 2, 1, 3] w = {{{NUMBERS}}},
        int64[1] two = {{2}}, int64[1] last = {{4}}, int64[3] flat = {{1, 3, 19}},
        int64[3] other = {{1, 19, 3}}, float[1, 3, 1] c = {{1, 2, 3}}, float[3] d = {{1, 2, 4}},
        float[1, 19] e = {{{", ".join(map(str, range(19)))}}}, float[1] o = {{3}},
        float[3] n = {{0.5, 0, -1}} {weights}> {{ k = Conv (x, w) {nodes} }}"""


def operators(graph: str) -> list[str]:
    moved = move_scales(graph_of(graph))
    check(moved, "move_scales")
    moved = scale_tables(moved)
    check(moved, "scale_tables")
    return [node.operator for node in moved.nodes]


def optimized(graph: str) -> list[str]:
    return [node.operator for node in run_passes(graph_of(graph), level=1).nodes]


def agree(graph: str, *inputs: np.ndarray) -> None:
    model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["" : 17]> {graph}')
    session = onnxruntime.InferenceSession(model.SerializeToString())
    compiled = onnx2py.load_model(model)
    expected = session.run(None, dict(zip(["x"], inputs)))
    results = compiled(*inputs)
    results = [results] if isinstance(results, np.ndarray) else list(results)
    for result, array in zip(results, expected, strict=True):
        np.testing.assert_allclose(result, array, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "nodes",
    [
        "s = Squeeze (k, two) y = Add (s, c)",
        "s = Squeeze (k, two) y = Mul (c, s)",
        "s = Squeeze (k, two) a = Mul (s, c) b = Sub (a, c) y = Div (b, o)",
        "s = Reshape (k, flat) y = Sub (s, c)",
        "s = Transpose <perm=[0, 2, 3, 1]> (k) y = Add (s, d)",
        "s = Unsqueeze (k, last) y = BatchNormalization (s, d, n, n, d)",
        "s = Squeeze (k, two) y = BatchNormalization (s, d, n, n, d)",
        "s = Squeeze (k, two) y = Add (s, o)",
    ],
)
def test_s1_the_convolution_takes_it_in(nodes):
    graph = text(nodes, y="float[p, q, r] y" if "k, two" in nodes else "float y")
    graph = graph.replace("(float y)", "(float[p, q, r] y)" if "flat" in nodes else
                          "(float[p, q, r, s, t] y)" if "last" in nodes else
                          "(float[p, q, r, s] y)")  # fmt: skip
    first, last = optimized(graph)
    assert first == "Conv" and last in ("Squeeze", "Reshape", "Transpose", "Unsqueeze")
    agree(graph, X)


@pytest.mark.parametrize(
    "nodes",
    [
        "s = Squeeze (k, two) y = Add (s, e)",
        "s = Squeeze (k, two) a = Abs (s) y = Add (s, c)",
        "s = Reshape (k, other) y = Add (s, d)",
        "s = Squeeze (k, two) y = Sub (c, s)",
        "m = Abs (k) s = Squeeze (m, two) y = Add (s, c)",
        "t = Transpose <perm=[0, 3, 2, 1]> (k) s = Squeeze (t, two) y = Add (s, d)",
    ],
    ids=[
        *("per column", "read elsewhere", "no view of units", "a minuend"),
        *("no convolution before", "two views"),
    ],
)
def test_s1_near_misses_stay(nodes):
    graph = text(nodes)
    if "a = Abs" in nodes:
        graph = graph.replace("r] y)", "r] y, float[p, q, r] a)")
    assert operators(graph)[-1] not in ("Squeeze", "Reshape")
    agree(graph, X)


def test_s1_one_channel_that_becomes_three_stays():
    graph = text("s = Squeeze (k, two) y = Add (s, c)").replace(
        f"float[3, 2, 1, 3] w = {{{NUMBERS}}}",
        "float[1, 2, 1, 3] w = {1, 2, 3, 4, 5, 6}",
    )
    assert operators(graph) == ["Conv", "Squeeze", "Add"]
    agree(graph, X)


TABLE = """g (int64[n, t] x) => (float[p, q, r] y) <float[4, 3] w = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    11, 12}, float[3] d = {1, 2, 4}, float[1] o = {0.3}, float[4, 3] g = {1, 2, 3, 4, 5, 6, 7, 8,
    9, 1, 2, 3}, float[3] z = {1, 0, 1}> { e = Gather (w, x) NODES }"""
INDICES = np.array([[0, 3], [-1, 2]])


@pytest.mark.parametrize(
    "nodes",
    [
        "y = Mul (e, d)",
        "a = Mul (d, e) y = Sub (a, d)",
        "y = Div (e, d)",
        "y = Add (e, o)",
    ],
)
def test_s2_the_table_takes_it_in(nodes):
    graph = TABLE.replace("NODES", nodes)
    assert optimized(graph) == ["Gather"]
    agree(graph, INDICES)


@pytest.mark.parametrize(
    "nodes",
    [
        "y = Sub (d, e)",
        "y = Div (e, z)",
        "a = Add (e, d) y = Mul (a, e)",
        "f = Gather (w, x) a = Add (e, d) b = Exp (f) y = Mul (a, b)",
    ],
    ids=[
        "a minuend",
        "a division by 0",
        "read elsewhere",
        "another reader of the table",
    ],
)
def test_s2_near_misses_stay(nodes):
    graph = TABLE.replace("NODES", nodes)
    assert set(operators(graph)) > {"Gather"}
    agree(graph, INDICES)


def test_s2_a_constant_that_enlarges_the_rows_stays():
    graph = TABLE.replace("float[4, 3] w", "float[4, 1] w").replace(
        "{1, 2, 3, 4, 5, 6, 7, 8, 9, 10,\n    11, 12}", "{1, 2, 3, 4}"
    )
    graph = graph.replace("NODES", "y = Mul (e, d)")
    assert operators(graph) == ["Gather", "Mul"]
    agree(graph, INDICES)
