"""Words of a stranger become names, or nothing."""

from __future__ import annotations

import builtins
import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnx2py.plan.outline.names import LONGEST, Names, camel, plural, singular, snake


@given(st.text(max_size=300))
def test_whatever_a_name_is_made_of_it_is_a_short_identifier_that_hides_nothing(text):
    for name in (snake(text), camel(text)):
        assert name == "" or name.isidentifier() and name.isascii()
        assert len(name) <= LONGEST + len("Block")
        assert not keyword.iskeyword(name)
        assert name not in dir(builtins)
    assert snake(text) == snake(text).lower()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("GPT2Block", "gpt2_block"),
        ("encoder.layer.0", "encoder_layer_0"),
        ("SelfAttention", "self_attention"),
        ("self", "self_"),
        ("__class__", "class_"),
        ("../../con", "con_"),
        ("0.1", ""),
        ("é", ""),
        ("load", "load_"),
    ],
)
def test_snake_case(text, name):
    assert snake(text) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("bert_layer", "BertLayer"),
        ("T5Block", "T5Block"),
        ("model", "ModelBlock"),
        ("array", "ArrayBlock"),
        ("none", "NoneBlock"),
        ("TypeError", "TypeErrorBlock"),
        ("x" * 10_000, "X" + "x" * (LONGEST - 1)),
        ("2d", "D"),
        (";import os", "ImportOs"),
    ],
)
def test_camel_case(text, name):
    assert camel(text) == name


@pytest.mark.parametrize(
    ("one", "many"),
    [("layer", "layers"), ("block", "blocks"), ("entry", "entries"), ("box", "boxes")],
)
def test_plurals(one, many):
    assert plural(one) == many
    assert plural(many) == many


def test_words_that_look_like_plurals():
    assert singular("layers") == "layer"
    assert singular("loss") == "loss"
    assert singular("bias") == "bias"
    assert plural("layer1") == "layer1"


def test_each_name_is_given_once():
    names = Names()
    assert [names.new("output", "attention_output") for _ in range(3)] == [
        "output",
        "attention_output",
        "attention_output_2",
    ]
    assert [names.new("Block"), names.new("Block")] == ["Block", "Block2"]
    assert [names.new("Conv1"), names.new("Conv1")] == ["Conv1", "Conv1_2"]
