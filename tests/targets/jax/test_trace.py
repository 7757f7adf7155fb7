"""Values of a run by their names in ONNX, and the time of each call, as of NumPy's packages."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import onnx
import onnxruntime
import pytest

import onnx2py
from benchmarks.pages import ROOT
from onnx2py import cli
from tests.targets.jax.models import FLOW, KNOWN, drawn, model

GPT = ROOT / "generated_examples" / "gpt.onnx"
X = drawn(3)


def all_values(proto: onnx.ModelProto, feeds: dict[str, Any]) -> dict[str, Any]:
    """Return every value of a graph, as onnxruntime computes it."""
    wider = onnx.ModelProto()
    wider.CopyFrom(proto)
    names = [name for node in proto.graph.node for name in node.output if name]
    known = {output.name for output in proto.graph.output}
    wider.graph.output.extend(
        onnx.ValueInfoProto(name=n) for n in names if n not in known
    )
    session = onnxruntime.InferenceSession(
        wider.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return dict(zip((o.name for o in session.get_outputs()), session.run(None, feeds)))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with packages: of a network with layers, and the same with these stacked."""
    place = tmp_path_factory.mktemp("traced")
    for name, options in (("gpt_net", {}), ("gpt_scan", {"scan_layers": True})):
        onnx2py.compile_model(GPT, place / name, target="jax", **options)
    for name, text in (("flow_net", FLOW), ("known_net", KNOWN)):
        onnx2py.compile_model(model(text), place / name, target="jax")
    sys.path.insert(0, str(place))
    yield place
    sys.path.remove(str(place))


def tools(name: str) -> tuple[Any, Any, Any]:
    """Return a package, its ``watch`` and what calls it with arrays."""
    parts = ("", ".tools.watch", ".tools.arrays")
    package, watch, arrays = (
        importlib.import_module(f"{name}{part}") for part in parts
    )
    return package, watch, arrays


def feeds() -> dict[str, np.ndarray]:
    """Return inputs of the network."""
    random, given = np.random.default_rng(0), {}
    lengths = {"batch": 2, "sequence": 3, "past": 4}
    for each in onnx.load(GPT).graph.input:
        kind = each.type.tensor_type
        shape = [lengths.get(d.dim_param, d.dim_value) for d in kind.shape.dim]
        if kind.elem_type == onnx.TensorProto.INT64:
            given[each.name] = random.integers(0, 5, shape)
        else:
            given[each.name] = random.normal(size=shape).astype(np.float32)
    return given


@pytest.mark.parametrize("name", ["gpt_net", "gpt_scan"])
def test_values_are_onnxruntimes_by_name(place, name):
    _, watch, arrays = tools(name)
    ours = watch.trace(arrays.Model(), **feeds())
    theirs = all_values(onnx.load(GPT), feeds())
    names = watch.value_names()
    assert {*ours.values} == {*names}
    assert any(name.startswith("layers.3.") for name in names)
    compared = [name for name in names.values() if name in theirs]
    assert len(compared) > 60
    for name in compared:
        value = ours[name]
        assert isinstance(value, np.ndarray) and not value.flags.writeable
        np.testing.assert_allclose(value, theirs[name], rtol=1e-4, atol=1e-5)


def test_a_trace_has_arrays_of_jax_and_leaves_the_package_as_it_is(place):
    package, watch, _ = tools("gpt_net")
    net = package.Model()
    given = {name: jnp.asarray(value) for name, value in feeds().items()}
    expected = jax.tree.leaves(net(**given))
    forward = package.model.forward
    seen = watch.trace(net, **given)
    inner = next(name for name in seen.values if name.startswith("layers.2."))
    assert isinstance(seen[inner], jax.Array)
    assert isinstance(seen.outputs, package.model.Outputs)
    for one, other in zip(jax.tree.leaves(seen.outputs), expected):
        np.testing.assert_array_equal(one, other)
    assert package.model.forward is forward
    only = watch.trace(net.params, **given, capture=[inner])
    assert {*only.values} == {inner}
    np.testing.assert_array_equal(only[inner], seen[inner])


def test_calls_know_their_lines_and_parameters(place):
    package, watch, _ = tools("gpt_net")
    lines = (place / "gpt_net" / "model.py").read_text().splitlines()
    seen = watch.trace(package.Model(), **feeds())
    call = seen.calls["layers.1.qkv"]
    assert call.path == "layers.1" and "MatMul" in call.node
    assert "qkv = ops.linear(" in lines[call.line - 1]
    assert all(step.seconds >= step.own_seconds >= 0 for step in seen.steps)


def test_every_value_is_compared(place, capsys, tmp_path):
    given = [str(GPT), "--per-node"]
    assert cli.main(["verify", str(place / "gpt_net"), *given]) == 0
    assert "agree" in capsys.readouterr().out
    broken = tmp_path / "broken"
    text = (place / "gpt_net" / "model.py").read_text()
    onnx2py.compile_model(GPT, broken, target="jax")
    assert text.count("jax.nn.gelu(") == 1
    (broken / "model.py").write_text(text.replace("jax.nn.gelu(", "jax.nn.relu(0 + "))
    line = text[: text.index("jax.nn.gelu(")].count("\n") + 1
    assert cli.main(["verify", str(broken), *given]) == 3
    assert f"model.py:{line}" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["flow_net", "known_net"])
