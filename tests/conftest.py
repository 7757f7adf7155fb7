"""Settings of all tests, and a line that says how much of the official suite passed."""

from __future__ import annotations

from typing import Any

from hypothesis import settings

from onnx2py import plan
from onnx2py.testing.suites.official import official_cases

from . import bytecode
from .web.driver import browser  # noqa: F401  (a fixture)

bytecode.share()

# The same examples on every machine, however slow it is.
settings.register_profile("same", deadline=None, derandomize=True)
settings.load_profile("same")

# Every program is checked after each rule of the planner.
plan.CHECK_EACH = True


SUITES = {"": "tests/backend/", ", for PyTorch": "tests/targets/torch/"}
"""Where the official suite is run, by what the line about it says."""


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the count of the official suite, by outcome, for each target."""
    for what, folder in SUITES.items():
        start = f"{folder}test_official_suite.py::"
        counts = {
            outcome: sum(
                getattr(report, "nodeid", "").startswith(start)
                and report.nodeid.removeprefix(start) in official_cases()
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
            terminalreporter.write_line(
                f"official ONNX suite{what}: {listed}, of {total} cases"
            )
