"""The first random graphs of every pattern that the planner rewrites, at both levels.

``python -m tests.fuzz.graphs --each 500 --jobs 2`` draws more. What may differ there are graphs fed
with NaN, which onnxruntime's maxima drop, and overflows between two operators that are one here.
"""

from __future__ import annotations

import pytest

from .graphs.compare import run_graph
from .graphs.registry import artists

GRAPHS = 8


@pytest.mark.parametrize("name", list(artists()))
def test_the_first_graphs_agree_with_onnxruntime(name: str) -> None:
    outcomes = [run_graph(name, number) for number in range(GRAPHS)]
    wrong = [outcome.text for outcome in outcomes if outcome.kind == "differs"]
    assert not wrong, "\n".join(wrong)
    assert sum(outcome.kind == "agrees" for outcome in outcomes) >= GRAPHS // 2
