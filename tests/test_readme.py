"""What the README says is so: its code runs, its commands work, its tables are current."""

from __future__ import annotations

import re
import runpy
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.models import ENTRIES
from benchmarks.readme import README, pattern, read_section
from benchmarks.refresh import SECTIONS
from benchmarks.tables import figures
from onnx2py import cli, errors

ROOT = README.parent
MNIST = ROOT / "generated_examples" / "mnist"


def blocks(language: str) -> list[str]:
    """Return the README's blocks of a language, without those that a script wrote."""
    text = README.read_text(encoding="utf-8")
    for name in (*SECTIONS, "speed"):
        text = pattern(name).sub("", text)
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the model and the package that the README talks about."""
    shutil.copyfile(MNIST.with_suffix(".onnx"), tmp_path / "mnist.onnx")
    shutil.copytree(MNIST, tmp_path / "mnist")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_its_python_runs(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = blocks("python")
    assert len(found) >= 6
    namespace: dict[str, Any] = {}
    for block in found:
        exec(compile(block, str(README), "exec"), namespace)
        said = capsys.readouterr().out
        for expected in re.findall(r"print\(error\)  # (.*)", block):
            assert expected in said
    tests = [value for name, value in namespace.items() if name.startswith("test_")]
    assert len(tests) == 2
    for test in tests:
        test()


def test_its_commands_work(workplace: Path) -> None:
    commands = [
        shlex.split(line) for block in blocks("sh") for line in block.splitlines()
    ]
    ours = [words for words in commands if words[0] in ("onnx2py", "python")]
    assert len(ours) >= 4
    for words in ours:
        arguments = ["-m", *words] if words[0] == "onnx2py" else words[1:]
        done = subprocess.run(
            [sys.executable, *arguments], cwd=workplace, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{shlex.join(words)}: {done.stderr}"
        made = words[words.index("-o") + 1] if "-o" in words else "mnist"
        assert (workplace / made / "model.py").is_file()


@pytest.mark.parametrize("name", sorted(SECTIONS))
def test_what_scripts_wrote_is_current(name: str) -> None:
    """``make readme`` brings it up to date."""
    assert read_section(name) == SECTIONS[name]()


def test_every_model_of_the_list_has_its_row_in_the_table_of_speed() -> None:
    rows = read_section("speed").splitlines()
    for entry in ENTRIES:
        assert any(row.startswith(f"| {entry.name} |") for row in rows), entry.name
    for name, _, _ in figures([], None):
        assert any(row.startswith(f"| {name} |") for row in rows), name


def test_all_options_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    options = set(re.findall(r"(?<!\w)--[a-z][a-z-]*", capsys.readouterr().out))
    text = README.read_text(encoding="utf-8")
    assert {"--out", "--verify", "--force"} <= options
    assert {option for option in options if f"`{option}" not in text} == set()


def test_all_errors_are_listed() -> None:
    kinds = [
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.Onnx2pyError)
    ]
    text = README.read_text(encoding="utf-8")
    assert len(kinds) >= 7
    assert [name for name in kinds if f"`{name}`" not in text] == []


def test_all_make_targets_that_it_names_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(
        re.findall(r"(?:`|^)make ([a-z-]+)", README.read_text(encoding="utf-8"), re.M)
    )
    assert {"demo", "test", "lint"} <= named
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_package_has_the_files_that_it_lists() -> None:
    (tree,) = [block for block in blocks("text") if block.startswith("mnist/\n")]
    for line in tree.splitlines()[1:]:
        assert list(MNIST.glob(line.split()[0])), line


def test_the_demo_reads_all_ten_digits(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        runpy.run_module("generated_examples.make.demo", run_name="__main__")
    assert stopped.value.code == 0
    assert "10 of 10 right" in capsys.readouterr().out
