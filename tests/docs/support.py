"""The pages of the documentation, and their blocks of code."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.pages import PAGES, ROOT, handwritten

MNIST = ROOT / "generated_examples" / "mnist"
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]


def page(name: str) -> Path:
    """Return the path of a page."""
    return ROOT / name


def blocks(name: str, language: str) -> list[str]:
    """Return a page's blocks of a language, without those that a script wrote."""
    text = handwritten(page(name))
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def programs(name: str) -> dict[str, str]:
    """Return the programs of a page by file name: ``py`` blocks that begin with it."""
    return {code.split()[1].rstrip(":"): code for code in blocks(name, "py")}


def pages_with(language: str) -> list[str]:
    """Return the pages that have blocks of a language."""
    return [name for name in NAMES if blocks(name, language)]


def prose(name: str) -> str:
    """Return a page without its blocks of code."""
    text = page(name).read_text(encoding="utf-8")
    return re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)


def tables(name: str) -> list[list[str]]:
    """Return the lines of each table of a page."""
    runs = re.findall(r"(?:^\|.*\n)+", prose(name), re.MULTILINE)
    return [run.splitlines() for run in runs]
