"""Random graphs of the patterns that the planner rewrites, as packages for PyTorch."""

from __future__ import annotations

import pytest

from onnx2py import testing
from onnx2py.testing.graphs.registry import artists

GRAPHS = 3
SUITE = testing.find_suite("graphs")


@pytest.mark.parametrize("name", artists())
def test_the_first_graphs_agree_with_onnxruntime(name: str) -> None:
    engine = testing.engine("torch", flat=False)
    found = [testing.judge(engine, SUITE.case(f"{name}#{n}")) for n in range(GRAPHS)]
    wrong = [reason for verdict, reason in found if verdict in ("differs", "crashed")]
    assert not wrong, "\n".join(wrong)


def test_a_range_that_counts_to_nowhere_is_empty() -> None:
    """PyTorch refuses bounds in the wrong order."""
    case = SUITE.case("lengths#0")
    assert any(node.op_type == "Range" for node in case.model.graph.node)
    assert testing.judge(testing.engine("torch"), case) == ("passed", "")


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("Conv-1#12", "passed"),  # no output channels
        ("com.microsoft.GatherBlockQuantized-1#13", "refused"),  # uint4, by bytes
    ],
)
def test_nodes_that_were_found(name: str, verdict: str) -> None:
    case = testing.find_suite("fuzz").case(name)
    assert testing.judge(testing.engine("torch"), case)[0] == verdict
