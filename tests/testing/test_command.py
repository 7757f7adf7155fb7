"""``onnx2py conformance``: its texts, files and exit statuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from onnx2py.cli import main

ONE = ["--suite", "official", "--only", "test_relu", "--jobs", "1"]
LIAR = "tests.testing.liars:WrongDtype"


def test_what_is_right(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["conformance", "reference", *ONE]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == [
        "engine", "suite", "cases", "passed", "differs", "refused", "crashed", "slow", "open",
    ]  # fmt: skip
    assert lines[1].split() == ["reference", "official", "1", "1", *"00000"]


def test_what_is_wrong_names_the_command_to_repeat(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["conformance", LIAR, *ONE]) == 3
    said = capsys.readouterr()
    assert "test_relu: differs" in said.out and "float64" in said.out
    assert "1 outcome neither passed nor refused" in said.err
    assert f"onnx2py conformance {LIAR} --suite official --only test_relu" in said.err


def test_a_list_of_expectations(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = tmp_path / "expected.json"
    assert main(["conformance", LIAR, *ONE, "--expected", str(listed), "--update"]) == 0
    assert (
        json.loads(listed.read_text())["official"]["test_relu"]["verdict"] == "differs"
    )
    assert main(["conformance", LIAR, *ONE, "--expected", str(listed)]) == 0
    assert main(["conformance", "reference", *ONE, "--expected", str(listed)]) == 3
    assert "expected differs, got passed" in capsys.readouterr().out


def test_what_is_known_is_not_run_again(tmp_path: Path) -> None:
    file = tmp_path / "r.json"
    arguments = ["conformance", "reference", *ONE, "--json", str(file), "-q"]
    assert main(arguments) == 0
    file.write_text(file.read_text().replace('"passed", ""', '"crashed", "once"'))
    assert main([*arguments, "--resume"]) == 3
    assert main(arguments) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing_of_the_kind"], "engine: expected numpy"),
        (["tests.testing.liars:Missing"], "has no Missing"),
        (["json"], "expected an object with prepare(model)"),
        (["reference", "--suite", "all"], "suite: expected one of official"),
        (["reference", "--suite", "corpus=nowhere"], "expected a folder of models"),
        (["reference", "--only", "Conf"], "expected operators or cases, got Conf"),
        (["reference", "--suite", "fuzz", "--only", "Relu-13#0"], "expected version 1"),
        (["reference", "--resume"], "expected --json FILE"),
        (["reference", "--update"], "expected --expected FILE"),
        (["reference", "--engines", "numpy"], "expected an ONNX file"),
        (["reference", "model.onnx"], "expected one model"),
    ],
)
def test_wrong_arguments(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["conformance", *arguments])
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


# -------------------------------------------------------------------- one model


@pytest.fixture
def model(tmp_path: Path) -> str:
    """``y = floor(exp(x) + 1)``."""
    nodes = [
        helper.make_node("Exp", ["x"], ["e"], "exp"),
        helper.make_node("Add", ["e", "one"], ["a"], "add"),
        helper.make_node("Floor", ["a"], ["y"], "floor"),
    ]
    kinds = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n"]) for n in "xy"]
    one = onnx.numpy_helper.from_array(np.float32(1).reshape(1), "one")
    graph = helper.make_graph(nodes, "g", kinds[:1], kinds[1:], [one])
    opsets = [helper.make_opsetid("", 13)]
    path = tmp_path / "net.onnx"
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    return str(path)


def test_engines_that_agree(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["conformance", model, "--engines", "numpy", "reference"]) == 0
    assert "numpy and reference agree on every output" in capsys.readouterr().out


def test_who_disagrees_at_which_value_first(
    model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    engines = ["numpy", "reference", "tests.testing.liars:AddsOne"]
    assert main(["conformance", model, "--engines", *engines]) == 3
    said = capsys.readouterr()
    assert "numpy and reference agree" in said.out
    assert "numpy and tests.testing.liars:AddsOne differ" in said.out
    assert "first in a, made by Add 'add'" in said.out
    assert "the engines disagree" in said.err


def test_an_engine_that_ends_its_process(
    model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    engines = ["reference", "tests.testing.liars:EndsTheProcess"]
    assert main(["conformance", model, "--engines", *engines]) == 3
    assert "crashed: the process ended with status 7" in capsys.readouterr().out


def test_one_engine_is_not_enough(
    model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["conformance", model, "--engines", "numpy"])
    assert "expected two or more" in capsys.readouterr().err
