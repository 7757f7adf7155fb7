"""Lengths that a file names twice."""

from __future__ import annotations

import numpy as np
import onnx.parser
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


def test_inputs_still_share_their_lengths():
    model = load(
        "g (float[n, s] x, float[n, 2] z) => (float[n, s] y) { y = Add (x, x) }"
    )
    ones = np.ones((3, 2), np.float32)
    with pytest.raises(ValueError, match=r"z: expected float32\[n, 2\] \(with n = 3\)"):
        model(ones, ones[:2])
