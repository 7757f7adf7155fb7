"""The words and sentences that docs/style.md lists on the left are in no other page."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.pages import ROOT
from tests.docs.support import NAMES, page, prose, tables

STYLE = "docs/style.md"


def listed(header: str) -> list[str]:
    """Return the first column of the table of ``docs/style.md`` with that header."""
    (table,) = (t for t in tables(STYLE) if t[0].startswith(f"| {header} |"))
    return [row.split(" | ")[0].removeprefix("| ") for row in table[2:]]


WORDS = [word for cell in listed("avoid") for word in cell.split(", ")]
SENTENCES = listed("instead of")


def test_the_lists_are_read() -> None:
    assert {"besides", "whoever", "in one go", "licence"} <= set(WORDS)
    assert len(SENTENCES) >= 15


@pytest.mark.parametrize("name", [name for name in NAMES if name != STYLE])
def test_a_page_has_none_of_them(name: str) -> None:
    text = re.sub(r"\s+", " ", prose(name)).lower()
    for word in WORDS:
        assert not re.search(rf"\b{re.escape(word)}\b", text), word
    for sentence in SENTENCES:
        assert sentence.lower() not in text, sentence


def test_the_makefile_has_none_of_them() -> None:
    text = page("Makefile").read_text("utf-8").lower()
    assert [word for word in WORDS if re.search(rf"\b{word}\b", text)] == []


def test_make_lint_finds_all_of_them(tmp_path: Path) -> None:
    (tmp_path / "text.md").write_text("\n".join(f"it is {w}." for w in WORDS))
    command = [sys.executable, "-m", "codespell_lib", str(tmp_path)]
    lines = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout
    found = {int(line.split(":")[1]) for line in lines.splitlines()}
    assert [word for i, word in enumerate(WORDS, 1) if i not in found] == []
