"""The pictures of the documentation are current, and show what the example has."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import onnx
import pytest

from benchmarks.pages import ROOT
from benchmarks.pictures import IMAGES, PICTURES, calls
from benchmarks.pictures.bars import bars
from benchmarks.pictures.calls import Row, rows_of
from benchmarks.pictures.lanes import place_rows
from benchmarks.pictures.svg import LIGHT
from tests.docs.support import NAMES, page


@pytest.mark.parametrize("name", sorted(PICTURES))
def test_pictures_are_current(name: str) -> None:
    """``make readme`` draws them again."""
    drawn = PICTURES[name]()
    ElementTree.fromstring(drawn)  # well-formed
    assert (IMAGES / name).read_text("utf-8") == drawn


def test_there_are_no_other_pictures_and_all_are_shown_in_both_themes() -> None:
    assert {path.name for path in IMAGES.iterdir()} == set(PICTURES)
    shown = set()
    for name in NAMES:
        text = page(name).read_text("utf-8")
        for dark, light in re.findall(
            r'<picture>\n.*dark\)" srcset="(\S+)">\n.*src="(\S+)" alt="\w', text
        ):
            assert dark.replace("-dark.svg", "-light.svg") == light
            shown |= {dark.rpartition("/")[2], light.rpartition("/")[2]}
        assert text.count("<picture>") == text.count("-dark.svg")
    assert shown == set(PICTURES)


def test_every_node_of_the_transformer_is_in_its_picture() -> None:
    model = onnx.load(ROOT / "generated_examples" / "transformer.onnx")
    rows = rows_of("transformer")
    shown = {name for row in rows for name in row.nodes}
    assert shown == {node.name for node in model.graph.node}
    assert any(row.operators == "Softmax" for row in rows)
    assert set(rows[-1].reads) == {"output", "key", "value"}


def test_many_calls_with_integers_are_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    every = rows_of("transformer")
    monkeypatch.setattr(calls, "MANY", 2)
    short = rows_of("transformer")
    (joined,) = (row for row in short if row.operators.endswith("nodes"))
    assert joined.source.startswith("causal = ...  # ") and len(short) < len(every)
    assert {n for row in short for n in row.nodes} == {
        *(n for row in every for n in row.nodes)
    }


def test_values_that_live_at_the_same_time_have_lanes_of_their_own() -> None:
    rows = [
        Row("", "inputs", (), ("x",)),
        Row("", "Relu", ("x",), ("a",)),
        Row("", "Abs", ("x",), ("b",)),
        Row("", "Add", ("a", "b"), ("c",)),
        Row("", "outputs", ("c",)),
    ]
    places = place_rows(rows)
    assert [place.lanes for place in places] == [[0], [1], [0], [1], [1]]
    assert places[3].edges[0].points == ((1, 1), (1, 2), (1, 3))
    assert places[3].edges[1].points == ((0, 2), (1, 3))


def test_bars_show_each_label_and_ratio() -> None:
    drawn = bars([("", "a & b", 0.5), ("", "c", 3.0)], LIGHT)
    labels = [element.text for element in ElementTree.fromstring(drawn)]
    assert {"a & b", "0.5", "c", "3.0"} <= set(labels)
