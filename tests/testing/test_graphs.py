"""The first random graphs of every pattern that the planner rewrites, at both levels.

``onnx2py conformance numpy --suite graphs --each 500`` draws more. What may differ there are
graphs fed with NaN, which onnxruntime's maxima drop, and overflows between two operators that are
one here.
"""

from __future__ import annotations

import numpy as np
import pytest

from onnx2py.testing import Case, judge
from onnx2py.testing.graphs.registry import artists
from onnx2py.testing.suites.graphs import GraphSuite

from .strict import Planned

GRAPHS = 8
SUITE = GraphSuite()


def verdicts(name: str, number: int) -> list[tuple[str, str]]:
    case = SUITE.case(f"{name}#{number}")
    return [
        judge(Planned(level, number, finite=finite(case)), case) for level in (0, 1)
    ]


def finite(case: Case) -> bool:
    return all(np.isfinite(a).all() for feeds in case.feeds for a in feeds.values())


@pytest.mark.parametrize("name", list(artists()))
def test_the_first_graphs_agree_with_onnxruntime(name: str) -> None:
    found = [verdict for n in range(GRAPHS) for verdict in verdicts(name, n)]
    wrong = [reason for verdict, reason in found if verdict not in ("passed", "open")]
    assert not wrong, "\n".join(wrong)
    assert sum(verdict == "passed" for verdict, _ in found) >= GRAPHS
