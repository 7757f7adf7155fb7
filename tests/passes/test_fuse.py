"""Rules P1 to P7: what they find, what they must not, and that onnxruntime has the same numbers."""

from __future__ import annotations

import numpy as np
import onnx.parser
import onnxruntime
import pytest

import onnx2py
from onnx2py.passes import run_passes
from onnx2py.passes.fuse import fuse_patterns
from tests.passes.support import after, graph_of
from tests.support import unoptimized

NUMBERS = """
    float h = {0.5}, float one = {1}, float two = {2}, float three = {3}, float zero = {0},
    float six = {6}, float sixth = {0.16666667}, float minus = {-0.5}, float r2 = {1.4142135},
    float r1 = {0.70710677}, float q = {1.702}, float t = {0.7978846}, float k = {0.044715},
    float e = {1e-5}, float[4] s = {1, 2, -1, 0.5}, float[4] b = {0, 1, 2, -3},
    float[1] wide = {3}, float[1, 1, 1] tall = {0.5}"""

ERF = "d = Div (x, r2) f = Erf (d) o = Add (one, f)"
CUBE = """c = Pow (x, three) l = Mul (k, c) a = Add (x, l) z = Mul (a, t) f = Tanh (z)
    o = Add (f, one)"""
FAST = """u = Mul (x, x) l = Mul (u, k) a = Add (l, one) v = Mul (x, t) z = Mul (v, a) f = Tanh (z)
    o = Add (f, one)"""
CENTERED = "m = ReduceMean <axes=[-1]> (x) d = Sub (x, m)"
VARIANCE = f"{CENTERED} p = Pow (d, two) w = ReduceMean <axes=[1]> (p) a = Add (w, e)"
SQUARED = "p = Mul (x, x) w = ReduceMean <axes=[-1]> (p) a = Add (w, e) r = Sqrt (a)"

FOUND = {
    "swish": ("Swish", "g = Sigmoid (x) y = Mul (x, g)"),
    "swish, turned": ("Swish", "g = Sigmoid (x) y = Mul (g, x)"),
    "swish, alpha": ("Swish", "a = Mul (q, x) g = Sigmoid (a) y = Mul (x, g)"),
    "hard swish": (
        "HardSwish",
        "g = HardSigmoid <alpha=0.16666667, beta=0.5> (x) y = Mul (x, g)",
    ),
    "clip, product first": (
        "HardSwish",
        "a = Add (x, three) c = Clip (a, zero, six) m = Mul (x, c) y = Div (m, six)",
    ),
    "clip, by a sixth": (
        "HardSwish",
        "a = Add (three, x) c = Clip (a, zero, six) m = Mul (c, sixth) y = Mul (x, m)",
    ),
    "gelu, half last": ("Gelu", f"{ERF} m = Mul (x, o) y = Mul (m, h)"),
    "gelu, half first": ("Gelu", f"{ERF} m = Mul (x, h) y = Mul (m, o)"),
    "gelu, half between": ("Gelu", f"{ERF} m = Mul (h, o) y = Mul (x, m)"),
    "gelu, product": (
        "Gelu",
        "d = Mul (x, r1) f = Erf (d) o = Add (f, one) m = Mul (x, o) y = Div (m, two)",
    ),
    "gelu, tanh": ("Gelu", f"{CUBE} m = Mul (h, x) y = Mul (m, o)"),
    "gelu, fast": ("Gelu", f"{FAST} m = Mul (h, x) y = Mul (m, o)"),
    "layer norm": (
        "LayerNormalization",
        f"{VARIANCE} r = Sqrt (a) n = Div (d, r) c = Mul (n, s) y = Add (c, b)",
    ),
    "layer norm, no bias": (
        "LayerNormalization",
        f"{VARIANCE} r = Sqrt (a) n = Div (d, r) y = Mul (s, n)",
    ),
    "layer norm, inverse": (
        "LayerNormalization",
        f"{VARIANCE} r = Pow (a, minus) n = Mul (d, r) c = Mul (s, n) y = Add (b, c)",
    ),
    "rms norm": ("RMSNormalization", f"{SQUARED} n = Div (x, r) y = Mul (s, n)"),
    "rms norm, inverse": (
        "RMSNormalization",
        f"{SQUARED} i = Div (one, r) n = Mul (x, i) y = Mul (s, n)",
    ),
    "rms norm, reciprocal": (
        "RMSNormalization",
        f"{SQUARED} i = Reciprocal (r) n = Mul (x, i) y = Mul (n, s)",
    ),
}


def graph(nodes: str, x: str = "float[n, 4]", outputs: str = "float[n, 4] y") -> str:
    return f"g ({x} x) => ({outputs}) <{NUMBERS}> {{ {nodes} }}"


@pytest.mark.parametrize("name", FOUND)
def test_found_and_equal_to_onnxruntime(name):
    operator, nodes = FOUND[name]
    (found,) = fuse_patterns(graph_of(graph(nodes))).nodes
    assert found.operator == operator
    assert found.also
    header = '<ir_version: 8, opset_import: ["" : 17]>'
    model = onnx.parser.parse_model(f"{header} {graph(nodes)}")
    special = [[0, -0.0, 3, -3], [88, -88, 1e4, -1e4], [1e20, -1e20, np.inf, np.nan]]
    x = np.random.default_rng(0).normal(size=(40, 4)).astype(np.float32) * 3
    x = np.concatenate((x, np.array(special, np.float32)))
    session = unoptimized(model)
    compiled = onnx2py.load_model(model)
    for case in (x, x[:0]):
        (expected,) = session.run(None, {"x": case})
        np.testing.assert_allclose(compiled(case), expected, rtol=1e-5, atol=2e-6)


