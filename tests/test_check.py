"""``onnx2py check``: what is in a model, and whether it can be compiled."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import external_data_helper, numpy_helper

import onnx2py
from onnx2py import cli

GOOD = """<ir_version: 8, opset_import: ["" : 17]>
    net (float[n, 3] x, float[3] b) => (float[n, 3] y) <float[3] b = {1, 2, 3}> {
        a = Add (x, b) c = Relu (a) s = Softmax (c) y = Add (s, x) }"""
BAD = """<ir_version: 8, opset_import: ["" : 17, "com.example" : 3]>
    net (float[n, 3] x) => (float[n, 3] y) {
        a = com.example.Fourier (x) b = com.example.Fourier (a)
        c = Resize <mode = "cubist"> (b, , s)
        y = Relu (c) }"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder with two models."""
    monkeypatch.chdir(tmp_path)
    onnx.save(onnx.parser.parse_model(GOOD), "good.onnx")
    bad = onnx.parser.parse_model(BAD.replace(", , s", ""))
    Path("bad.onnx").write_bytes(bad.SerializeToString())
    return tmp_path


def test_a_model_that_can_be_compiled(here, capsys):
    assert cli.main(["check", "good.onnx", "--overridable"]) == 0
    lines = capsys.readouterr().out.splitlines()
    start = "good.onnx: can be compiled, 4 nodes in 4 calls, about "
    assert lines[0].startswith(start) and lines[0].endswith("kB, requires numpy")
    assert lines[1] == "  opset ai.onnx 17"
    assert "  input x: float32[n, 3]" in lines
    assert "  input b: float32[3] (optional)" in lines
    assert "  output y: float32[n, 3]" in lines
    rows = [line.split() for line in lines]
    assert ["Add", "14", "2", "yes"] in rows and ["Softmax", "13", "1", "yes"] in rows
    assert sorted(p.name for p in here.iterdir()) == ["bad.onnx", "good.onnx"]


def test_nodes_are_counted_as_in_the_report_and_in_the_docstring(here, capsys):
    """Two functions of two nodes each, a node that is folded and one that does nothing."""
    text = """<ir_version: 8, opset_import: ["" : 17, "l" : 1]>
        net (float[3] x) => (float[3] y) <float[3] w = {1, 2, 3}> {
        v = Neg (w) a = Mul (x, v) b = l.twice (a) c = Identity (b) y = l.twice (c) }
        <opset_import: ["" : 17], domain: "l"> twice (p) => (r) { q = Abs (p) r = Add (q, q) }"""
    onnx.save(onnx.parser.parse_model(text), "calls.onnx")
    found = onnx2py.inspect_model("calls.onnx")
    report = onnx2py.compile_model("calls.onnx", "made")
    assert (found.nodes, found.calls) == (report.nodes, report.calls)
    title = Path("made/model.py").read_text().partition("\n")[0]
    assert f": {found.nodes} ONNX nodes, {found.calls} calls" in title
    assert cli.main(["check", "calls.onnx"]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    counts = f"{found.nodes} nodes in {found.calls} calls"
    assert first.startswith(f"calls.onnx: can be compiled, {counts}, about ")


@pytest.mark.parametrize("option", ["--max-nodes=3", "--max-elements=2"])
@pytest.mark.parametrize("command", [["check"], ["verify", "made"]])
def test_limits_are_obeyed_by_every_command(here, capsys, command, option):
    onnx.save(onnx.parser.parse_model(GOOD.replace("[n, 3]", "[2, 3]")), "good.onnx")
    onnx2py.compile_model("good.onnx", "made")
    assert cli.main([*command, "good.onnx"]) == 0
    assert cli.main([*command, "good.onnx", option]) == 1
    assert f"{option[:-2]} allows more" in capsys.readouterr().err


def test_a_model_that_cannot(here, capsys):
    assert cli.main(["check", "bad.onnx"]) == 1
    out = capsys.readouterr().out
    rows = [line.split() for line in out.splitlines()]
    assert ["com.example.Fourier", "3", "2", "NO"] in rows
    assert ["Resize", "13", "1", "NO"] in rows and ["Relu", "14", "1", "yes"] in rows
    assert out.count("com.example.Fourier-3: the operator is not ONNX's own") == 1
    assert "Resize-13: attribute mode" in out
    first = "bad.onnx: cannot be compiled, 2 of 3 operators are not supported\n"
    assert out.startswith(first)


def test_json_says_the_same(here, capsys):
    assert cli.main(["check", "bad.onnx", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["supported"] is False and found["package_bytes"] is None
    uses = {use["operator"]: use for use in found["operators"]}
    assert uses["com.example.Fourier"]["count"] == 2
    assert uses["Resize"]["supported"] is False and uses["Resize"]["problems"]
    assert cli.main(["check", "good.onnx", "--json", "--overridable"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["inputs"][1] == {"name": "b", "type": "float32[3]", "optional": True}
    assert (found["parameters"], found["weight_bytes"]) == (3, 12)
    assert found["dtypes"] == {"float32": 1} and found["requires"] == ["numpy"]
    assert found == onnx2py.inspect_model("good.onnx", overridable=True).as_dict()


def test_external_files_are_named(here, capsys):
    weight = numpy_helper.from_array(np.ones((40, 40), np.float32), "w")
    model = onnx.parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 17]> g (float[40] x) => (float[40] y) '
        "{ y = MatMul (x, w) }"
    )
    model.graph.initializer.append(weight)
    external_data_helper.convert_model_to_external_data(
        model, location="data.bin", size_threshold=0
    )
    onnx.save(model, "split.onnx")
    found = onnx2py.inspect_model("split.onnx")
    assert found.external_files == ("data.bin",)
    assert found.package_bytes is not None and found.package_bytes > 6400
    assert cli.main(["check", "split.onnx"]) == 0
    assert "  external data: data.bin" in capsys.readouterr().out


def test_the_expected_size_is_near_the_real_one(here):
    found = onnx2py.inspect_model("good.onnx")
    onnx2py.compile_model("good.onnx", "good")
    size = sum(p.stat().st_size for p in Path("good").rglob("*") if p.is_file())
    assert found.package_bytes == pytest.approx(size, rel=0.2)


@pytest.mark.parametrize(
    "arguments, status", [([], 2), (["none.onnx"], 1), (["good.onnx", "-o", "x"], 2)]
)
def test_wrong_usage(here, capsys, arguments, status):
    try:
        found = cli.main(["check", *arguments])
    except SystemExit as stopped:
        found = stopped.code
    assert found == status
    assert "Traceback" not in capsys.readouterr().err
