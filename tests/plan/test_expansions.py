"""Rule H3: expanding to the lengths that a reshape has just given."""

from __future__ import annotations

import numpy as np
import onnx.parser
import onnxruntime
import pytest

import onnx2py

HEAD = '<ir_version: 8, opset_import: ["" : 13]>'
SHAPE = """w = NonZero (x) v = Transpose (w) s = Shape (v) n = Gather <axis = 0> (s, first)
    shape = Concat <axis = 0> (n, rest) wider = Concat <axis = 0> (n, two)
    r = Reshape (v, shape)"""
LENGTHS = "int64[1] first = {0}, int64[2] rest = {1, 2}, int64[2] two = {2, 2}"


def compiled(text: str, folder) -> str:
    """Return the source of a package that agrees with onnxruntime, also on empty arrays."""
    model = onnx.parser.parse_model(f"{HEAD} {text}")
    onnx2py.compile_model(model, folder / "pkg")
    session = onnxruntime.InferenceSession(model.SerializeToString())
    run = onnx2py.load_model(model)
    for length in (3, 1, 0):
        x = np.random.default_rng(0).normal(size=(length, 4)).astype(np.float32)
        (expected,) = session.run(None, {"x": x})
        np.testing.assert_array_equal(run(x), expected)
    return (folder / "pkg/model.py").read_text()


def test_h3(tmp_path):
    source = compiled(
        f"""g (float[n, 4] x) => (int64[a, b, c] y) <{LENGTHS}>
        {{ {SHAPE} e = Expand (r, shape) y = Neg (e) }}""",
        tmp_path,
    )
    assert "expand" not in source and "v.reshape(v.shape[0], 1, 2)" in source


@pytest.mark.parametrize(
    "rest",
    [
        "e = Expand (r, wider) y = Neg (e)",  # to another shape
        "e = Expand (r, shape) f = Abs (r) y = Add (e, f)",  # read by another, too
    ],
)
def test_h3_of_what_changes_something(rest, tmp_path):
    source = compiled(
        f"""g (float[n, 4] x) => (int64[a, b, c] y) <{LENGTHS}> {{ {SHAPE} {rest} }}""",
        tmp_path,
    )
    assert "ops.expand(" in source