@pytest.mark.parametrize("count", [0, 3])
def test_control_flow(place, name, count):
    _, watch, arrays = tools(name)
    given = {"x": X, "count": np.array(count), "flag": np.array(count > 0)}
    seen = watch.trace(arrays.Model(), **given)
    total = X + sum(range(count))
    np.testing.assert_allclose(seen["y"], total, rtol=1e-6)
    rounds = [len(seen.values[n]) for n in seen.values if n.endswith(".b")]
    assert rounds == ([count] if count else [])
    no = abs(np.cos(np.sin(total if name == "flow_net" else X)))
    np.testing.assert_allclose(seen["s"], -np.exp(X) if count else no, rtol=1e-5)
    inner = [n for n in seen.values if n.endswith((".q", ".r"))]
    assert len(inner) == (1 if count else 2)


def test_bodies_are_compared(place, tmp_path, capsys):
    onnx.save(model(KNOWN), tmp_path / "known.onnx")
    given = [str(place / "known_net"), str(tmp_path / "known.onnx"), "--per-node"]
    assert cli.main(["verify", *given]) == 0
    assert "12 of 12 agree" in capsys.readouterr().out


def command(capsys: Any, monkeypatch: Any, name: str, *words: str) -> str:
    """Run a command of a package; return its output."""
    tools(name)
    commands = importlib.import_module(f"{name}.tools.commands")
    monkeypatch.setattr(sys, "argv", [name, *words])
    assert commands.main() == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("name", ["gpt_net", "gpt_scan"])
def test_profile(place, capsys, monkeypatch, tmp_path, name):
    chrome = tmp_path / "trace.json"
    words = ["profile", "--repeat", "1", "--chrome", str(chrome)]
    printed = command(capsys, monkeypatch, name, *words)
    assert "layers.0" in printed and "MatMul" in printed
    events = json.loads(Path(chrome).read_text())["traceEvents"]
    assert any(event["args"]["object"] == "layers.3" for event in events)


def test_where(place, capsys, monkeypatch):
    def where(name: str, package: str = "gpt_net") -> str:
        return command(capsys, monkeypatch, package, "where", name)

    lines = (place / "gpt_net" / "model.py").read_text().splitlines()
    numbers = {line.strip(): i for i, line in enumerate(lines, 1)}
    qkv = 'qkv = ops.linear(attention_norm, params["attention"]["qkv"])'
    at = f"model.py:{numbers[qkv]}: {qkv}\n"
    assert where("layers.1.attention.qkv.weight").startswith(at)
    assert where("layers.3.qkv").startswith(at)
    assert where("apply_layer.qkv").count("computes") == 4
    assert "layers.2.qkv: " in where(f"model.py:{numbers[qkv]}")
    head = 'logits = ops.linear(norm, params["head"])  # float32[batch, sequence, 96]'
    assert head in where("logits") and "returns the output" in where("logits")
    assert head in where("head.weight")
    assert "takes the input" in where("tokens")
    call = numbers["present_key, present_value, hidden = apply_layer("]
    for line in (call, call + 1, numbers['params["layers"],']):
        found = where(f"model.py:{line}")
        assert all(f"layers.{i}: apply_layer (line " in found for i in range(4))
    start = numbers["def apply_layer("]
    assert where(f"model.py:{start}").count("apply_layer (line ") == 4
    lines = (place / "gpt_scan" / "model.py").read_text().splitlines()
    step = next(i for i, line in enumerate(lines, 1) if "def step(" in line)
    assert where(f"model.py:{step}", "gpt_scan").count("apply_layer (line ") == 4


def test_where_constants_are(place, capsys, monkeypatch):
    text = """net (int64[n, 12] x, bool flag) => (int64[n, 12] y) {
        c = Constant <value = int64[12] {0,1,2,3,4,5,6,7,8,9,10,99}> ()
        a = Add (x, c)
        y = If (flag) <then_branch = t () => (int64[n, 12] p) { p = Mul (a, c) },
            else_branch = e () => (int64[n, 12] p) { q = Neg (a) p = Abs (q) }> }"""
    onnx2py.compile_model(model(text), place / "const_net", target="jax")
    printed = command(capsys, monkeypatch, "const_net", "where", "c")
    lines = (place / "const_net" / "model.py").read_text().splitlines()
    assert printed.startswith("model.py:") and "holds c" in printed
    assert lines[int(printed.split(":")[1]) - 1].startswith("C = ")
    body = command(capsys, monkeypatch, "const_net", "where", "q")
    assert "q = -a" in body


def test_values_have_gradients(place):
    package, watch, _ = tools("gpt_net")

    def inner(params: Any) -> jax.Array:
        value: jax.Array = watch.trace(params, **feeds())["layers.2.qkv"]
        return (value**2).sum()

    gradients = jax.grad(inner)(package.load_params())
    moved = [bool(layer["mlp"]["up"]["weight"].any()) for layer in gradients["layers"]]
    assert moved == [True, True, False, False]
