"""The measure of memory, compared with sizes worked out by hand."""

from __future__ import annotations

import numpy as np
import onnx.parser

import onnx2py
from benchmarks.memory import allocated

SIZE = 1_000_000
"""Bytes of each array below."""
CHAIN = """<ir_version: 8, opset_import: ["" : 17]>
g (float[250000] x) => (float[250000] y, float[250000] z) {
    y = Exp (x) a = Sin (y) z = Cos (a) }"""


def test_the_peak_is_that_of_the_values_alive(tmp_path):
    model = onnx.parser.parse_model(CHAIN)
    np.savez(tmp_path / "inputs.npz", x=np.zeros(SIZE // 4, np.float32))
    peaks = []
    for level in (0, 1):
        onnx2py.compile_model(model, tmp_path / f"o{level}", level=level, layout=False)
        found = allocated(tmp_path / f"o{level}", tmp_path / "inputs.npz")
        assert found.loaded < SIZE  # code and types
        peaks.append((found.peak - found.loaded) / SIZE)
    assert 2.9 < peaks[0] < 3.1  # y, a, z
    assert 1.9 < peaks[1] < 2.1  # z is written over a
