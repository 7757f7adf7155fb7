"""Rule C6: means of images by global average pooling, compared with onnxruntime."""

from __future__ import annotations

import numpy as np
import onnx.parser
import onnxruntime
import pytest

import onnx2py


@pytest.mark.parametrize(
    ("shape", "axes", "keepdims", "pooled"),
    [
        ((2, 3, 4, 5), "2, 3", 1, True),
        ((2, 3, 4, 5), "-1, -2", 1, True),
        ((2, 3, 70, 80), "2, 3", 1, True),
        ((2, 3, 4, 5, 6), "2, 3, 4", 1, True),
        ((2, 3, 4, 5), "2, 3", 0, False),
        ((2, 3, 4, 5), "1, 2", 1, False),
        ((2, 3, 4, 5, 6), "2, 3", 1, False),
    ],
)
def test_c6(shape, axes, keepdims, pooled, tmp_path):
    dims = ", ".join(map(str, shape))
    model = onnx.parser.parse_model(
        f"""<ir_version: 8, opset_import: ["" : 13]> g (float[{dims}] x) => (float[] y)
        {{ t = Exp (x) m = ReduceMean <axes = [{axes}], keepdims = {keepdims}> (t)
           y = Neg (m) }}"""
    )
    onnx2py.compile_model(model, tmp_path / "pkg")
    source = (tmp_path / "pkg/model.py").read_text()
    assert ("ops.global_average_pool(" in source) is pooled
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    (expected,) = session.run(None, {"x": x})
    np.testing.assert_allclose(onnx2py.load_model(model)(x), expected, rtol=1e-6)
