"""Graphs that are valid, if odd: each at both levels, compared with onnxruntime."""

from __future__ import annotations

import sys

import numpy as np
import onnx.parser
import pytest
from onnx import TensorProto, helper, numpy_helper

import onnx2py
from tests.support import assert_same, unoptimized

X = np.array([1, -2, 3], np.float32)
SIX = np.arange(6, dtype=np.float32)


def agree(model: onnx.ModelProto, feeds: dict[str, np.ndarray], level: int) -> None:
    session = unoptimized(model)
    compiled = onnx2py.load_model(model, level=level, overridable=True)
    inputs = sys.modules[type(compiled).__module__].INPUTS
    names = {spec.name: spec.python_name for spec in inputs}
    before = {name: array.copy() for name, array in feeds.items()}
    result = compiled(**{names[name]: array for name, array in feeds.items()})
    actual = list(result) if len(model.graph.output) != 1 else [result]
    assert_same(actual, session.run(None, feeds))
    for name, array in feeds.items():
        np.testing.assert_array_equal(array, before[name])


CASES = {
    "one value under two names": (
        "g (float[3] x) => (float[3] y, float[3] z) { y = Identity (x) z = Identity (y) }",
        {"x": X},
    ),
    "a weight as output": (
        "g (float[3] x) => (float[3] y, float[2] w) <float[2] w = {1, 2}> { y = Relu (x) }",
        {"x": X},
    ),
    "an input that is not read": (
        "g (float[3] x, float[3] z) => (float[3] y) { y = Relu (x) }",
        {"x": X, "z": X},
    ),
    "no inputs": ("g () => (float[2] y) <float[2] w = {1, -2}> { y = Abs (w) }", {}),
    "division by minus zero": (
        "g (float[3] x) => (float[3] y) <float a = {-0.0}> { y = Div (x, a) }",
        {"x": X},
    ),
    "a scalar output": (
        "g (float[3] x) => (float y) { y = ReduceSum <keepdims = 0> (x) }",
        {"x": X},
    ),
    "strings": ("g (string[2] x) => (string[2] y) { y = Identity (x) }",
                {"x": np.array(["a", "é"], object)}),
    "a sequence": (
        "g (float[3] x) => (seq(float[3]) y) { y = SequenceConstruct (x, x) }",
        {"x": X},
    ),
    "integers that wrap around": (
        "g (int64[2] x) => (int64[2] y) <int64[1] w = {9223372036854775807}> { y = Add (x, w) }",
        {"x": np.array([1, -5])},
    ),
    "a loop that returns captured values": (
        """g (int64 n, float[3] x) => (float[3] y, float[k, 3] s, float[k, 2] t)
        <float[2] w = {1, 2}> { y, s, t = Loop (n, , x) <body = b (int64 i, bool c, float[3] a)
            => (bool d, float[3] z, float[3] u, float[2] v)
            { d = Identity (c) z = Identity (x) u = Identity (a) v = Identity (w) }> }""",
        {"n": np.array(2), "x": X},
    ),
    "known lengths picked backwards": (
        """g (float[n, 3, 4] x) => (int64[1] a, int64[2] b, int64[3] c)
        <int64[1] last = {-1}, int64[2] pick = {-1, 0}, int64[1] start = {2}, int64[1] end = {-9},
         int64[1] axis = {0}, int64[1] step = {-1}>
        { s = Shape (x) a = Gather (s, last) b = Gather (s, pick)
          c = Slice (s, start, end, axis, step) }""",
        {"x": np.zeros((5, 3, 4), np.float32)},
    ),
    "a default shape in a branch": (
        """g (float[6] x, bool c, int64[2] s) => (float[a, b] y) <int64[2] s = {2, 3}> {
        y = If (c) <then_branch = t () => (float[a, b] p) { p = Reshape (x, s) },
            else_branch = e () => (float[a, b] q) { u = Reshape (x, s) q = Neg (u) }> }""",
        {"x": SIX, "c": np.array(True)},
    ),
    "another shape in a branch": (
        """g (float[6] x, bool c, int64[2] s) => (float[a, b] y) <int64[2] s = {2, 3}> {
        y = If (c) <then_branch = t () => (float[a, b] p) { p = Reshape (x, s) },
            else_branch = e () => (float[a, b] q) { u = Reshape (x, s) q = Neg (u) }> }""",
        {"x": SIX, "c": np.array(False), "s": np.array([3, 2])},
    ),
}  # fmt: skip


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("case", CASES)
def test_odd_graphs(case, level):
    text, feeds = CASES[case]
    model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["" : 17]> {text}')
    agree(model, feeds, level)


