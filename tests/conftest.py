"""Settings of all tests, and a line that says how much of the official suite passed."""

from __future__ import annotations

from typing import Any

from hypothesis import settings

from onnx2py import plan

from . import bytecode

bytecode.share()

# The same examples on every machine, however slow it is.
settings.register_profile("same", deadline=None, derandomize=True)
settings.load_profile("same")

# Every program is checked after each rule of the planner.
plan.CHECK_EACH = True


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the count of the official suite, by outcome."""
    counts = {
        outcome: sum(
            "official_suite.py::Onnx" in getattr(report, "nodeid", "")
            for report in reports
        )
        for outcome, reports in terminalreporter.stats.items()
        if outcome in ("passed", "failed", "skipped", "xfailed", "xpassed")
    }
    total = sum(counts.values())
    if total:
        listed = ", ".join(
            f"{count} {outcome}" for outcome, count in counts.items() if count
        )
        terminalreporter.write_line(f"official ONNX suite: {listed}, of {total} cases")
