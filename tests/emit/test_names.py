"""Names: readable, unique, safe, the same everywhere."""

from __future__ import annotations

import builtins
import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnx2py.emit.names import RESERVED, Wanted, assign_names, field_names, snake_case


def names(*values: str, fallback: str = "conv") -> list[str]:
    return list(assign_names(Wanted(value, fallback) for value in values).values())


@pytest.mark.parametrize(
    ("onnx_name", "python_name"),
    [
        ("Convolution28_Output_0", "convolution28"),
        ("Plus214_Output_0", "plus214"),
        ("ReLU32", "relu32"),
        ("/layer1/layer1.0/conv1/Conv_output_0", "conv"),
        ("serving_default_input_2:0", "serving_default_input_2"),
        ("Pooling160_Output_0_reshape0", "pooling160_reshape0"),
        ("layer1.0.conv1.weight", "conv1_weight"),
        ("MatMul", "mat_mul"),
        ("GreaterOrEqual", "greater_or_equal"),
        ("ConstantOfShape_1", "constant_of_shape_1"),
        ("HTTPServer", "http_server"),
        ("123", "conv_123"),
        ("", "conv"),
        ("输入", "conv"),
        ("input", "input_"),
        ("class", "class_"),
        ("np", "np_"),
        ("CON", "con_"),
        ("__import__('os')", "import_os"),
        ("model/dense/MatMul;model/dense/BiasAdd", "mat_mul"),
    ],
)
def test_one_name(onnx_name, python_name):
    assert names(onnx_name) == [python_name]


def test_as_many_scopes_as_needed():
    assert names("a/b/Conv", "a/c/Conv", "d/Relu") == ["b_conv", "c_conv", "relu"]
    assert names("a/b/Conv", "z/b/Conv") == ["a_b_conv", "z_b_conv"]
    assert names("m.0.conv1.weight", "m.1.conv1.weight") == [
        "m_0_conv1_weight",
        "m_1_conv1_weight",
    ]


def test_what_remains_equal_is_numbered():
    assert names("X", "x", "x_2", "X ") == ["x_3", "x", "x_2", "x_4"]
    assert names("load", "Load", "load_") == ["load__2", "load__3", "load_"]


def test_fields_hide_no_method_of_a_tuple():
    assert field_names(["count", "index", "y", "y"], "output") == (
        "count_2",
        "index_2",
        "y",
        "y_2",
    )


@given(st.lists(st.text(max_size=60), unique=True, max_size=30))
def test_any_text_gives_safe_unique_names(texts):
    found = names(*texts)
    assert len(set(found)) == len(texts)
    for name in found:
        assert name.isidentifier() and name.isascii() and name == name.lower()
        assert not keyword.iskeyword(name) and not hasattr(builtins, name)
        assert name not in RESERVED and not name.startswith("_")
        assert name not in {*texts} - {texts[found.index(name)]}
    assert names(*texts) == found


@given(st.text())
def test_snake_case_is_a_fixed_point(text):
    assert snake_case(snake_case(text)) == snake_case(text)


def test_long_names_leave_out_scopes_in_the_middle():
    names = [
        f"m.{module}.LayerNorm.{role}"
        for module in ("a.self.output_dense", "intermediate.output_dense", "attention")
        for role in ("weight", "bias")
    ]
    found = assign_names([Wanted(name, "weight") for name in names])
    assert found["m.a.self.output_dense.LayerNorm.weight"] == "self_layer_norm_weight"
    assert found["m.attention.LayerNorm.bias"] == "attention_layer_norm_bias"
    assert (
        found["m.intermediate.output_dense.LayerNorm.bias"]
        == "intermediate_layer_norm_bias"
    )
    assert len({*found.values()}) == len(names)
    assert max(map(len, found.values())) <= 30


@given(
    st.lists(
        st.lists(
            st.sampled_from(["encoder_attention", "self_output_0", "norm_1", "weight"]),
            min_size=1, max_size=5,
        ).map(".".join),
        max_size=12,
    )
)  # fmt: skip
def test_names_of_long_paths_differ(paths):
    found = assign_names([Wanted(path, "value") for path in paths])
    assert len({*found.values()}) == len({*paths})


def test_what_has_no_line_is_numbered_after_what_has_one():
    def of(*inner: bool) -> list[str]:
        wanted = [
            Wanted(str(place), "q", ("q",), counted=True, inner=each)
            for place, each in enumerate(inner)
        ]
        found = assign_names(wanted)
        return [found[str(place)] for place in range(len(inner))]

    assert of(True, False) == ["q2", "q"]
    assert of(True, False, True, False) == ["q3", "q1", "q4", "q2"]
    assert of(True) == ["q"] and of(True, True) == ["q1", "q2"]