LAYER = """<ir_version: 10, opset_import: ["" : 17, "l" : 1]>
    main (float[n, 2] x, bool c) => (float[n, 2] y, float[n, 2] z, float[n, 2] q)
        <float[2, 2] w1 = {1, 2, 3, 4}, float[2, 2] w2 = {5, 6, 7, 8}, float[2] b = {1, 2}>
        {
            h = l.layer <k = 2.0> (x, w1, b)
            y = l.layer <k = 2.0> (h, w2, b)
            o, u = l.split (y)
            z = If (c) <
                then_branch = t () => (float[n, 2] a) { a = l.layer (u, w1, b) },
                else_branch = e () => (float[n, 2] d) { d, v = l.split (x) }>
            q = l.again (x, w2, b)
        }
    <opset_import: ["" : 17, "l" : 1], domain: "l">
    layer <k: float = 0.5> (x, w, b) => (r)
        { m = MatMul (x, w) a = l.add (m, b) r = Elu <alpha: float = @k> (a) }
    <opset_import: ["" : 17], domain: "l">
    add (a, b) => (c) { c = Sum (a, b) }
    <opset_import: ["" : 17], domain: "l">
    split (a) => (c, d) { c = Neg (a) d = Abs (c) }
    <opset_import: ["" : 17, "l" : 1], domain: "l">
    again (x, w, b) => (r)
        { n = Constant <value_int = 3> () t = Constant <value = bool {1}> ()
          r = Loop (n, t, x) <body = body (int64 i, bool go, float[n, 2] s) =>
              (bool go2, float[n, 2] s2) { go2 = Identity (go) s2 = l.layer (s, w, b) }> }"""


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("chosen", [True, False])
def test_functions_of_the_model(level, chosen):
    model = onnx.parser.parse_model(LAYER)
    x = np.linspace(-1, 1, 6, dtype=np.float32).reshape(3, 2)
    agree(model, {"x": x, "c": np.array(chosen)}, level)


def test_functions_of_the_model_are_functions_in_python(tmp_path):
    onnx2py.compile_model(onnx.parser.parse_model(LAYER), tmp_path / "pkg")
    source = (tmp_path / "pkg" / "model.py").read_text()
    # One for alpha = 2, one for 0.5, and one where the loop hides the shape.
    assert "h = self._layer(x, self.w1, self.b)" in source
    assert "y = self._layer(h, self.w2, self.b)" in source
    assert source.count("def _layer") == 3
    assert '"""The function ``layer`` of the model."""' in source


def test_a_function_without_an_optional_input():
    text = """<ir_version: 8, opset_import: ["" : 17, "l" : 1]>
        main (float[3] x, float h) => (float[3] y) { y = l.bound (x, , h) }
        <opset_import: ["" : 17, "l" : 1], domain: "l"> bound (x, low, high) => (y)
        { s = Neg (x) y = Clip (s, low, high) }"""
    y = onnx2py.load_model(onnx.parser.parse_model(text))(X, np.float32(0.5))
    np.testing.assert_array_equal(y, np.minimum(-X, np.float32(0.5)))


def test_functions_that_multiply_are_refused():
    lines = ["f0 (a) => (b) { b = Neg (a) }"]
    for i in range(1, 8):
        calls = [f"b{j} = l.f{i - 1} ({f'b{j - 1}' if j else 'a'})" for j in range(12)]
        lines.append(f"f{i} (a) => (b11) {{ {' '.join(calls)} }}")
    functions = "".join(
        f'<opset_import: ["": 17, "l": 1], domain: "l"> {t}' for t in lines
    )
    text = f"""<ir_version: 8, opset_import: ["" : 17, "l" : 1]>
        main (float[2] x) => (float[2] y) {{ y = l.f7 (x) }} {functions}"""
    with pytest.raises(onnx2py.Onnx2pyError, match="functions: expected at most"):
        onnx2py.compile_model(onnx.parser.parse_model(text), "unused")


