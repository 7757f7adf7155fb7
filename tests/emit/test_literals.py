"""Literals evaluate to what they stand for, whatever that is."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from onnx2py.emit.calls import render_call
from onnx2py.emit.literals import array_literal, literal
from onnx2py.emit.uses import Uses
from onnx2py.ir.program import Call, Ref
from onnx2py.kernels.activation import relu

NAMESPACE = {"np": np, "ml_dtypes": ml_dtypes}


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
                    lambda inner: st.lists(inner).map(tuple), max_leaves=8))  # fmt: skip
def test_values(value):
    text = literal(value, Uses())
    assert text.isascii() and "\n" not in text
    np.testing.assert_equal(eval(text, NAMESPACE), value)


@given(npst.arrays(st.sampled_from(["f4", "f2", "f8", "i8", "u1", "?", "c8"]),
                   npst.array_shapes(min_dims=0, min_side=0, max_dims=3, max_side=3)))  # fmt: skip
def test_arrays(array):
    again = eval(array_literal(array, Uses()), NAMESPACE)
    assert again.dtype == array.dtype and again.shape == array.shape
    np.testing.assert_array_equal(again, array)


@pytest.mark.parametrize("name", ["bfloat16", "float8_e4m3fn", "int4", "uint2"])
def test_arrays_of_types_that_numpy_lacks(name):
    array = np.array([0, 1, 1]).astype(getattr(ml_dtypes, name))
    again = eval(array_literal(array, Uses()), NAMESPACE)
    assert again.dtype == array.dtype
    np.testing.assert_array_equal(again.astype(float), array.astype(float))


def test_strings_in_arrays_are_quoted():
    array = np.array(['"""\n', "'); import os"], object)
    assert eval(array_literal(array, Uses()), NAMESPACE).tolist() == array.tolist()


@pytest.mark.parametrize(
    ("call", "source"),
    [
        (Call(relu, (Ref("x"),)), "ops.relu(x)"),
        (Call(np.add, (Ref("x"), Ref("y"))), "np.add(x, y)"),
        (Call(".astype", (Ref("x"), np.dtype("f4"))), "x.astype(np.float32)"),
        (
            Call(np.concatenate, ((Ref("x"), Ref("y")),), {"axis": 1}),
            "np.concatenate((x, y), axis=1)",
        ),
        (Call(np.reshape, (Ref("x"), (1,))), "x.reshape(1)"),
        (Call(np.reshape, (Ref("x"), ())), "x.reshape(())"),
    ],
)
def test_calls(call, source):
    assert render_call(call, lambda name: name, Uses()) == source


@pytest.mark.parametrize(
    "axis", [0, 1, 3, -1, -2, (0, 1), (2, 0), (0, 3, 4), (-1, -3), (-5, 1), (1, -1)]
)
def test_new_axes_are_an_index(axis):
    """Compared with np.expand_dims; without a rank, signs that differ cannot be an index."""
    text = render_call(Call(np.expand_dims, (Ref("x"),), {"axis": axis}), str, Uses())
    assert ("expand_dims" in text) == (axis in [(-5, 1), (1, -1)])
    x = np.zeros((2, 3, 4))
    assert eval(text, {"x": x, "np": np}).shape == np.expand_dims(x, axis).shape


def test_an_axis_twice_is_an_error_when_it_runs():
    text = render_call(Call(np.expand_dims, (Ref("x"),), {"axis": (1, 1)}), str, Uses())
    assert text == "np.expand_dims(x, axis=(1, 1))"


def test_an_axis_beyond_all_axes_is_no_long_index():
    text = render_call(Call(np.expand_dims, (Ref("x"),), {"axis": 2**40}), str, Uses())
    assert text == f"np.expand_dims(x, axis={2**40})"
