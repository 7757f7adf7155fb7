"""Values of a run by their names in ONNX, and the time of each call, as of NumPy's packages."""

from __future__ import annotations

import importlib
import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

import onnx2py
from onnx2py import cli
from tests.targets.torch.models import FLOW, drawn, model
from tests.targets.torch.networks import onnx_file, randomized
from tests.targets.torch.test_blocks import Tower

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::UserWarning"
)
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
def tower(tmp_path_factory):
    """A network whose layers are classes, in a folder."""
    place = tmp_path_factory.mktemp("tower")
    torch.manual_seed(0)
    proto = onnx.load(io.BytesIO(onnx_file(randomized(Tower()), torch.randn(5, 3))))
    onnx.save(proto, place / "tower.onnx")
    onnx2py.compile_model(proto, place / "tower_net", target="torch")
    sys.path.insert(0, str(place))
    yield place, proto
    sys.path.remove(str(place))


def tools(name: str) -> tuple[Any, Any, Any]:
    """Return a package, its ``watch`` and what calls it with arrays."""
    parts = ("", ".tools.watch", ".tools.arrays")
    package, watch, arrays = (
        importlib.import_module(f"{name}{part}") for part in parts
    )
    return package, watch, arrays


def test_values_are_onnxruntimes_by_name(tower):
    place, proto = tower
    _, watch, arrays = tools("tower_net")
    x = drawn(5, 3)
    ours = watch.trace(arrays.Model(), **{watch.model_module.INPUTS[0].python_name: x})
    theirs = all_values(proto, {proto.graph.input[0].name: x})
    names = watch.value_names()
    assert {*ours.values} == {*names}
    assert any(name.startswith("layers.3.") for name in names)
    compared = [name for name in names.values() if name in theirs]
    assert len(compared) > 100
    for name in compared:
        value = ours[name]
        assert isinstance(value, np.ndarray) and not value.flags.writeable
        np.testing.assert_allclose(value, theirs[name], rtol=1e-4, atol=1e-5)


def test_a_trace_of_tensors_leaves_the_model_as_it_is(tower):
    package, watch, _ = tools("tower_net")
    module = package.Model()
    before = {key: value.clone() for key, value in module.state_dict().items()}
    x = torch.from_numpy(drawn(5, 3)).requires_grad_()
    expected = module(x)
    seen = watch.trace(module, x)
    assert torch.equal(seen.outputs, expected) and torch.equal(module(x), expected)
    inner = seen["layers.2.norm"]
    assert isinstance(inner, torch.Tensor) and inner.requires_grad
    (gradient,) = torch.autograd.grad(seen.outputs.sum(), inner)
    assert gradient.shape == inner.shape
    assert type(module).__call__ is torch.nn.Module.__call__
    after = module.state_dict()
    assert all(torch.equal(after[key], value) for key, value in before.items())
    only = watch.trace(module, x, capture=["layers.2.norm"])
    assert {*only.values} == {"layers.2.norm"}


def test_calls_know_their_lines_and_modules(tower):
    place, _ = tower
    package, watch, _ = tools("tower_net")
    lines = (place / "tower_net" / "model.py").read_text().splitlines()
    seen = watch.trace(package.Model(), torch.zeros(5, 3))
    call = seen.calls["layers.1.norm"]
    assert call.path == "layers.1" and "LayerNormalization" in call.node
    assert "norm = self.norm(" in lines[call.line - 1]
    assert all(step.seconds >= step.own_seconds >= 0 for step in seen.steps)


def test_every_value_is_compared(tower, capsys, tmp_path):
    place, _ = tower
    given = [str(place / "tower_net"), str(place / "tower.onnx"), "--per-node"]
    assert cli.main(["verify", *given]) == 0
    assert "agree" in capsys.readouterr().out
    broken = tmp_path / "broken"
    file = place / "tower_net" / "model.py"
    text = file.read_text()
    assert text.count("torch.sin(") > 1
    onnx2py.compile_model(place / "tower.onnx", broken, target="torch")
    at = text.index("torch.sin(")
    (broken / "model.py").write_text(f"{text[:at]}torch.cos({text[at + 10:]}")
    line = text[:at].count("\n") + 1
    assert cli.main(["verify", str(broken), given[1], "--per-node"]) == 3
    assert f"model.py:{line}" in capsys.readouterr().out


def test_control_flow(tmp_path, monkeypatch):
    onnx2py.compile_model(model(FLOW), tmp_path / "flow_net", target="torch")
    monkeypatch.syspath_prepend(tmp_path)
    _, watch, arrays = tools("flow_net")
    seen = watch.trace(arrays.Model(), x=X, count=np.array(3), flag=np.array(True))
    np.testing.assert_allclose(seen["y"], X + 3, rtol=1e-6)
    assert [len(seen.values[n]) for n in seen.values if n.endswith(".b")] == [3]
    np.testing.assert_allclose(seen["s"], -np.exp(X), rtol=1e-5)
    none = watch.trace(arrays.Model(), x=X, count=np.array(0), flag=np.array(False))
    np.testing.assert_allclose(none["s"], abs(np.cos(np.sin(X))), rtol=1e-5)


def test_profile(tower, capsys, monkeypatch, tmp_path):
    tools("tower_net")
    commands = importlib.import_module("tower_net.tools.commands")
    chrome = tmp_path / "trace.json"
    words = ["profile", "--repeat", "2", "--chrome", str(chrome)]
    monkeypatch.setattr(sys, "argv", ["tower_net", *words])
    assert commands.main() == 0
    printed = capsys.readouterr().out
    assert "layers.0" in printed and "MatMul" in printed
    events = json.loads(Path(chrome).read_text())["traceEvents"]
    assert any(event["args"]["object"] == "layers.3" for event in events)
