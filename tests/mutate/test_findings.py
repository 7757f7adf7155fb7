"""What damaged models once did to the compiler, each built by hand."""

from __future__ import annotations

import numpy as np
import onnx
import onnx.parser
import pytest
from onnx import AttributeProto, TensorProto, helper

import onnx2py


def refused(model: onnx.ModelProto | bytes, tmp_path, *, level: int = 1) -> str:
    """Compile; return the message of the error, when nothing is left behind."""
    with pytest.raises(onnx2py.Onnx2pyError) as raised:
        onnx2py.compile_model(model, tmp_path / "made", level=level, layout=False)
    assert not isinstance(raised.value, onnx2py.errors.InternalError)
    assert list(tmp_path.iterdir()) == []
    return str(raised.value)


def graph(text: str, version: int = 17) -> onnx.ModelProto:
    head = f'<ir_version: 8, opset_import: ["" : {version}]>'
    return onnx.parser.parse_model(f"{head} g {text}")


def test_a_name_that_is_no_utf8(tmp_path):
    model = graph("(float[2] x) => (float[2] y) { y = Relu (x) }")
    data = model.SerializeToString().replace(b"Relu", b"Re\x80u")
    assert "op_type of a NodeProto: expected UTF-8, got b'Re\\x80u'" in refused(
        data, tmp_path
    )


def test_a_tensor_whose_name_is_no_utf8(tmp_path):
    model = graph(
        "(float[2] x) => (float[2] y) <float[2] weigh = {1, 2}> { y = Add (x, weigh) }"
    )
    data = model.SerializeToString().replace(b"weigh", b"we\xffgh")
    assert "expected UTF-8, got b'we\\xffgh'" in refused(data, tmp_path)


def test_an_attribute_that_says_it_is_a_graph(tmp_path):
    model = graph("(float[2] x) => (float[2] y) { y = Relu (x) }")
    model.graph.node[0].attribute.add(name="to", type=AttributeProto.GRAPH)
    assert "got no graph" in refused(model, tmp_path)


def test_a_graph_in_an_attribute_of_another_type(tmp_path):
    model = graph("(float[2] x) => (float[2] y) { y = Relu (x) }")
    attribute = model.graph.node[0].attribute.add(
        name="to", type=AttributeProto.INT, i=1
    )
    attribute.g.name = "inside"
    assert "got a graph" in refused(model, tmp_path)


@pytest.mark.parametrize("level", [0, 1])
def test_a_branch_that_is_a_number(tmp_path, level):
    model = graph("(bool c, float[2] x) => (float[2] y) { y = Relu (x) }")
    node = model.graph.node[0]
    node.op_type = "If"
    node.input[:] = ["c"]
    for name in ("then_branch", "else_branch"):
        node.attribute.append(helper.make_attribute(name, 1.0))
    assert "expected GRAPH, got FLOAT" in refused(model, tmp_path, level=level)


def test_too_few_and_too_many_inputs(tmp_path):
    model = graph("(float[2] x) => (float[2] y) { y = Relu (x) }")
    model.graph.node[0].op_type = "Add"
    assert "expected 2 inputs, got 1" in refused(model, tmp_path)
    model.graph.node[0].op_type = "Relu"
    model.graph.node[0].input.append("x")
    assert "expected 1 input, got 2" in refused(model, tmp_path)
    model.graph.node[0].op_type = "Expand"
    model.graph.node[0].input[1] = ""
    assert "input shape: expected a value, got none" in refused(model, tmp_path)


def test_more_outputs_than_there_are(tmp_path):
    model = graph("(float[2] x) => (float[2] y) { y = Relu (x) }")
    model.graph.node[0].output.append("z")
    assert "outputs, got 2" in refused(model, tmp_path)


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("operator", ["Abs", "Size", "Shape"])
def test_a_node_whose_results_have_no_names(tmp_path, level, operator):
    model = graph(f"(float[2] x) => (float[2] y) {{ z = {operator} (x) y = Relu (x) }}")
    model.graph.node[0].output[0] = ""
    package = onnx2py.load_model(model, level=level)
    np.testing.assert_array_equal(package(np.float32([-1, 2])), [0, 2])


