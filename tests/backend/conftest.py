"""Say how much of the official suite passed."""

from __future__ import annotations

from typing import Any


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the count of the official suite, by outcome."""
    counts = {
        outcome: sum("official_suite" in getattr(r, "nodeid", "") for r in reports)
        for outcome, reports in terminalreporter.stats.items()
        if outcome in ("passed", "failed", "xfailed", "xpassed")
    }
    total = sum(counts.values())
    if total:
        listed = ", ".join(
            f"{count} {outcome}" for outcome, count in counts.items() if count
        )
        terminalreporter.write_line(f"official ONNX suite: {listed}, of {total} cases")
