"""Lengths that ``--shape`` left open are tried twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import pytest

from onnx2py import compile_model
from onnx2py.cli import main

FIXED = """g (float[1, 4, 2] x) => (float[1, 8] y) <int64[2] s = {1, 8}> {
    a = Abs (x) f = Reshape (a, s) y = Neg (f) }"""
OPEN = FIXED.replace("{1, 8}", "{0, 8}")
EVEN = """g (float[1, 4] x) => (float[2, 2] y) <int64[3] s = {0, 2, -1}> {
    f = Reshape (x, s) y = ReduceSum (f) }"""


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def save(text: str, name: str = "") -> None:
    model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["" : 17]> {text}')
    for node in model.graph.node:
        node.name = f"{name}{node.output[0]}" if name else ""
    onnx.save(model, "net.onnx")


def verified(
    capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0
) -> str:
    assert main(["net.onnx", "-o", "net", "--verify", *arguments]) == status
    return capsys.readouterr().out


@pytest.mark.parametrize("name, shown", [("", "f"), ("/main/", "/main/f")])
def test_the_node_that_fixes_a_length_is_named(here, capsys, name, shown):
    save(FIXED, name)
    out = verified(capsys, "--shape", "x=N,4,2")
    assert "random inputs, seed 0 (N = 1):" in out
    assert "note: N: only 1 works of the lengths that were tried" in out
    assert f"note: N = 2 fails at {shown}: Reshape, which fixes the length" in out


def test_a_length_that_is_open_is_compared_twice(here, capsys):
    save(OPEN)
    out = verified(capsys, "--shape", "x=N,4,2")
    assert "seed 0 (N = 2) and (N = 3):" in out
    assert "note" not in out


def test_every_open_length_is_tried(here, capsys):
    save(FIXED.replace("{1, 8}", "{0, 6}").replace("[1, 4, 2]", "[1, 3, 2]"))
    out = verified(capsys, "--shape", "x=N,M,2")
    assert "M: only 3 works" in out and "N: only" not in out
    assert "M = 4 fails at f: Reshape" in out and "M = 6 fails at f: Reshape" in out


def test_multiples_are_tried_where_the_next_length_fails(here, capsys):
    save(EVEN)
    out = verified(capsys, "--shape", "x=1,L")
    assert "L = " in out and "only" not in out
    assert "fails at f: Reshape" in out


def test_a_package_that_is_wrong_for_another_length_differs(here, capsys):
    save(OPEN)
    compile_model("net.onnx", "net", shapes={"x": ("N", 4, 2)})
    path = Path("net/model.py")
    text = path.read_text()
    assert "return y" in text
    path.write_text(text.replace("return y", "return y if len(y) == 2 else -y"))
    arguments = ["verify", "net", "net.onnx", "--shape", "x=N,4,2"]
    assert main(arguments) == 3
    assert "DIFFERS" in capsys.readouterr().out


def test_lengths_of_given_inputs_are_those_that_are_tried(here, capsys):
    save(OPEN)
    np.save("x.npy", np.ones((3, 4, 2), np.float32))
    out = verified(capsys, "--shape", "x=N,4,2", "--data", "x.npy")
    assert "note: N: only the lengths of the given inputs were tried" in out


def test_without_open_lengths_nothing_more_is_run(here, capsys):
    save(FIXED)
    out = verified(capsys, "--shape", "x=1,4,2")
    assert "random inputs, seed 0:" in out and "note" not in out