def test_an_input_twice_that_is_an_initializer_too(tmp_path):
    model = graph("(float[2] x) => (float[2] y) <float[2] x = {1, 2}> { y = Relu (x) }")
    model.ir_version = 8
    while len(model.graph.input) < 2:
        model.graph.input.add().CopyFrom(
            helper.make_tensor_value_info("x", TensorProto.FLOAT, [2])
        )
    assert "expected one input of that name, got two" in refused(model, tmp_path)


def test_an_input_of_a_body_twice(tmp_path):
    model = graph(
        """(float[2] x) => (float[2] y) { y = Loop (, , x) <body = b
        (int64 i, bool c, float[2] a) => (bool d, float[2] e) { d = Not (c) e = Abs (a) }> }"""
    )
    body = model.graph.node[0].attribute[0].g
    body.input[0].name = "a"
    assert "expected one value of that name, got two" in refused(model, tmp_path)


def test_a_group_of_no_channels(tmp_path):
    model = graph(
        """(float[1, 2, 4] x) => (float[a, b, c] y) <float[2, 2, 1] w = {1, 2, 3, 4}>
        { y = Conv <group = 0> (x, w) }"""
    )
    assert "input X ('x'): expected [1, 0, ?]" in refused(model, tmp_path)


@pytest.mark.parametrize("count", [0, 2, 4])
def test_parameters_of_another_length(tmp_path, count):
    numbers = ", ".join("1" for _ in range(count))
    model = graph(f"""(float[1, 3, 4] x) => (float[1, 3, 4] y)
        <float[3] s = {{1, 2, 3}}, float[{count}] m = {{{numbers}}}>
        {{ y = BatchNormalization (x, s, s, m, s) }}""")
    assert "do not fit together" in refused(model, tmp_path)


def test_a_variance_below_nothing_warns_nobody(tmp_path, recwarn):
    model = graph("""(float[1, 3, 4] x) => (float[1, 3, 4] y)
        <float[3] s = {1, 2, 3}, float[3] v = {-1, 1, 1}>
        { y = BatchNormalization (x, s, s, s, v) }""")
    package = onnx2py.load_model(model)
    assert np.isnan(package(np.zeros((1, 3, 4), np.float32))[0, 0]).all()
    assert not recwarn.list


@pytest.mark.parametrize("shape", ["-2, 3", "5, 4"])
def test_expand_to_what_does_not_fit(tmp_path, shape):
    model = graph(f"""(float[2, 3] x) => (float[a, b] y) <int64[2] s = {{{shape}}}>
        {{ y = Expand (x, s) }}""")
    assert "do not fit together" in refused(model, tmp_path)


def test_weights_of_a_recurrent_node_without_axes(tmp_path):
    model = graph(
        """(float[2, 1, 3] x) => (float[a, b, c, d] y) <float[3] w = {1, 2, 3}>
        { y = GRU <hidden_size = 1> (x, w, w) }"""
    )
    assert "input W ('w'): expected [1, 3, 3], got float32[3]" in refused(
        model, tmp_path
    )


def test_a_damaged_constant_of_a_model_with_functions(tmp_path):
    text = """<ir_version: 8, opset_import: ["" : 17, "f" : 1]> g (float[2] x) => (float[2] y)
        { k = Constant <value = float[2] {1, 2}> () y = f.twice (x) }
        <domain: "f", opset_import: ["" : 17]> twice (a) => (b) { b = Add (a, a) }"""
    model = onnx.parser.parse_model(text)
    tensor = model.graph.node[0].attribute[0].t
    del tensor.float_data[:]
    tensor.raw_data = b"\0" * 7
    assert "the stored data do not match" in refused(model, tmp_path)


