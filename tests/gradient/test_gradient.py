"""Gradient nodes in graphs: which values they are taken at, and what they cannot do."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx.parser
import pytest

import onnx2py
from onnx2py.decode import decode
from onnx2py.ir.text import print_graph
from onnx2py.load import load
from onnx2py.passes import run_passes
from tests.passes.support import block

HEAD = (
    '<ir_version: 8, opset_import: ["" : 17, "ai.onnx.preview.training" : 1, "f" : 1]>'
)
X, W = np.array([1, 2, 3], "f"), np.array([4, -5, 6], "f")
both_levels = pytest.mark.parametrize("level", [0, 1])


def parse(text: str) -> Any:
    text = text.replace("Gradient", "ai.onnx.preview.training.Gradient")
    return onnx.parser.parse_model(f"{HEAD} {text}")


def run(text: str, *arrays: Any, level: int = 1) -> list[Any]:
    model = parse(text)
    found = onnx2py.load_model(model, level=level)(*arrays)
    return [found] if len(model.graph.output) == 1 else list(found)


def refusal(text: str) -> str:
    with pytest.raises(onnx2py.UnsupportedError) as caught:
        run(text)
    return str(caught.value)


def test_it_becomes_ordinary_nodes():
    model = parse(
        """g (float[3] x, float[3] w) => (float[3] d) {
        a = Mul (x, w) y = Tanh (a) d = Gradient <xs = ["x"], zs = ["w"], y = "y"> (x, w) }"""
    )
    graph = run_passes(decode(load(model)).graph, level=1)
    assert print_graph(graph) == block("""
        (x, w) => (d)
          float32[] constant = {1}
          float32[3] gradient_Expand = {1, 1, 1}
          a = Mul (x, w)
          y = Tanh (a)
          gradient_Mul = Mul (y, y)
          gradient_Sub = Sub (constant, gradient_Mul)
          gradient_Mul;2 = Mul (gradient_Expand, gradient_Sub)
          d = Mul (gradient_Mul;2, w)
    """)


@both_levels
def test_at_the_values_of_the_graph(level: int):
    text = """g (float[3] x, float[3] w) => (float[3] dx, float[3] dw, float[3] y) {
        dx, dw = Gradient <xs = ["x", "w"], y = "y"> (x, w)
        a = Mul (x, w) y = Mul (a, x) }"""
    dx, dw, y = run(text, X, W, level=level)
    np.testing.assert_array_equal(dx, 2 * X * W)
    np.testing.assert_array_equal(dw, X * X)
    np.testing.assert_array_equal(y, X * X * W)


@both_levels
def test_at_other_values(level: int):
    """The nodes are copied, and the graph's own result remains."""
    text = """g (float[3] x, float[3] v) => (float[3] y, float[3] d) {
        a = Mul (x, x) y = Mul (a, x) d = Gradient <xs = ["x"], y = "y"> (v) }"""
    y, d = run(text, X, W, level=level)
    np.testing.assert_array_equal(y, X**3)
    np.testing.assert_array_equal(d, 3 * W**2)


@both_levels
def test_of_an_intermediate_value(level: int):
    text = """g (float[3] x, float[3] w, float[3] h1) => (float[3] dh, float[3] d1) {
        h = Mul (x, w) y = Mul (h, h) dh = Gradient <xs = ["h"], y = "y"> (h)
        d1 = Gradient <xs = ["h"], zs = ["w"], y = "y"> (h1, w) }"""
    dh, d1 = run(text, X, W, X, level=level)
    np.testing.assert_array_equal(dh, 2 * X * W)
    np.testing.assert_array_equal(d1, 2 * X)


@both_levels
def test_of_a_gradient(level: int):
    """d²/dx² and d²/dxdw of x³w, the nodes in any order."""
    text = """g (float[3] x, float[3] w) => (float[3] xx, float[3] xw) {
        xx, xw = Gradient <xs = ["x", "w"], y = "d"> (x, w)
        a = Mul (x, x) b = Mul (a, x) y = Mul (b, w)
        d = Gradient <xs = ["x"], zs = ["w"], y = "y"> (x, w) }"""
    xx, xw = run(text, X, W, level=level)
    np.testing.assert_array_equal(xx, 6 * X * W)
    np.testing.assert_array_equal(xw, 3 * X * X)


SECOND = [
    ("Conv <pads = [1, 1, 0, 1], strides = [2, 1]> (x, w)", (1, 2, 4, 4), (2, 2, 2, 2)),
    ("Conv <group = 2> (x, w)", (2, 4, 4, 3), (4, 2, 2, 2)),
    ("MatMul (x, w)", (2, 3), (3, 2)),
    ("Mul (s, w)", (2, 3), (3,)),
]


