"""The page of results, in a browser too."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from onnx2py.testing import Label, Outcome, Results
from onnx2py.testing.page import page
from tests.web.driver import browser, complaints, needs_browser

__all__ = ["browser"]

HOSTILE = "</script><script>document.title='owned'</script>"


def results() -> Results:
    return Results(
        [
            Outcome("one", "official", "test_add", "passed", "", Label("Add", "", 14)),
            Outcome(
                "one", "official", "test_abs", "differs", HOSTILE, Label("Abs", "", 13)
            ),
            Outcome("two", "official", "test_add", "passed", "", Label("Add", "", 14)),
            Outcome("two", "official", "test_abs", "slow", "3 s", Label("Abs", "", 13)),
            Outcome("one", "fuzz", "Add-7#1", "passed", "", Label("Add", "", 7)),
            Outcome("one", "fuzz", "Add-14#2", "crashed", "no", Label("Add", "", 14)),
            Outcome(
                "one", "fuzz", "Add-14#5", "open", "no answer", Label("Add", "", 14)
            ),
            Outcome("one", "graphs", f"{HOSTILE}#3", "refused", "no"),
        ],
        {"one": {"lib": "1.0"}, "two": {}},
        "today",
    )


def test_what_engines_say_is_text() -> None:
    text = page(results())
    assert "<script>document" not in text
    assert text.count("<script") == 2
    listed = json.loads(re.findall(r'id="failures">(.*?)</script>', text, re.DOTALL)[0])
    assert listed["official/Abs/one/13"] == [
        ["test_abs", "differs", HOSTILE, "onnx2py conformance one --suite official --only test_abs"]
    ]  # fmt: skip


def test_versions_are_colored_by_share() -> None:
    text = page(results())
    found = re.findall(r'class="cell (\w+)" data-at="([^"]*)"', text)
    assert {at: color for color, at in found if "Abs" in at or "Add" in at} == {
        "official/Abs/one/13": "s0",
        "official/Abs/two/13": "s0",
        "official/Add/one/14": "s4",
        "official/Add/two/14": "s4",
        "fuzz/Add/one/7": "s4",
        "fuzz/Add/one/14": "s0",
    }


def test_the_page_needs_nothing_else() -> None:
    text = page(results())
    assert not re.search(r"(src|href)=", text)


@needs_browser
def test_a_box_shows_its_cases(browser, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(page(results()), "utf-8")
    browser.get(path.as_uri())
    assert browser.title == "ONNX conformance: one, two"
    browser.find_element("css selector", '[data-at="official/Abs/one/13"]').click()
    details = browser.find_element("id", "details")
    assert details.is_displayed()
    assert HOSTILE in details.text
    assert "--only test_abs" in details.text
    browser.find_element("css selector", 'button[data-suite="fuzz"]').click()
    assert not details.is_displayed()
    row = browser.find_element(
        "css selector", 'section[data-suite="fuzz"] tr[data-operator="Add"]'
    )
    assert row.is_displayed()
    browser.find_element("id", "filter").send_keys("conv")
    assert not row.is_displayed()
    assert complaints(browser) == []


@pytest.mark.parametrize("count", [0, 1])
def test_results_may_be_few(count: int) -> None:
    few = Results(results().outcomes[:count], {"one": {}})
    assert "ONNX conformance: one" in page(few)