@pytest.mark.parametrize(
    "nodes",
    [
        "g = Sigmoid (x) u = Abs (x) y = Mul (u, g)",
        "g = HardSigmoid (x) y = Mul (x, g)",
        "a = Add (x, three) c = Clip (a, zero, three) m = Mul (x, c) y = Div (m, six)",
        "a = Add (x, two) c = Clip (a, zero, six) m = Mul (x, c) y = Div (m, six)",
        "d = Div (x, two) f = Erf (d) o = Add (one, f) m = Mul (x, o) y = Mul (m, h)",
        f"{ERF} m = Mul (d, o) y = Mul (m, h)",
        f"{ERF} m = Mul (x, o) y = Mul (m, two)",
        f"{CENTERED} p = Pow (d, three) w = ReduceMean <axes=[-1]> (p) a = Add (w, e) "
        "r = Sqrt (a) n = Div (d, r) c = Mul (n, s) y = Add (c, b)",
        f"{CENTERED} p = Pow (d, two) w = ReduceMean <axes=[0]> (p) a = Add (w, e) "
        "r = Sqrt (a) n = Div (d, r) y = Mul (n, s)",
        f"{VARIANCE} r = Sqrt (a) n = Div (d, r) y = Mul (n, wide)",
        f"{SQUARED} n = Div (x, r) y = Mul (n, h)",
        "p = Mul (x, x) w = ReduceSum <keepdims=1> (p) a = Add (w, e) r = Sqrt (a) "
        "n = Div (x, r) y = Mul (n, s)",
    ],
)
def test_near_misses_stay(nodes):
    text = graph(nodes)
    assert after(fuse_patterns, text) == after(lambda g: g, text)


def test_what_someone_else_reads_stays():
    text = graph(
        "g = Sigmoid (x) y = Mul (x, g)", outputs="float[n, 4] y, float[n, 4] g"
    )
    assert "Swish" not in after(fuse_patterns, text)


def test_a_constant_of_more_axes_stays():
    nodes = f"{ERF} m = Mul (x, o) y = Mul (m, tall)"
    text = graph(nodes, outputs="float[1, n, 4] y")
    assert "Gelu" not in after(fuse_patterns, text)


def test_half_precision_stays():
    text = "g (float16[4] x) => (float16[4] y) { g = Sigmoid (x) y = Mul (x, g) }"
    assert "Swish" not in after(fuse_patterns, text)


def test_level_0_stays():
    text = graph("g = Sigmoid (x) y = Mul (x, g)")
    assert len(run_passes(graph_of(text), level=0).nodes) == 2
    assert len(run_passes(graph_of(text), level=1).nodes) == 1


def test_two_patterns_that_share_a_value():
    nodes = "g = Sigmoid (x) a = Mul (x, g) u = Sigmoid (a) y = Mul (a, u)"
    found = after(fuse_patterns, graph(nodes))
    assert found.count("Swish") == 2
    assert "Sigmoid (" not in found


GROUPS = """g (float[n, 6, p, q] x) => (float[n, 6, p, q] y) <int64[3] grouped = {0, 3, -1},
    int64[4] back = {0, 6, -1, 8}, float[3] ones = {1, 1, 1}, float[3] zeros = {0, 0, 0},
    float[3] twos = {1, 2, 1}, float[6, 1, 1] s = {1, 2, -1, 0.5, 3, 1},
    float[6, 1, 1] b = {0, 1, 2, -3, 0, 1}, float[6, 1] wide = {1, 2, 3, 4, 5, 6}> {
    r = Reshape (x, grouped) i = InstanceNormalization <epsilon = 0.01> (r, ones, zeros)
    l = Shape (x) t = Reshape (i, l) m = Mul (s, t) y = Add (m, b) }"""


@pytest.mark.parametrize("width", ["q", "8"])
def test_groups_of_channels(width):
    text = GROUPS.replace("q]", f"{width}]")
    if width == "8":
        text = text.replace("l = Shape (x) t = Reshape (i, l)", "t = Reshape (i, back)")
    (found,) = fuse_patterns(graph_of(text)).nodes
    assert (found.operator, found.inputs) == ("GroupNormalization", ("x", "s", "b"))
    model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["" : 17]> {text}')
    session = onnxruntime.InferenceSession(model.SerializeToString())
    compiled = onnx2py.load_model(model)
    for shape in ((2, 6, 7, 8), (1, 6, 1, 8), (0, 6, 3, 8)):
        x = np.random.default_rng(0).normal(5, 3, shape).astype(np.float32)
        if x.size:
            (expected,) = session.run(None, {"x": x})
            np.testing.assert_allclose(compiled(x), expected, rtol=1e-5, atol=1e-5)
        assert compiled(x).shape == shape


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(r, ones, zeros)", "(r, twos, zeros)"),
        ("(r, ones, zeros)", "(r, ones, ones)"),
        ("{0, 3, -1}", "{-1, 3, 16}"),
        ("Mul (s, t)", "Mul (wide, t)"),
        ("Shape (x)", "Shape (z)"),
        ("t = Reshape (i, l)", "u = Reshape (i, l) t = Abs (u)"),
    ],
)
def test_groups_of_another_kind(old, new):
    text = GROUPS.replace("q] x)", "q] x, float[n, 6, p, q] z)")
    assert "GroupNormalization" in after(fuse_patterns, text)
    text = text.replace(old, new)
    assert after(fuse_patterns, text) == after(lambda g: g, text)