@pytest.mark.parametrize(("operation", "x_shape", "w_shape"), SECOND)
def test_second_derivatives_are_limits_of_differences(operation, x_shape, w_shape):
    """Of the square of an operator's result, weighted; in float64."""
    text = f"""g (double[{','.join(map(str, x_shape))}] x, double[{','.join(map(str, w_shape))}] w)
        => (FIRST) {{ s = Softmax (x) r = {operation} q = Mul (r, r) e = Exp (q)
        y = ReduceSum <keepdims = 0> (e)
        dx, dw = Gradient <xs = ["x", "w"], y = "y"> (x, w)
        p = Mul (dx, dx) z = ReduceSum <keepdims = 0> (p)
        zx, zw = Gradient <xs = ["x", "w"], y = "z"> (x, w) }}"""
    random = np.random.default_rng(0)
    x, w = random.uniform(-0.3, 0.3, x_shape), random.uniform(-0.3, 0.3, w_shape)
    first = onnx2py.load_model(parse(text.replace("FIRST", "double z")))
    ends = "double[...] zx, double[...] zw".replace("[...]", "")
    found = run(text.replace("FIRST", ends), x, w)
    for got, which in zip(found, (0, 1)):
        slope = np.empty((x, w)[which].shape)
        for place in np.ndindex(*slope.shape):
            values = []
            for sign in (1, -1):
                moved = [x.copy(), w.copy()]
                moved[which][place] += sign * 1e-5
                values.append(float(first(*moved)))
            slope[place] = (values[0] - values[1]) / 2e-5
        np.testing.assert_allclose(got, slope, rtol=1e-5, atol=1e-8)


@both_levels
def test_outputs_that_nobody_wants_and_variables_that_do_not_matter(level: int):
    text = """g (float[3] x, float[3] w, float[2] u) => (float[3] dw, float[2] du) {
        y = Mul (x, w) , dw, du = Gradient <xs = ["x", "w", "u"], y = "y"> (x, w, u) }"""
    dw, du = run(
        text.replace(") ,", ') "",').replace('"",', "unread,"), X, W, X[:2], level=level
    )
    np.testing.assert_array_equal(dw, X)
    np.testing.assert_array_equal(du, [0, 0])


@both_levels
def test_of_the_variable_itself(level: int):
    text = 'g (float[3] x) => (float[3] d) { y = Abs (x) d = Gradient <xs = ["y"], y = "y"> (y) }'
    np.testing.assert_array_equal(run(text, X, level=level)[0], [1, 1, 1])


@both_levels
@pytest.mark.parametrize("shape", ["[]", "[n, m]", "[2, m]", "[n, 3]"])
def test_shapes_that_are_not_known_before_it_runs(shape: str, level: int):
    """What was broadcast is added up, whatever the shapes turn out to be."""
    text = f"""g (float{shape} x, float{shape.replace('n', 'p').replace('m', 'q')} w)
        => (float dx, float dw) {{
        y = Mul (x, w) dx, dw = Gradient <xs = ["x", "w"], y = "y"> (x, w) }}"""
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    others = (
        [x + 1, x[:1], x[:, :1], x[:1, :1]] if shape in ("[]", "[n, m]") else [x + 1]
    )
    for w in others:
        dx, dw = run(text, x, w, level=level)
        np.testing.assert_array_equal(dx, np.broadcast_to(w, x.shape))
        axes = tuple(i for i in (0, 1) if w.shape[i] == 1)
        np.testing.assert_array_equal(dw, x.sum(axes, keepdims=True) if axes else x)


