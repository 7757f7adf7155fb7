"""The command ``profile``: the time of each call of the model."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Optional

from .._checks import shown
from ..model import Model
from .bench import milliseconds
from .files import read_inputs
from .records import counted, some_inputs
from .watch import Step, trace


def profile(
    inputs: Sequence[str],
    scale: Optional[float],
    repeat: int,
    top: int,
    chrome: Optional[Path],
) -> None:
    """Print the calls and the operators that take the most time."""
    model = Model()
    given = some_inputs(read_inputs(inputs, scale))
    model(**given)  # the first call reads weights from disk
    runs = [trace(model, **given, capture=()).steps for _ in range(repeat)]
    steps = runs[0]
    times = [median(run[i].own_seconds for run in runs) for i in range(len(steps))]
    total = sum(times) or 1e-12
    calls = group(zip(steps, times), lambda s: f"{s.call.line}: {s.call.node or '-'}")
    operators = group(zip(steps, times), lambda s: s.call.operator)
    objects = group(zip(steps, times), lambda s: s.call.path or "Model")
    print_table("line of model.py: node", calls, total, top)
    if len(objects) > 1:
        print_table("object", objects, total, top)
    print_table("operator", operators, total, top)
    size = sum(step.size for step in steps)
    number = counted(len(steps), "call")
    print(f"total: {number}, {milliseconds(total)}, {size:,} bytes allocated")
    if chrome is not None:
        chrome.write_text(json.dumps(chrome_trace(steps)), encoding="utf-8")
        print(f"{chrome}: open it at chrome://tracing or in Perfetto")


def group(
    timed: Iterable[tuple[Step, float]], key: Any
) -> dict[str, tuple[int, float, int]]:
    """Sum up steps by key: number of calls, seconds, bytes."""
    rows: dict[str, tuple[int, float, int]] = {}
    for step, seconds in timed:
        count, before, size = rows.get(key(step), (0, 0.0, 0))
        rows[key(step)] = (count + 1, before + seconds, size + step.size)
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
