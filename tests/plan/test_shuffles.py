"""Rule C7: channels that are shuffled by one call, compared with onnxruntime."""

from __future__ import annotations

import numpy as np
import onnx.parser
import onnxruntime
import pytest

import onnx2py

SHUFFLED = (2, 12, 4, 5), (2, 3, 4, 4, 5), (0, 2, 1, 3, 4), (2, 12, 4, 5)


@pytest.mark.parametrize(
    ("shape", "parts", "order", "whole", "shuffled"),
    [
        (*SHUFFLED, True),
        ((2, 12, 5), (2, 4, 3, 5), (0, 2, 1, 3), (2, 12, 5), True),
        ((2, 12, 4, 5), (0, 3, 4, 4, 5), (0, 2, 1, 3, 4), (0, 12, 4, -1), True),
        (("n", 12, 4, 5), (0, 3, 4, 4, 5), (0, 2, 1, 3, 4), (0, 12, 4, 5), True),
        ((2, 12, 4, 5), (2, 3, 4, 4, 5), (0, 2, 1, 4, 3), (2, 12, 4, 5), False),
        ((2, 12, 4, 5), (2, 3, 4, 4, 5), (0, 2, 1, 3, 4), (2, 12, 5, 4), False),
        ((2, 12, 4, 5), (2, 3, 4, 5, 4), (0, 2, 1, 3, 4), (2, 12, 4, 5), False),
        ((2, 12, 4, 5), (4, 3, 2, 4, 5), (0, 2, 1, 3, 4), (2, 12, 4, 5), False),
        ((12, 4), (12, 2, 2), (0, 2, 1), (12, 4), False),
    ],
)
@pytest.mark.parametrize("last", [False, True], ids=["first", "last"])
def test_c7(shape, parts, order, whole, shuffled, last, tmp_path):
    dims, perm = (", ".join(map(str, each)) for each in (shape, order))
    lengths = [f"int64[{len(a)}] {n} = {{{', '.join(map(str, a))}}}" for n, a in
               (("parts", parts), ("whole", whole))]  # fmt: skip
    model = onnx.parser.parse_model(
        f"""<ir_version: 8, opset_import: ["" : 13]> g (float[{dims}] x) => (float[] y)
        <{", ".join(lengths)}>
        {{ a = Exp (x) b = Reshape (a, parts) c = Transpose <perm = [{perm}]> (b)
           d = Reshape (c, whole) y = Neg (d) }}"""
    )
    onnx2py.compile_model(model, tmp_path / "pkg")
    source = (tmp_path / "pkg/model.py").read_text()
    assert ("ops.shuffle_channels(" in source) is shuffled
    assert (f", groups={parts[1]})" in source) is shuffled
    x = np.random.default_rng(0).normal(size=[2 if n == "n" else n for n in shape])
    x = x.astype(np.float32)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    (expected,) = session.run(None, {"x": x})
    if last:  # as convolutions return it
        x = np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 1, -1)), -1, 1)
    np.testing.assert_allclose(onnx2py.load_model(model)(x), expected, rtol=1e-6)
