"""Arrays of strings as inputs, whatever else lies in them."""

from __future__ import annotations

import numpy as np
import onnx
import onnx.parser
import onnxruntime
import pytest

import onnx2py
from tests.support import assert_same

ITEMS = {
    "none": ["a", None],
    "nan": ["a", float("nan")],
    "whole number": [1, "a"],
    "number": ["a", 1.5],
    "numbers of NumPy": [np.int64(7), np.float32(0.1)],
    "truth": [True, "a"],
    "bytes": [b"a", "b"],
    "str of NumPy": [np.str_("a"), "b"],
    "nothing": [],
    "texts": ["a", "ä\0b"],
}


def model(body: str) -> onnx.ModelProto:
    text = f"g (string[n] x) => (string[n] y) {{ {body} }}"
    return onnx.parser.parse_model(f'<ir_version: 9, opset_import: ["" : 20]> {text}')


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("body", ["y = Identity (x)", "y = StringConcat (x, x)"])
@pytest.mark.parametrize("items", ITEMS.values(), ids=ITEMS)
def test_what_is_no_string_is_spelt_as_by_onnxruntime(items, body, level):
    x = np.empty(len(items), object)
    x[:] = items
    session = onnxruntime.InferenceSession(model(body).SerializeToString())
    before = list(x)
    y = onnx2py.load_model(model(body), level=level)(x)
    assert_same([y], session.run(None, {"x": x}))
    assert all(type(item) is str for item in y)
    assert all(a is b for a, b in zip(x, before))


def test_bytes_of_one_length_are_utf_8():
    compiled = onnx2py.load_model(model("y = StringConcat (x, x)"))
    assert compiled(np.array([b"a", "ä".encode()])).tolist() == ["aa", "ää"]
    with pytest.raises(ValueError, match="x: expected UTF-8, got"):
        compiled(np.array([b"\xff"]))


def test_numbers_are_refused():
    compiled = onnx2py.load_model(model("y = Identity (x)"))
    with pytest.raises(ValueError, match=r"x: expected string\[n\], got float64\[2\]"):
        compiled(np.array([1.0, 2.0]))
