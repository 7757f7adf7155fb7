"""What inference says about a node, in the words of the user's file."""

from __future__ import annotations

import onnx.parser
import pytest

import onnx2py


@pytest.mark.parametrize(
    "node, said",
    [
        ("Cast (x)", "Value of attribute to not specified in node Cast."),
        (
            "Cast <to = 99> (x)",
            "Attribute to does not specify a valid type in node Cast.",
        ),
        ("Gemm (x, x)", "Input 0 expected to have rank 2 but has rank 1 in node Gemm."),
    ],
)
def test_messages_do_not_have_our_names_of_nodes(node: str, said: str):
    text = '<ir_version: 8, opset_import: ["" : 17]> g (float[2] x) => (float[2] y)'
    model = onnx.parser.parse_model(f"{text} {{ y = {node} }}")
    with pytest.raises(onnx2py.InvalidModelError) as caught:
        onnx2py.compile_model(model, "unused")
    assert said in str(caught.value) and "(node" not in str(caught.value)


@pytest.mark.parametrize(
    "node, said",
    [
        ("Relu (x, x)", "expected 1 input, got 2"),
        ("Concat <axis = 0> ()", "expected at least 1 input, got 0"),
        ("Add (x)", "expected 2 inputs, got 1"),
        ("Clip (x, x, x, x)", "expected 1 to 3 inputs, got 4"),
    ],
)
def test_inputs_are_counted_in_words(node: str, said: str):
    text = '<ir_version: 8, opset_import: ["" : 17]> g (float[2] x) => (float[2] y)'
    model = onnx.parser.parse_model(f"{text} {{ y = {node} }}")
    with pytest.raises(onnx2py.DecodeError, match=said):
        onnx2py.compile_model(model, "unused")


def test_a_choice_lists_no_empty_value():
    text = """<ir_version: 8, opset_import: ["" : 17]>
        g (float[1, 1, 4, 4] x, float[1, 1, 2, 2] w) => (float[1, 1, a, b] y)
        { y = Conv <auto_pad = "FOO"> (x, w) }"""
    with pytest.raises(onnx2py.UnsupportedError, match="expected NOTSET or VALID or"):
        onnx2py.compile_model(onnx.parser.parse_model(text), "unused")
