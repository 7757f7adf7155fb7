"""Sections between markers in the documentation, such as ``<!-- speed:begin -->``."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
DOCS = ROOT / "docs"
PAGES = (
    README,
    *(ROOT / f"{name}.md" for name in ("CONTRIBUTING", "SECURITY", "CHANGELOG")),
    *sorted(DOCS.glob("*.md")),
)
"""All pages that a reader meets."""


def pattern(name: str) -> re.Pattern[str]:
    """Return the pattern of the text between the markers of ``name``."""
    begin, end = f"<!-- {name}:begin -->\n", f"<!-- {name}:end -->"
    return re.compile(f"(?<={re.escape(begin)}).*?(?={re.escape(end)})", re.DOTALL)


def page_of(name: str) -> Path:
    """Return the page that has the section ``name``.

    Raises
    ------
    ValueError
        If not exactly one page has such markers.
    """
    pages = [p for p in PAGES if pattern(name).search(p.read_text(encoding="utf-8"))]
    if len(pages) != 1:
        listed = ", ".join(page.name for page in pages) or "none"
        raise ValueError(f"section {name}: expected one page with it, got {listed}")
    return pages[0]


def read_section(name: str) -> str:
    """Return the text between the markers of ``name``.

    Raises
    ------
    ValueError
        If not exactly one page has such markers.
    """
    match = pattern(name).search(page_of(name).read_text(encoding="utf-8"))
    assert match is not None  # page_of found it
    return match[0]


def write_section(name: str, text: str) -> None:
    """Replace the text between the markers of ``name``.

    Raises
    ------
    ValueError
        If not exactly one page has such markers.
    """
    page = page_of(name)
    old = page.read_text(encoding="utf-8")
    page.write_text(pattern(name).sub(lambda _: text, old), encoding="utf-8")


def handwritten(page: Path) -> str:
    """Return a page without the sections that scripts write."""
    text = page.read_text(encoding="utf-8")
    return re.sub(
        r"<!-- ([a-z-]+):begin -->\n.*?<!-- \1:end -->\n", "", text, flags=re.DOTALL
    )
