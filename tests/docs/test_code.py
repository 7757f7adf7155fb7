"""The code in the documentation runs, block by block and command by command."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.pages import ROOT
from tests.docs.support import NAMES, blocks, page, pages_with

LANGUAGES = {"python", "py", "sh", "text", "mermaid", "dockerfile"}
"""Blocks of the last three are not run."""


def lines(name: str) -> list[list[str]]:
    """Return the commands of a page, as words, without comments."""
    return [
        shlex.split(line, comments=True)
        for block in blocks(name, "sh")
        for line in block.splitlines()
        if line.strip()
    ]


def split_environment(words: list[str]) -> tuple[dict[str, str], list[str]]:
    """Take the variables in front of a command off it."""
    count = 0
    while re.match(r"[A-Z_]+=", words[count]):
        count += 1
    pairs = [(word.partition("=")[0], word.partition("=")[2]) for word in words[:count]]
    return dict(pairs), words[count:]


def test_most_pages_have_code() -> None:
    assert {"README.md", "CONTRIBUTING.md"} <= set(pages_with("python"))
    assert {"docs/usage.md", "docs/package.md", "docs/deploying.md"} <= {
        *pages_with("sh")
    }


@pytest.mark.parametrize("name", NAMES)
def test_blocks_name_their_language(name: str) -> None:
    fences = re.findall(r"^```(.*)$", page(name).read_text("utf-8"), re.MULTILINE)
    assert len(fences) % 2 == 0
    assert set(fences[::2]) <= LANGUAGES and set(fences[1::2]) <= {""}


@pytest.mark.parametrize("name", pages_with("python"))
def test_python_runs(
    name: str, workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    namespace: dict[str, Any] = {}
    for block in blocks(name, "python"):
        exec(compile(block, name, "exec"), namespace)
        printed = capsys.readouterr().out
        for expected in re.findall(r"print\(error\)  # (.*)", block):
            assert expected in printed
    tests = [value for key, value in namespace.items() if key.startswith("test_")]
    assert len(tests) == (5 if name == "CONTRIBUTING.md" else 0)
    for test in tests:
        test()


@pytest.mark.parametrize("name", pages_with("sh"))
def test_commands_work(name: str, workplace: Path) -> None:
    for words in lines(name):
        variables, (program, *rest) = split_environment(words)
        if program not in ("onnx2py", "python"):
            continue
        arguments = ["-m", "onnx2py", *rest] if program == "onnx2py" else rest
        search = [str(workplace / v) for k, v in variables.items() if k == "PYTHONPATH"]
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=workplace,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([*search, str(ROOT)])},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{shlex.join(words)}: {done.stderr}"
        if "-o" in rest:
            assert (workplace / rest[rest.index("-o") + 1] / "model.py").is_file()


@pytest.mark.parametrize("name", pages_with("sh"))
def test_other_commands_exist(name: str) -> None:
    """``make`` is checked by its target, ``pip`` by our requirements, ``cp`` by its file."""
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M)
    requirements = (ROOT / "pyproject.toml").read_text("utf-8")
    for words in lines(name):
        _, (program, *rest) = split_environment(words)
        if program == "make":
            assert set(rest) <= set(targets)
        elif program == "pip":
            command, what = rest
            assert command == "install"
            assert what in (".", ".[verify]") or f'"{what};' in requirements
        elif program == "cp":
            assert (ROOT / rest[0]).is_file() and rest[1] == "."
        else:
            assert program in ("onnx2py", "python")


def test_all_make_targets_that_are_named_exist() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    text = "\n".join(page(name).read_text("utf-8") for name in NAMES)
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", text, re.MULTILINE))
    assert {"demo", "test", "lint", "readme"} <= named
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_all_modules_that_are_run_exist() -> None:
    """``python -m tests.mutate``: of the tests and the benchmarks."""
    text = "\n".join(page(name).read_text("utf-8") for name in NAMES)
    modules = set(re.findall(r"-m ((?:tests|benchmarks)[\w.]*\w)", text))
    assert len(modules) >= 5
    for module in modules:
        path = ROOT.joinpath(*module.split("."))
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()