@both_levels
def test_through_a_convolution_of_unknown_size(level: int):
    text = """g (float[n, 1, h] x, float[1, 1, 2] w) => (float[n, 1, h] dx, float[1, 1, 2] dw) {
        y = Conv <strides = [2], pads = [1, 0]> (x, w)
        dx, dw = Gradient <xs = ["x", "w"], y = "y"> (x, w) }"""
    w = np.array([[[2, 3]]], "f")
    for length in (3, 4, 5):
        x = np.arange(1, length + 1, dtype=np.float32).reshape(1, 1, -1)
        dx, dw = run(text, x, w, level=level)
        reached = 1 + 2 * (
            (length + 1 - 2) // 2
        )  # the last element that a window covers
        slope = [3 if i % 2 == 0 else 2 for i in range(reached)]
        np.testing.assert_array_equal(dx[0, 0], slope + [0] * (length - reached))
        padded = np.concatenate([[0], x[0, 0]])
        starts = np.arange(0, length, 2)[: (length - 1) // 2 + 1]
        np.testing.assert_array_equal(
            dw[0, 0], [padded[starts].sum(), padded[starts + 1].sum()]
        )


@both_levels
def test_through_functions(level: int):
    text = """g (float[3] x) => (float[3] d) {
        y = f.cube (x) d = Gradient <xs = ["x"], y = "y"> (x) }
        <domain: "f", opset_import: ["" : 17]>
        cube (v) => (r) { a = Mul (v, v) r = Mul (a, v) }"""
    np.testing.assert_array_equal(run(text, X, level=level)[0], 3 * X * X)


@both_levels
def test_inside_of_a_branch(level: int):
    text = """g (float[3] x, bool c) => (float[3] d) {
        y = Mul (x, x)
        d = If (c) <then_branch = t () => (float[3] p)
                        { p = Gradient <xs = ["x"], y = "y"> (x) },
                    else_branch = e () => (float[3] q) { r = Exp (x)
                        q = Gradient <xs = ["x"], y = "r"> (x) }> }"""
    np.testing.assert_array_equal(run(text, X, np.array(True), level=level)[0], 2 * X)
    other = run(text, X, np.array(False), level=level)[0]
    np.testing.assert_allclose(other, np.exp(X), rtol=1e-6)


@both_levels
def test_through_casts(level: int):
    """Of numbers with fractions, in the input's type; integers have no gradient."""
    text = """g (float16[3] x, float[3] w) => (float16[3] dx, float[3] dw) {
        a = Cast <to = 1> (x) i = Cast <to = 7> (w) b = Cast <to = 1> (i) c = CastLike (a, w)
        p = Mul (c, w) y = Add (p, b) dx, dw = Gradient <xs = ["x", "w"], y = "y"> (x, w) }"""
    dx, dw = run(text, X.astype(np.float16), W, level=level)
    assert dx.dtype == np.float16
    np.testing.assert_array_equal(dx, W)
    np.testing.assert_array_equal(dw, X)


@both_levels
def test_training_dropout_goes_through_its_mask(level: int):
    text = """g (float[64] x) => (float[64] y, bool[64] m, float[64] d)
        <float r = {0.25}, bool t = {1}> {
        y, m = Dropout <seed = 3> (x, r, t) d = Gradient <xs = ["x"], y = "y"> (x) }"""
    _, mask, d = run(text, np.ones(64, "f"), level=level)
    assert 0 < mask.sum() < 64
    np.testing.assert_allclose(d, mask / 0.75, rtol=1e-6)


def test_a_training_step_with_the_optimisers_of_the_domain():
    """Momentum's result, computed by hand: what Gradient is for."""
    text = """g (float[1,2] x, float[1,1] t, float[2,1] w, float[2,1] v, float rate, int64 step)
        => (float[2,1] w2, float[2,1] v2) {
        p = MatMul (x, w) e = Sub (p, t) q = Mul (e, e) loss = ReduceSum <keepdims = 0> (q)
        dw = Gradient <xs = ["w"], zs = ["x", "t"], y = "loss"> (w, x, t)
        w2, v2 = ai.onnx.preview.training.Momentum <alpha = 0.5, beta = 1.0, mode = "standard",
            norm_coefficient = 0.0> (rate, step, w, dw, v) }"""
    x, t = np.array([[1, 2]], "f"), np.array([[3]], "f")
    w, v = np.array([[1], [-1]], "f"), np.array([[2], [4]], "f")
    rate, step = np.array(0.25, "f"), np.array(1)
    w2, v2 = run(text, x, t, w, v, rate, step)
    gradient = 2 * (x @ w - t) * x.T
    np.testing.assert_array_equal(v2, 0.5 * v + gradient)
    np.testing.assert_array_equal(w2, w - 0.25 * (0.5 * v + gradient))


def test_what_has_no_derivative_is_listed():
    message = refusal("""g (float[3, 3] x, bool c) => (float[3, 3] d) {
        a = If (c) <then_branch = t () => (float[3, 3] p) { p = Abs (x) },
                    else_branch = e () => (float[3, 3] q) { q = Neg (x) }>
        b = Det (x) y = Add (a, b) d = Gradient <xs = ["x"], y = "y"> (x) }""")
    assert message.startswith("1 unsupported node:")
    assert (
        "d: ai.onnx.preview.training.Gradient (opset 1): it cannot be diff" in message
    )
    assert "a: If: control flow has no derivative" in message
    assert "b: Det: the operator has no derivative" in message


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ('xs = ["x"], y = "z"', "attribute y: 'z': nothing in the graph defines it"),
        ('xs = ["u"], y = "y"', "attribute xs or zs: 'u': nothing in the graph"),
        ('xs = ["x", "y"], y = "y"', "expected 1 name, one for each input, got 2"),
        ('xs = ["x"], y = "d"', "it differentiates itself"),
    ],
)
def test_names_that_mean_nothing(attributes: str, expected: str):
    text = f"g (float[3] x) => (float[3] d) {{ y = Abs (x) d = Gradient <{attributes}> (x) }}"
    assert expected in refusal(text)