def test_one_axis_twice(tmp_path):
    model = graph("""(float[2, 3] x) => (float[a, b, c, d] y) <int64[2] axes = {1, -3}>
        { y = Unsqueeze (x, axes) }""")
    assert "Axis 1 is referred to more than once" in refused(model, tmp_path)


@pytest.mark.parametrize(
    "domain, version", [("", 0), ("", -1), ("ai.onnx.ml", 1 << 40)]
)
def test_an_opset_that_there_is_not(tmp_path, domain, version):
    model = graph("(float[2, 3] x) => (int64[2] y) { y = Shape () }")
    model.opset_import[0].domain = domain
    model.opset_import[0].version = version
    name = domain or "ai.onnx"
    expected = f"opset of {name}: expected a version from 1 on, got {version}"
    assert expected in refused(model, tmp_path)


def test_weights_that_are_no_numbers_warn_nobody(tmp_path, recwarn):
    model = graph("""(float[1, 1, 3] x) => (float[1, 1, 3] y)
        <float[1, 1, 1] w = {1}, float[1] s = {1}, float[1] v = {1}>
        { c = Conv (x, w) y = BatchNormalization (c, s, s, s, v) }""")
    weight = model.graph.initializer[0]
    del weight.float_data[:]
    weight.raw_data = b"\x01\x00\x80\x7f"  # a signaling NaN
    package = onnx2py.load_model(model)
    assert np.isnan(package(np.ones((1, 1, 3), np.float32))).all()
    assert not recwarn.list


def test_a_bias_for_other_channels(tmp_path):
    model = graph("""(uint8[1, 1, 4] x) => (uint8[a, b, c] y)
        <float one = {1}, uint8 z = {0}, int8 zw = {0}, int8[3, 1, 1] w = {1, 2, 3},
        int32[2] b = {1, 2}> { y = QLinearConv (x, one, z, w, one, zw, one, z, b) }""")
    expected = "input B ('b'): expected [3], got int32[2]"
    assert expected in refused(model, tmp_path)


def test_a_window_of_text(tmp_path):
    model = graph("""() => (float[a, b] y) <float[2, 3] x = {1, 2, 3, 4, 5, 6}>
        { y = Transpose <kernel_shape = ["a", "b"]> (x) }""")
    assert "attribute kernel_shape: there is no rule for it" in refused(model, tmp_path)


def test_a_gradient_of_text(tmp_path):
    model = graph("""(string a) => (string d) { d = Identity (a)
        e = ai.onnx.preview.training.Gradient <xs = ["a"], y = "d"> (a) }""")
    model.opset_import.append(onnx.helper.make_opsetid("ai.onnx.preview.training", 1))
    model.graph.output.append(onnx.ValueInfoProto(name="e"))
    assert "expected floats, got string" in refused(model, tmp_path)


def test_numbers_for_an_operator_of_text(tmp_path):
    model = graph(
        """() => (y) <int64[2] x = {1, 2}>
        { y = StringNormalizer <case_change_action = "LOWER", stopwords = ["a"]> (x) }"""
    )
    expected = "input X ('x'): expected string, got int64"
    assert expected in refused(model, tmp_path)


def test_a_gradient_with_an_input_that_is_left_out(tmp_path):
    model = graph("""(float a, float b) => (float d) { d = Mul (a, b)
        e = ai.onnx.preview.training.Gradient <xs = ["a", "b"], y = "d"> (, b) }""")
    model.opset_import.append(onnx.helper.make_opsetid("ai.onnx.preview.training", 1))
    model.graph.output.append(onnx.ValueInfoProto(name="e"))
    assert "input 0: expected a value, got none" in refused(model, tmp_path)


def test_a_range_from_several_numbers(tmp_path):
    model = graph("""() => (float[n] y) <float[4] s = {8, 6, 3, 1}, float e = {10},
        float d = {2}> { y = Range (s, e, d) }""")
    assert "Input to 'Range' op should be scalars" in refused(model, tmp_path)
