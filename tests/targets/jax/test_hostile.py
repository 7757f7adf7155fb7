"""No text of a model gets out of its place, and names that look alike stay apart."""

from __future__ import annotations

import json
import sys
from importlib import import_module

import numpy as np
import onnx
import pytest

import onnx2py
from tests.hostile import syntax
from tests.hostile.texts import COLLIDING, HOSTILE
from tests.targets.jax.models import model

TEXT = """net (float[n, 3] x, bool flag) => (float[n, 3] y, float[n, 3] z)
    <float[3] w = {1, 2, 3}, float[3, 3] m = {1, 2, 3, 4, 5, 6, 7, 8, 9},
     int64[9] v = {1, 2, 3, 4, 5, 6, 7, 8, 9}> {
        a = Add (x, w) k = MatMul (a, m) i = Mul (v, v) f = Cast <to = 1> (i) s = ReduceSum (f)
        b = Mul (k, s)
        y = If (flag) <then_branch = t () => (float[n, 3] p)
            { q = Sin (b) r = Cos (q) p = Abs (r) },
            else_branch = e () => (float[n, 3] p) { p = Relu (b) }>
        z = Loop (, flag, y) <body = l (int64 j, bool g, float[n, 3] c)
            => (bool h, float[n, 3] d) { o = Sin (c) h = Not (g) d = Mul (o, w) }> }"""


def hostile(text: str) -> onnx.ModelProto:
    """Return a model with a text as its names."""
    proto = model(TEXT)
    graph = proto.graph
    names = {n: f"{text}zz{n}" for n in (*"xwmakybvdoqz", "flag")}
    bodies = [a.g for node in graph.node for a in node.attribute if a.HasField("g")]
    for part in (graph, *bodies):
        part.name = part.doc_string = text or "g"
        for node in part.node:
            node.name = f"{text}zznode{node.op_type}"
            node.doc_string = text
            node.input[:] = [names.get(n, n) for n in node.input]
            node.output[:] = [names.get(n, n) for n in node.output]
        for value in (*part.input, *part.output, *part.initializer):
            value.name = names.get(value.name, value.name)
    graph.input[0].type.tensor_type.shape.dim[0].dim_param = f"{text}zzdim"
    proto.doc_string = proto.producer_name = text or "g"
    return proto


PLAIN = ("plain", "1 plain", "plain.plain")
"""Names of weights: of a word, of none, and in a module."""


@pytest.fixture(scope="module")
def harmless(tmp_path_factory):
    place = tmp_path_factory.mktemp("plain")
    forms = []
    for number, text in enumerate(PLAIN):
        out = place / str(number) / "net"
        out.parent.mkdir()
        onnx2py.compile_model(hostile(text), out, target="jax")
        forms.append(syntax.of_folder(out, False))
    return forms


@pytest.mark.parametrize("number", range(0, len(HOSTILE), 3))
def test_no_text_gets_out_of_its_place(harmless, tmp_path, number):
    folder = tmp_path / "net"
    try:
        onnx2py.compile_model(hostile(HOSTILE[number]), folder, target="jax")
    except onnx2py.Onnx2pyError:
        return
    assert syntax.of_folder(folder, False) in harmless
    for path in folder.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert all(c.isprintable() or c == "\n" for c in text), path.name
    json.loads((folder / "tools" / "names.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "names", COLLIDING, ids=lambda n: f"{ascii(n[0])[1:9]}-{len(n)}"
)
def test_names_as_they_are(tmp_path, monkeypatch, names):
    """Weights that are called so, and the same after cleaning, remain apart."""
    names = [name or "?" for name in names]
    nodes, weights, inputs = [], [], []
    for number, name in enumerate(names):
        array = np.full(20, number, np.float32) + np.arange(20, dtype=np.float32)
        weights.append(onnx.numpy_helper.from_array(array, name))
        inputs.append(onnx.helper.make_tensor_value_info(f"x{number}", 1, [20]))
        nodes.append(onnx.helper.make_node("Sum", [f"x{number}", name], [f"y{number}"]))
    outputs = [onnx.ValueInfoProto(name=node.output[0]) for node in nodes]
    graph = onnx.helper.make_graph(nodes, "g", inputs, outputs, weights)
    made = onnx.helper.make_model(
        graph, ir_version=8, opset_imports=[onnx.helper.make_opsetid("", 17)]
    )
    module = f"named_{abs(hash(tuple(names)))}"
    onnx2py.compile_model(made, tmp_path / module, target="jax", layout=False)
    monkeypatch.syspath_prepend(tmp_path)
    package = import_module(module)
    params = package.load_params()
    given = [np.full(20, 100 * number, np.float32) for number in range(len(names))]
    for number, array in enumerate(package.forward(params, *given)):
        np.testing.assert_array_equal(array, np.arange(20) + 101 * number)
    for name in [name for name in sys.modules if name.split(".")[0] == module]:
        del sys.modules[name]


def test_a_file_of_weights_asks_for_no_long_list(tmp_path, monkeypatch):
    graph = "net (float[2] x) => (float[2] y) <float[2] w = {1, 2}> { y = Add (x, w) }"
    onnx2py.compile_model(model(graph), tmp_path / "short_net", target="jax")
    monkeypatch.syspath_prepend(tmp_path)
    package = import_module("short_net")
    file = tmp_path / "short_net" / "weights.safetensors"
    for key in ("a.9999999999", "a.\u0663", "a.-1", "a.01"):
        data = file.read_bytes()
        size = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + size])
        text = json.dumps({key: header["w"]}).encode()
        other = tmp_path / "other.safetensors"
        other.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + size :])
        params = package.load_params(other)
        assert [*params["a"]] == [key[2:]]
