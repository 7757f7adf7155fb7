"""What the documentation lists is complete, and what scripts wrote is current."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

import onnx2py
from benchmarks import pages, records, torch_peers
from benchmarks.models import ENTRIES
from benchmarks.pages import ROOT, read_section
from benchmarks.peers.comparison import SUITE
from benchmarks.refresh import SECTIONS
from benchmarks.tables import figures
from onnx2py import cli, errors
from onnx2py.options import Options
from tests.docs.support import MNIST, NAMES, blocks, page

USAGE = page("docs/usage.md").read_text("utf-8")
TEXT = "\n".join(page(name).read_text("utf-8") for name in NAMES)


@pytest.mark.parametrize("name", sorted(SECTIONS))
def test_what_scripts_wrote_is_current(name: str) -> None:
    """``make readme`` brings it up to date."""
    assert read_section(name) == SECTIONS[name]()


def test_a_section_is_on_exactly_one_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = tmp_path / "one.md", tmp_path / "other.md"
    one.write_text("# A\n<!-- a:begin -->\nold\n<!-- a:end -->\n")
    other.write_text("# B\n<!-- b:begin -->\n<!-- b:end -->\n")
    monkeypatch.setattr(pages, "PAGES", (one, other))
    pages.write_section("a", "new\n")
    assert one.read_text() == "# A\n<!-- a:begin -->\nnew\n<!-- a:end -->\n"
    assert pages.handwritten(one) == "# A\n" and pages.read_section("b") == ""
    with pytest.raises(ValueError, match="section c: expected one page .* got none"):
        pages.read_section("c")
    other.write_text(one.read_text())
    with pytest.raises(ValueError, match="got one.md, other.md"):
        pages.write_section("a", "")


def test_the_readme_has_the_recorded_numbers_of_the_suite() -> None:
    text = page("README.md").read_text("utf-8")
    engines = records.read(torch_peers.RECORD)["suites"][SUITE]
    assert f"{engines['onnx2py']['passed']} pass with `--target torch`" in text
    for name in ("onnx2pytorch", "onnx2torch"):
        assert f"{name}: {engines[name]['passed']}" in text


def test_every_model_of_the_list_has_its_row_in_the_table_of_speed() -> None:
    rows = read_section("speed").splitlines()
    for entry in ENTRIES:
        assert any(row.startswith(f"| {entry.name} |") for row in rows), entry.name
    for name, _, _ in figures([], None):
        assert any(row.startswith(f"| {name} |") for row in rows), name


@pytest.mark.parametrize("command", ["", "check", "verify", "shim"])
def test_all_options_are_listed(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        cli.main([*command.split(), "--help"])
    options = set(re.findall(r"(?<!\w)--[a-z][a-z-]*", capsys.readouterr().out))
    assert len(options) >= 8
    text = USAGE if command != "shim" else TEXT
    assert {option for option in options if f"`{option}" not in text} == set()


def test_all_options_of_the_library_are_listed() -> None:
    for field in fields(Options):
        assert f"`{field.name}" in USAGE, field.name


def test_all_functions_and_errors_are_listed() -> None:
    named = [name for name, value in vars(errors).items() if _is_error(value)]
    assert len(named) >= 7
    functions = [name for name in onnx2py.__all__ if name[0].islower()]
    for name in (*named, *functions):
        assert re.search(rf"`{name}\b|import {name}\b", USAGE), name


def _is_error(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, errors.Onnx2pyError)


def test_the_package_has_the_files_that_are_listed_and_no_others() -> None:
    (tree,) = (t for t in blocks("docs/package.md", "text") if t.startswith("mnist/\n"))
    patterns = [line.split()[0] for line in tree.splitlines()[1:]]
    for pattern in patterns:
        assert list(MNIST.glob(pattern)), pattern
    listed = {path for pattern in patterns for path in MNIST.glob(pattern)}
    inside = (*MNIST.iterdir(), *(MNIST / "tools").iterdir())
    present = {
        path for path in inside if path.name not in ("__pycache__", "__init__.py")
    }
    assert {path.name for path in present - listed} <= {"weights", "tools"}


@pytest.mark.parametrize("name", NAMES)
def test_files_of_the_project_that_are_named_exist(name: str) -> None:
    text = page(name).read_text("utf-8")
    for path in re.findall(r"`((?:onnx2py|templates|tests|benchmarks)/[\w./]*)`", text):
        assert (ROOT / path).exists(), path


def test_every_part_of_the_compiler_is_in_the_table_of_modules() -> None:
    text = page("docs/internals.md").read_text("utf-8")
    for path in (ROOT / "onnx2py").iterdir():
        if path.is_dir() and not path.name.startswith(("_", ".")):
            assert f"`onnx2py/{path.name}/`" in text, path.name