@pytest.mark.parametrize("level", [0, 1])
def test_functions_in_functions(level):
    text = """<ir_version: 8, opset_import: ["" : 17, "l" : 1]>
    main (float[3] x) => (float[3] y, float[3] z)
        { y = l.f <k: float = 2.0> (x) z = l.f <k: float = 5.0> (y) }
    <opset_import: ["" : 17, "l" : 1], domain: "l"> f <k> (a) => (c)
        { b = Constant <value_float: float = @k> () d = l.g (a) c = Mul (d, b) }
    <opset_import: ["" : 17], domain: "l"> g (a) => (c)
        { t = Constant <value = bool {1}> ()
          c = If (t) <then_branch = q () => (float[3] e) { e = Neg (a) },
                      else_branch = r () => (float[3] e2) { e2 = Abs (a) }> }"""
    agree(onnx.parser.parse_model(text), {"x": X}, level)


@pytest.mark.parametrize(
    "name",
    ["self", "ops", "np", "dims", "going", "iteration", "load", "check_input", "quiet", "Model",
     "Outputs", "INPUTS", "Any", "__class__", "Path", "partial", "WEIGHTS", "NDArray", "as_array",
     "TensorSpec", "NamedTuple", "Optional", "annotations", "weights", "float", "lambda", "con"],
)  # fmt: skip
def test_names_of_the_generated_code_itself(name):
    weight = np.arange(21, dtype=np.float32).reshape(7, 3)
    nodes = [
        helper.make_node("Add", [name, f"{name}_w"], [f"o_{name}"]),
        helper.make_node("Mul", [f"o_{name}", name], [f"{name} "]),
    ]
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [name, 3])],
        [helper.make_tensor_value_info(f"{name} ", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(weight, f"{name}_w")],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    )
    agree(model, {name: np.ones((1, 3), np.float32)}, 1)


@pytest.mark.parametrize("level", [0, 1])
def test_hundreds_of_inputs_and_outputs(level):
    names = [f"i{k}" for k in range(300)]
    nodes = [helper.make_node("Sum", names, ["s"])]
    nodes += [helper.make_node("Mul", ["s", name], [f"o_{name}"]) for name in names]
    kinds = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [2]) for n in names]
    results = [
        helper.make_tensor_value_info(f"o_{n}", TensorProto.FLOAT, [2]) for n in names
    ]
    graph = helper.make_graph(nodes, "g", kinds, results)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    )
    feeds = {name: np.full(2, k / 1000, np.float32) for k, name in enumerate(names)}
    agree(model, feeds, level)


@pytest.mark.parametrize("level", [0, 1])
def test_a_recurrent_network_inside_a_loop(level):
    """Its rule makes weights of its own, which the body has to find."""
    random = np.random.default_rng(0)
    weights = [
        numpy_helper.from_array(random.normal(size=(1, 16, 4)).astype(np.float32), name)
        for name in ("W", "R")
    ]
    info = helper.make_tensor_value_info
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["c"], ["c2"]),
            helper.make_node("LSTM", ["a", "W", "R"], ["Y", "Yh", ""], hidden_size=4),
            helper.make_node("Squeeze", ["Y", "axis"], ["a2"]),
        ],
        "b",
        [info("i", TensorProto.INT64, []), info("c", TensorProto.BOOL, []),
         info("a", TensorProto.FLOAT, None)],
        [info("c2", TensorProto.BOOL, []), info("a2", TensorProto.FLOAT, None),
         info("Yh", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.array([1]), "axis")],
    )  # fmt: skip
    graph = helper.make_graph(
        [helper.make_node("Loop", ["n", "", "x"], ["y", "s"], body=body)],
        "g",
        [info("x", TensorProto.FLOAT, [3, 1, 4]), info("n", TensorProto.INT64, [])],
        [info("y", TensorProto.FLOAT, None), info("s", TensorProto.FLOAT, None)],
        weights,
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    )
    x = random.normal(size=(3, 1, 4)).astype(np.float32)
    agree(model, {"x": x, "n": np.array(3)}, level)
