"""The command ``profile``: the time of each call of the model."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Optional

from .._checks import shown
from .arrays import Model
from .bench import milliseconds
from .files import read_inputs
from .records import counted, some_inputs
from .watch import Call, Step, trace

TABLES: dict[str, tuple[str, Callable[[Call], str]]] = {
    "line": (
        "line of model.py: node",
        lambda c: f"{c.line}: {(c.operator if c.path else c.node) or '-'}",
    ),
    "node": (
        "block, line of model.py: node",
        lambda c: f"{c.path or 'Model'}, {c.line}: {c.node or '-'}",
    ),
    "block": ("block", lambda c: c.path or "Model"),
    "operator": ("operator", lambda c: c.operator),
}
"""What the rows of a table have in common: its title, and the key of a call."""


def profile(
    inputs: Sequence[str],
    scale: Optional[float],
    repeat: int,
    top: int,
    by: Optional[str],
    chrome: Optional[Path],
) -> None:
    """Print what takes the most time: the lines, the blocks and the operators, or ``by``."""
    model = Model()
    given = some_inputs(read_inputs(inputs, scale))
    model(**given)  # the first call reads weights from disk
    traced = [trace(model, **given, capture=()).steps for _ in range(repeat)]
    # a call of an object takes no time of its own but that of measuring
    runs = [[step for step in steps if step.call.names] for steps in traced]
    steps = runs[0]
    times = [median(run[i].own_seconds for run in runs) for i in range(len(steps))]
    total = sum(times) or 1e-12
    for name in [by] if by else ("line", "block", "operator"):
        title, key = TABLES[name]
        rows = group(zip(steps, times), key)
        if by or name != "block" or len(rows) > 1:
            print_table(title, rows, total, top)
    size = sum(step.size for step in steps)
    number = counted(len(steps), "call")
    print(f"total: {number}, {milliseconds(total)}, {size:,} bytes allocated")
    if chrome is not None:
        chrome.write_text(json.dumps(chrome_trace(traced[0])), encoding="utf-8")
        print(f"{chrome}: open it at chrome://tracing or in Perfetto")


def group(
    timed: Iterable[tuple[Step, float]], key: Callable[[Call], str]
) -> dict[str, tuple[int, float, int]]:
    """Sum up steps by key: number of calls, seconds, bytes."""
    rows: dict[str, tuple[int, float, int]] = {}
    for step, seconds in timed:
        name = key(step.call)
        count, before, size = rows.get(name, (0, 0.0, 0))
        rows[name] = (count + 1, before + seconds, size + step.size)
    return rows


def print_table(
    title: str, rows: dict[str, tuple[int, float, int]], total: float, top: int
) -> None:
    """Print the rows that take the most time."""
    ranked = sorted(rows.items(), key=lambda item: -item[1][1])
    print(f"{'time':>12} {'part':>6} {'calls':>6} {'bytes':>14}  {title}")
    for name, (count, seconds, size) in ranked[:top]:
        part = f"{100 * seconds / total:.1f}%"
        label = shown(name)
        print(f"{milliseconds(seconds):>12} {part:>6} {count:>6} {size:>14,}  {label}")
    if len(ranked) > top:
        rest = sum(seconds for _, (_, seconds, _) in ranked[top:])
        print(f"{milliseconds(rest):>12} {len(ranked) - top} more rows")
    print()


def chrome_trace(steps: Sequence[Step]) -> dict[str, Any]:
    """Return a run in the format of Chrome's trace viewer; times in microseconds."""
    events = [
        {
            "name": step.call.operator,
            "ph": "X",
            "ts": step.start * 1e6,
            "dur": step.seconds * 1e6,
            "pid": 1,
            "tid": 1,
            "args": {
                "node": step.call.node,
                "line": step.call.line,
                "object": step.call.path,
                "bytes": step.size,
            },
        }
        for step in steps
    ]
    return {"traceEvents": events, "displayTimeUnit": "ms"}
