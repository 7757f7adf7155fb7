"""The modules that nodes belong to, as exporters write them."""

from __future__ import annotations

import onnx
import onnx.parser
import pytest
from onnx import helper

from onnx2py.decode.scopes import scopes_of
from onnx2py.front import read
from onnx2py.ir.graph import Scope
from onnx2py.options import Options

PATHS = "pkg.torch.onnx.name_scopes"
CLASSES = "pkg.torch.onnx.class_hierarchy"
NET = [
    Scope("layer1", "Sequential"),
    Scope("layer1.0", "Block"),
    Scope("layer1.0.conv1", "Conv2d"),
]
LISTS = {
    PATHS: "['', 'layer1', 'layer1.0', 'layer1.0.conv1', 'conv2d_1']",
    CLASSES: "['net.Net', 'torch.nn.Sequential', 'net.Block', 'torch.nn.Conv2d', "
    "'aten.conv2d.default']",
}
NAMESPACE = {
    "namespace": ": net.Net/layer1: torch.nn.Sequential/layer1.0: net.Block/"
    "layer1.0.conv1: torch.nn.Conv2d/conv2d_1: aten.conv2d.default"
}


def node(name: str = "n", **metadata: str) -> onnx.NodeProto:
    made = helper.make_node("Relu", ["x"], ["y"], name=name)
    for key, value in metadata.items():
        made.metadata_props.add(key=key, value=value)
    return made


@pytest.mark.parametrize("metadata", [LISTS, NAMESPACE, {**LISTS, **NAMESPACE}])
def test_what_pytorchs_exporter_notes(metadata):
    assert list(scopes_of(node(**metadata))) == NET


def test_names_with_slashes_are_paths():
    assert list(scopes_of(node("/encoder/layer.0/query/MatMul"))) == [
        Scope("encoder"), Scope("encoder.layer.0"), Scope("encoder.layer.0.query"),
    ]  # fmt: skip
    assert scopes_of(node("MatMul_3")) == scopes_of(node("")) == ()


@pytest.mark.parametrize(
    "metadata",
    [
        {PATHS: "['', '__import__(\"os\")', 'x']"},
        {PATHS: "['a b', 'c\\'d', 'x']"},
        {PATHS: "["},
        {PATHS: "['" + "a" * 300 + "', 'x']"},
        {PATHS: "['" + "', '".join(["a"] * 5000) + "']"},
        {"namespace": "/////"},
        {"namespace": "\x1b[31m: x/y: z"},
    ],
)
def test_what_is_no_module_does_not_get_through(metadata):
    assert scopes_of(node(**metadata)) == ()


def test_there_is_a_bound_on_modules_inside_each_other():
    assert len(scopes_of(node("/".join("a" * 200)))) == 32


def test_a_class_that_is_no_name_is_not_known():
    metadata = {PATHS: "['layer1', 'x']", CLASSES: "['net.<lambda>', 'y']"}
    assert scopes_of(node(**metadata)) == (Scope("layer1", ""),)


@pytest.mark.parametrize("level", [0, 1])
def test_scopes_reach_the_program(level):
    model = onnx.parser.parse_model(
        '<ir_version: 10, opset_import: ["" : 17]> g (float[2, 8] x) => (float[] y) '
        "{ a = Exp (x) m = ReduceMean <axes = [-1]> (a) d = Sub (a, m) y = Softmax (d) }"
    )
    model.graph.node[3].name = "/head/probabilities/Softmax"
    for key, value in LISTS.items():
        model.graph.node[0].metadata_props.add(key=key, value=value)
    program = read(model, Options(level=level)).program()
    scopes = {s.outputs[0]: s.scopes for s in program.walk()}
    assert list(scopes["a"]) == NET
    assert [scope.path for scope in scopes["y"]] == ["head", "head.probabilities"]


def test_a_call_of_a_function_says_where_its_node_belongs():
    model = onnx.parser.parse_model(
        """<ir_version: 10, opset_import: ["" : 17, "f" : 1]>
        g (float[2] x) => (float[2] y) { y = f.Twice (x) }
        <domain: "f", opset_import: ["" : 17]> Twice (a) => (b) { b = Add (a, a) }"""
    )
    model.graph.node[0].name = "/layer/act/Twice"
    program = read(model, Options()).program()
    (statement,) = program.statements
    assert [scope.path for scope in statement.scopes] == ["layer", "layer.act"]
