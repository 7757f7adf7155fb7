"""Latency relative to onnxruntime: one bar a row, on a logarithmic axis."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, log2

from .svg import Theme, box, document, line, text

LINE, TOP = 22, 62
RIGHT = 60
WIDTH = 800
TITLE = "Latency of a call, onnxruntime = 1 (shorter is faster)"


def bars(rows: Sequence[tuple[str, str, float]], theme: Theme) -> str:
    """Draw rows of group, label and ratio; a group has its name above its first row."""
    grouped = any(group for group, _, _ in rows)
    left = 250 if grouped else 150
    place = _Axis(left, max(ratio for _, _, ratio in rows))
    groups = len(dict.fromkeys(group for group, _, _ in rows)) if grouped else 0
    bottom = TOP + LINE * (len(rows) + groups)
    parts = [text(16, 26, TITLE, theme.text, more='font-weight="600"')]
    for power in place.powers:
        x = place(2.0**power)
        parts.append(line(x, TOP - 8, x, bottom, theme.grid))
        parts.append(text(x, TOP - 14, f"{2.0**power:g}", theme.muted, "middle"))
    y, shown = TOP + 12.0, ""
    for group, label, ratio in rows:
        if grouped and group != shown:
            parts.append(text(16, y, group, theme.text, more='font-weight="600"'))
            y, shown = y + LINE, group
        parts += _bar(label, ratio, y, left, place, theme)
        y += LINE
    x = place(1)
    parts.append(line(x, TOP - 8, x, bottom, theme.muted))
    return document(WIDTH, bottom + 14, theme, TITLE, parts)


def _bar(
    label: str, ratio: float, y: float, left: float, place: _Axis, theme: Theme
) -> list[str]:
    one, end = place(1), place(ratio)
    begin, length = min(one, end), max(2.0, abs(end - one))
    color = theme.better if ratio <= 1 else theme.worse
    return [
        text(left - 12, y, label, theme.text, "end"),
        box(begin, y - 11, round(length, 1), 14, color),
        text(max(one, end) + 6, y, f"{ratio:.1f}", theme.muted),
    ]


class _Axis:
    """From a ratio to a place on the logarithmic axis, which shows powers of two."""

    def __init__(self, left: float, most: float) -> None:
        self.left = left
        self.powers = range(-1, max(2, ceil(log2(most) + 0.1)) + 1)
        self.unit = (WIDTH - RIGHT - left) / (len(self.powers) - 1)

    def __call__(self, ratio: float) -> float:
        power = max(log2(ratio), self.powers[0])
        return round(self.left + self.unit * (power - self.powers[0]), 1)
