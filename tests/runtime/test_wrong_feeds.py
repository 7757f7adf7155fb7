"""Values in feeds that an operator cannot use end in a ValueError that names the node."""

from __future__ import annotations

import numpy as np
import onnx.parser
import onnxruntime
import pytest

import onnx2py

HEAD = '<ir_version: 9, opset_import: ["" : 20]> g'
X = "float[2, 3] x"
CASES = [
    (f"({X}, int64[P] p) => (y) {{ y = Pad (x, p) }}", [[0, 0, 1, 0, 0, 0]]),
    (f"({X}, int64[P] p) => (y) {{ y = Pad (x, p) }}", [[0, 0, 1, 0, 0]]),
    (f"({X}, int64[P] p, int64[A] a) => (y) {{ y = Pad (x, p, , a) }}", [[1, 1], [2]]),
    (
        f"({X}, int64[P] p, int64[A] a) => (y) {{ y = Pad (x, p, , a) }}",
        [[1, 1], [0, 1]],
    ),
    (f"({X}, int64[A] a) => (y) {{ y = CumSum (x, a) }}", [[0, 1]]),
    (f"({X}, int64[A] a) => (y) {{ y = CumSum (x, a) }}", [[2]]),
    (f"({X}, int64[K] k) => (y) {{ y = Trilu (x, k) }}", [[1, 1]]),
    (f"({X}, int64[S] s, int64[E] e) => (y) {{ y = Slice (x, s, e) }}", [[0], [1, 1]]),
    (
        f"({X}, int64[S] s, int64[E] e) => (y) {{ y = Slice (x, s, e) }}",
        [[0] * 3, [1] * 3],
    ),
    ("(int64 a, int64 b, int64 c) => (y) { y = Range (a, b, c) }", [0, 3, 0]),
    ("(float a, float b, float c) => (y) { y = Range (a, b, c) }", [0, 3, 0]),
    (
        "(float[1, 16, 1] x, int64[S] s, int64[F] f) => (y) { y = STFT (x, s, , f) }",
        [[4, 4], [8]],
    ),
    ("(float[1, 16, 1] x, int64 s, int64 f) => (y) { y = STFT (x, s, , f) }", [-4, 8]),
]


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize(("text", "values"), CASES)
def test_what_onnxruntime_refuses_at_run_time_is_a_value_error_of_the_node(
    text, values, level
):
    model = onnx.parser.parse_model(f"{HEAD} {text}")
    feeds = {}
    given = iter(values)
    for value in model.graph.input:
        kind = value.type.tensor_type
        dtype = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)
        shape = [dim.dim_value for dim in kind.shape.dim]
        is_x = value.name == "x"
        feeds[value.name] = (
            np.ones(shape, dtype) if is_x else np.array(next(given), dtype)
        )
    session = onnxruntime.InferenceSession(model.SerializeToString())
    with pytest.raises(Exception, match="Non-zero status code"):
        session.run(None, feeds)
    with pytest.raises(ValueError, match="^y: "):
        onnx2py.load_model(model, level=level)(**feeds)
