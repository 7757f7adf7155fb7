"""Rule S1: what depends on weights alone is computed once."""

from __future__ import annotations

import numpy as np
import onnx.parser
import onnxruntime
import pytest

import onnx2py
from onnx2py.plan.hoist import move_to_setup
from tests.passes.support import block
from tests.plan.support import after


def test_s1_a_chain_from_weights():
    before = """
        g (x) => (y)
          w: float32[2] = {1.0, 2.0}
        calls
          a = np.negative(w)
          b = np.add(x, w)
          c = np.absolute(a)
          y = np.add(b, c)
        """
    assert after(move_to_setup, before) == block("""
        g (x) => (y)
          w: float32[2] = {1.0, 2.0}
        setup
          a = np.negative(w)
          c = np.absolute(a)
        calls
          b = np.add(x, w)
          y = np.add(b, c)
        """)


def test_s1_leaves_random_draws_and_bodies():
    same = block("""
        g (x) => (y, z)
          w: float32[2] = {1.0, 2.0}
        calls
          y = ops.random_normal_like(w)
          z = branch(x)
            then () [] => (t)
              t = np.negative(w)
            else () [] => (w)
        """)
    assert after(move_to_setup, same) == same


LARGE = """<ir_version: 8, opset_import: ["" : 17]> g (float[2] x) => (float[2] y, float[k] z)
    <int64[1] n = {600000}, float[1] half = {0.5}, int64[1] zero = {0}>
    { c = ConstantOfShape (n) z = Add (c, half) first = Gather (z, zero) y = Mul (x, first) }"""


@pytest.mark.parametrize("level", [0, 1])
def test_a_large_constant_is_made_at_load_and_agrees(tmp_path, level):
    model = onnx.parser.parse_model(LARGE)
    onnx2py.compile_model(model, tmp_path / "pkg", level=level)
    source = (tmp_path / "pkg/model.py").read_text()
    in_call = source[source.index("def __call__") :]
    assert ("ConstantOfShape" in in_call) is (level == 0)
    x = np.array([2, -4], np.float32)
    outputs = onnx2py.load_model(model, level=level)(x)
    expected = onnxruntime.InferenceSession(model.SerializeToString()).run(
        None, {"x": x}
    )
    for ours, theirs in zip(outputs, expected):
        np.testing.assert_array_equal(ours, theirs)


def test_a_returned_constant_belongs_to_the_caller():
    model = onnx2py.load_model(onnx.parser.parse_model(LARGE))
    x = np.ones(2, np.float32)
    model(x).z[:] = 7
    assert model(x).z[0] == 0.5
