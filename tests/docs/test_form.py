"""Tables, links, anchors and pictures of the documentation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.pages import DOCS, ROOT
from tests.docs.support import NAMES, page, prose, tables

LONGEST_README = 160
"""In lines."""


def anchors(path: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    text = re.sub(
        r"^```.*?^```$", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE
    )
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    lowered = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in lowered}


def links(name: str) -> list[str]:
    """Return the targets of a page's links and pictures, without code."""
    text = re.sub(r"`[^`]*`", "", prose(name))
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    return targets + re.findall(r'(?:src|srcset|href)="([^"]+)"', text)


def cells(line: str) -> int:
    return len(re.findall(r"(?<!\\)\|", line)) - 1


def test_the_readme_is_short() -> None:
    assert len(page("README.md").read_text("utf-8").splitlines()) <= LONGEST_README


@pytest.mark.parametrize("name", NAMES)
def test_tables_begin_with_a_header_and_have_rows_of_one_length(name: str) -> None:
    for table in tables(name):
        header, rule, *rows = table
        assert rows and header.endswith("|"), header
        assert re.fullmatch(r"\|(?: ?:?-+:? ?\|)+", rule), header
        assert {cells(line) for line in (rule, *rows)} == {cells(header)}, header
        assert not any(re.match(r"\| ?:?-+", line) for line in (header, *rows)), header


def test_pages_have_tables() -> None:
    assert sum(len(tables(name)) for name in NAMES) >= 20


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_somewhere(name: str) -> None:
    for link in links(name):
        if re.match(r"[a-z]+:", link):
            assert link.startswith("https://"), link
            continue
        file, _, anchor = link.partition("#")
        target = (page(name).parent / file).resolve() if file else page(name)
        assert target.exists() and target.is_relative_to(ROOT), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("name", NAMES)
def test_headings_of_a_page_differ(name: str) -> None:
    headings = re.findall(r"^#+ (.*)$", prose(name), re.MULTILINE)
    if name != "CHANGELOG.md":  # each release has Added, Changed, Fixed
        assert len(set(headings)) == len(headings)
    assert page(name).read_text("utf-8").startswith("# ")


def test_every_page_is_in_the_index() -> None:
    listed = set(links("docs/README.md"))
    assert {p.name for p in DOCS.glob("*.md")} - {"README.md"} <= listed


def test_contents_at_the_top_list_all_sections() -> None:
    for name in NAMES:
        text = prose(name)
        contents = re.findall(r"^- \[(.+)\]\(#(.+)\)$", text, re.MULTILINE)
        if contents:
            assert [h for h, _ in contents] == re.findall(r"^## (.*)$", text, re.M)
