"""Lengths that a file names twice."""

from __future__ import annotations

import numpy as np
import onnx.parser
import onnxruntime
import pytest

import onnx2py

HEAD = '<ir_version: 8, opset_import: ["" : 17]>'


def load(text: str):
    return onnx2py.load_model(onnx.parser.parse_model(f"{HEAD} {text}"))


def test_a_picture_need_not_be_square():
    """onnxruntime takes it too: the name says nothing about the two lengths."""
    model = load(
        "g (float[n, s, s, s_2] x) => (float y) { y = ReduceSum <keepdims=0> (x) }"
    )
    x = np.ones((1, 2, 3, 4), np.float32)
    assert model(x) == 24


def test_inputs_share_the_lengths_that_the_graph_needs_equal():
    model = load(
        "g (float[n, s] x, float[n, 2] z) => (float[n, s] y) { y = Add (x, z) }"
    )
    ones = np.ones((3, 2), np.float32)
    with pytest.raises(ValueError, match=r"z: expected float32\[n, 2\] \(with n = 3\)"):
        model(ones, ones[:2])


TOWERS = """g (float[b, s] x, float[b, s] z) => (float[b, 1] y, float t) {
    one = Constant <value_ints = [1]> ()
    p = ReduceMean <axes = [1]> (x)
    q = ReduceMean <axes = [1]> (z)
    y = Add (p, q)
    n = Shape <start = 1> (z)
    m = Expand (one, n)
    k = ReduceSum <keepdims = 0> (m)
    t = Cast <to = 1> (k)
}"""
PAST = """g (float[b, s, 2] x, float[2, b, s, 2] past)
    => (float[2, b, s, 2] present) {
    first = Constant <value_ints = [0]> ()
    new = Unsqueeze (x, first)
    both = Concat <axis = 0> (new, new)
    present = Concat <axis = 2> (past, both)
}"""


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize(
    ("graph", "shapes"),
    [
        (TOWERS, [(2, 3), (2, 5)]),
        (PAST, [(2, 3, 2), (2, 2, 7, 2)]),
        ("g (float[n] x, float[n] z) => (float[n] y) { y = Neg (z) }", [(2,), (3,)]),
        (
            "g (float[n, n] x, float[n] z) => (float[n] y) { y = Neg (z) }",
            [(2, 4), (3,)],
        ),
    ],
)
def test_inputs_may_differ_in_a_length_of_one_name_as_in_onnxruntime(
    graph, shapes, level
):
    proto = onnx.parser.parse_model(f"{HEAD} {graph}")
    rng = np.random.default_rng(0)
    feeds = {
        value.name: rng.normal(size=shape).astype(np.float32)
        for value, shape in zip(proto.graph.input, shapes)
    }
    results = onnx2py.load_model(proto, level=level)(**feeds)
    results = results if isinstance(results, tuple) else (results,)
    session = onnxruntime.InferenceSession(proto.SerializeToString())
    for result, expected in zip(results, session.run(None, feeds)):
        assert result.shape == expected.shape
        np.testing.assert_allclose(result, expected, rtol=1e-6)


def test_lengths_of_one_name_keep_it(tmp_path):
    """What a file says is shown; only the check does not compare what may differ."""
    report = onnx2py.compile_model(
        onnx.parser.parse_model(f"{HEAD} {TOWERS}"), tmp_path / "towers"
    )
    source = (report.path / "model.py").read_text()
    assert "check_input('z', z, 'float32[b, ?]', dims)" in source.replace('"', "'")
    assert source.count("float32[b, s]") == 2 and "s_1" not in source
