"""The table of speed of packages for PyTorch, from measured figures to the documentation."""

from __future__ import annotations

import json

import pytest

from benchmarks import records, torch_target

FIRST = {
    "original": 0.010,
    "package": 0.008,
    "original, compiled": 0.004,
    "package, compiled": 0.005,
    "onnxruntime": 0.0061,
}
SECOND = {"original": 0.020, "package": 0.025, "onnxruntime": 0.010}


def test_the_table_has_ratios_and_their_means():
    lines = torch_target.table({"a": FIRST, "b": SECOND}).splitlines()
    assert (
        lines[2] == "| a | 10.0 ms | 8.0 ms | 0.80 | 6.1 ms | 4.0 ms | 5.0 ms | 1.25 |"
    )
    assert lines[3] == "| b | 20.0 ms | 25.0 ms | 1.25 | 10.0 ms | - | - | - |"
    assert lines[-1] == "Geometric means of the ratios: eager 1.000, compiled 1.250."
    assert {line.count("|") for line in lines[:4]} == {9}


def test_without_compilation_its_columns_are_left_out():
    header, _, row, *_ = torch_target.table({"b": SECOND}).splitlines()
    assert row == "| b | 20.0 ms | 25.0 ms | 1.25 | 10.0 ms |"
    assert header.count("|") == row.count("|")


def test_figures_are_recorded_and_measured_ones_are_kept(tmp_path, monkeypatch):
    pytest.importorskip("torch")
    pytest.importorskip("onnxruntime")
    measured, written = [], {}

    def engines(name, *_):
        measured.append(name)
        return name

    monkeypatch.setattr(torch_target, "engines", engines)
    monkeypatch.setattr(torch_target, "measured", lambda *_: SECOND)
    monkeypatch.setattr(torch_target, "write_section", written.__setitem__)
    monkeypatch.setattr(records, "FOLDER", tmp_path / "recorded")
    file = tmp_path / "figures.json"
    file.write_text(json.dumps({"resnet18": FIRST}))
    assert torch_target.section() == ""
    names = ["--only", "resnet18", "BERT", "--resume", "--write", "--json", str(file)]
    assert torch_target.main(names) == 0
    assert measured == ["BERT"]
    assert json.loads(file.read_text()) == {"resnet18": FIRST, "BERT": SECOND}
    assert written == {"torch-speed": torch_target.section()}
    assert written["torch-speed"].startswith("Measured on: ")
    assert "| resnet18 | 10.0 ms |" in written["torch-speed"]
