"""Each committed package by itself: it runs with NumPy alone, and tools find no fault."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from generated_examples.make import gpt
from onnx2py import verify_existing
from tests.typed import assert_typed

from .support import EXAMPLES, NAMES, ROOT, example, run_isolated


def profile_of_gpt(folder: Path, by: str) -> list[list[str]]:
    """Return the words of each row of a profile."""
    names = [spec.name for spec in example("gpt").model.INPUTS]
    for name, array in zip(names, gpt.make_inputs(), strict=True):
        np.save(folder / f"{name}.npy", array)
    inputs = [f"--input={name}={folder / name}.npy" for name in names]
    command = [sys.executable, "-m", "generated_examples.gpt", "profile", "--by", by]
    done = subprocess.run(
        [*command, "--top=999", "--repeat=2", *inputs],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return [row.split() for row in done.stdout.splitlines()[1:-2]]


def test_a_profile_has_rows_by_line_by_node_and_by_block(tmp_path: Path) -> None:
    blocks = profile_of_gpt(tmp_path, "block")
    assert {row[-1] for row in blocks} == {"Model", *(f"layers.{i}" for i in range(4))}
    of_lines = [row for row in profile_of_gpt(tmp_path, "line") if "Softmax" in row]
    of_nodes = [row for row in profile_of_gpt(tmp_path, "node") if "Softmax" in row]
    assert [row[3] for row in of_lines] == ["4"]
    assert [row[3] for row in of_nodes] == ["1"] * 4
    assert "Layer" not in {row[-1] for row in profile_of_gpt(tmp_path, "line")}
    assert {row[5] for row in of_nodes} == {f"layers.{i}," for i in range(4)}


@pytest.mark.parametrize("name", NAMES)
def test_it_checks_itself_with_numpy_alone(name: str) -> None:
    done = run_isolated(EXAMPLES, name)
    assert done.returncode == 0, done.stdout + done.stderr
    outputs = example(name).OUTPUTS
    for spec in outputs:
        assert f"{spec.name}: agrees" in done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_the_interpreter_of_these_tests_has_numpy_alone(
    name: str, tmp_path: Path
) -> None:
    """Otherwise the test above would say nothing."""
    shutil.copytree(EXAMPLES / name, tmp_path / name)
    with (tmp_path / name / "model.py").open("a") as stream:
        stream.write("\nimport onnx\n")
    done = run_isolated(tmp_path, name)
    assert done.returncode != 0
    assert "onnx is not allowed here" in done.stderr


def test_a_copy_that_was_damaged_says_so(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES / "mnist", tmp_path / "mnist")
    weight = tmp_path / "mnist" / "weights" / "conv1_weight.npy"
    np.save(weight, np.zeros_like(np.load(weight)))
    done = run_isolated(tmp_path, "mnist")
    assert done.returncode == 1
    assert "probabilities: DIFFERS" in done.stdout


def test_it_works_under_another_name_inside_another_package(tmp_path: Path) -> None:
    outer = tmp_path / "app" / "vendored"
    outer.mkdir(parents=True)
    for folder in (tmp_path / "app", outer):
        (folder / "__init__.py").touch()
    shutil.copytree(EXAMPLES / "mnist", outer / "digit_reader")
    (tmp_path / "app" / "__main__.py").write_text(
        "import numpy as np\n"
        "from .vendored.digit_reader import Model\n"
        "print(Model()(np.zeros((2, 1, 28, 28), np.float32)).shape)\n"
    )
    done = run_isolated(tmp_path, "app")
    assert done.stdout.strip() == "(2, 10)", done.stderr


def test_it_works_from_a_zip_file(tmp_path: Path) -> None:
    archive = tmp_path / "packages.zip"
    with zipfile.ZipFile(archive, "w") as stream:
        for path in sorted((EXAMPLES / "mnist").rglob("*")):
            if "__pycache__" not in path.parts:
                stream.write(path, path.relative_to(EXAMPLES))
    code = (
        f"import sys; sys.path.insert(0, {str(archive)!r})\n"
        "import numpy as np, mnist\n"
        "print(mnist.__file__); print(mnist.Model()(np.zeros((1, 1, 28, 28), 'f')).shape)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    found = done.stdout.split("\n")
    assert found[0].startswith(str(archive)), done.stderr
    assert found[1] == "(1, 10)"


def test_mypy_finds_no_fault() -> None:
    assert_typed(ROOT, [f"generated_examples/{name}" for name in NAMES])


def test_black_would_change_nothing() -> None:
    folders = [str(EXAMPLES / name) for name in NAMES]
    command = [sys.executable, "-m", "black", "--check", "--quiet", *folders]
    assert subprocess.run(command, cwd=ROOT).returncode == 0


@pytest.mark.parametrize("name", NAMES)
def test_nothing_in_it_names_a_machine(name: str) -> None:
    for path in (EXAMPLES / name).rglob("*"):
        if path.suffix in {".py", ".md", ".json"}:
            text = path.read_text(encoding="utf-8")
            assert str(ROOT) not in text
            assert "/home/" not in text and "/tmp/" not in text


def test_values_of_blocks_are_not_called_those_of_functions(tmp_path: Path) -> None:
    names = [spec.name for spec in example("gpt").model.INPUTS]
    np.savez(tmp_path / "in.npz", **dict(zip(names, gpt.make_inputs(), strict=True)))
    package = EXAMPLES / "gpt"
    found = verify_existing(
        package, f"{package}.onnx", data=[tmp_path / "in.npz"], per_node=True
    )
    assert found.nodes is not None and found.nodes.skipped == ()
    assert any(result.name.startswith("layers.3.") for result in found.nodes.results)
