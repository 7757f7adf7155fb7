"""Where weights and layers were, of names by hand and of hostile ones."""

import keyword

import pytest
from torch import nn

from onnx2py.ir.graph import Scope
from onnx2py.targets.network.module_names import MODULE_NAMES
from onnx2py.targets.network.paths import (
    Places,
    expression,
    lists_of,
    other_path,
    path_of,
    scope_path,
    stem,
    weight_path,
)

HOSTILE = [
    "__class__", "a.__init__.b", "a.import os", "a;b", "a\nb", "a.b\n", "a()", "x[0]", "a..b",
    ".a", "a.", "", ".", "..", "a/b", "a:b", "ａ.b", "ä", "a.١", "a.²", "1e9", "a.01",
    "a.1000", "a.99999999999999999999", "a.-1", "a." * 40 + "b", "a" * 300, "a.'); x('",
    "None.weight", "a.lambda.weight", "a.forward.weight", "train", "_modules.x", "__", "a.__0",
]  # fmt: skip


@pytest.mark.parametrize(
    "name, path",
    [
        ("blocks.0.attn.qkv.weight", "blocks.0.attn.qkv.weight"),
        ("cls_token", "cls_token"),
        ("fc.weight;1", "fc.weight"),
        ("onnx::MatMul_314", ""),
        ("/blocks/attn/Constant_output_0", ""),
        ("a.lambda.weight", "a.lambda_.weight"),
        ("a.train.weight", "a.train_.weight"),
        ("a.__class__.weight", "a.class_.weight"),
        ("a.__0.weight", "a.value_0.weight"),
        ("a.1000.weight", ""),
        ("a.01.weight", ""),
        ("123", ""),
        ("a.3", ""),
    ],
)
def test_p1_path_of_a_weight(name, path):
    assert weight_path(name) == path


def test_p1_module_of_a_parameter():
    assert stem("blocks.0.norm.weight", "weight") == "blocks.0.norm"
    assert stem("blocks.0.norm.bias", "weight") == ""
    assert stem("weight", "weight") == ""


def test_p2_path_of_the_innermost_module():
    scopes = (Scope("layers"), Scope("layers.0", "Block"))
    assert scope_path(scopes) == "layers.0"
    assert scope_path(()) == ""
    assert scope_path((Scope("a.b-c"),)) == ""


def test_p3_any_other_name():
    assert other_path("StatefulPartitionedCall/model/Conv1/Relu:0", "conv") == "conv"
    assert other_path("model/MatMul", "linear") == "mat_mul"
    assert other_path("onnx::Train", "constant") == "train_"
    assert other_path("", "constant") == "constant"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_attributes_or_no_path(text):
    for path in (path_of(text), weight_path(text), other_path(text, "layer")):
        for part in path.split(".") if path else ():
            assert part.isascii() and len(part) <= 300
            if part.isdigit():
                assert int(part) < 1000 and str(int(part)) == part
                continue
            assert part.isidentifier() and not keyword.iskeyword(part)
            assert not hasattr(nn.Module(), part) and not part.startswith("__")


def test_names_that_modules_have_are_known():
    module = nn.Module()
    have = {n for n in (*dir(nn.Module), *vars(module)) if not n.startswith("__")}
    assert have <= MODULE_NAMES


def test_a_layer_holds_nothing():
    places = Places()
    assert places.claim("attn") == "attn"
    assert places.claim("attn.proj") == "attn_proj"
    assert places.claim("blocks.0") == "blocks.0"
    assert places.claim("blocks.0.fc") == "blocks.layer_0_fc"


def test_what_holds_something_is_no_layer():
    places = Places()
    places.claim("attn.out_proj")
    assert places.claim("attn", "linear") == "attn.linear"
    assert places.claim("attn", "linear") == "attn.linear_2"
    assert places.claim("attn") == "attn_2"


def test_paths_are_unique():
    places = Places()
    found = [places.claim("blocks.0") for _ in range(3)]
    assert found == ["blocks.0", "blocks.layer_0_2", "blocks.layer_0_3"]


def test_lists_hold_numbers_alone():
    paths = ["blocks.0.fc", "blocks.1.fc", "stem.0", "stem.norm", "0.fc"]
    assert lists_of(paths) == {"blocks"}


def test_expressions_read_the_module():
    lists = frozenset(["blocks"])
    assert expression("blocks.0.fc", lists) == "self.blocks[0].fc"
    assert expression("stem.0", lists) == 'self.stem.get_submodule("0")'
    model = nn.Sequential(nn.Linear(1, 2))
    assert eval(expression("0", frozenset()), {"self": model}) is model[0]
