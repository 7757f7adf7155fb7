"""A picture of the ratios: one bar a model, on a logarithmic axis, in SVG."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import log2

from .measure import Row

LINE, LEFT, UNIT = 18, 230, 80
LEAST, MOST = -1, 5
"""Powers of two at the ends of the axis."""


def plot(rows: Sequence[Row], title: str) -> str:
    """Return an SVG of latency in parts of onnxruntime's."""
    known = [(r, r.ratio("latency", "onnx2py", "onnxruntime")) for r in rows]
    bars = [(row, ratio) for row, ratio in known if ratio]
    height, width = LINE * (len(bars) + 4), LEFT + UNIT * (MOST - LEAST) + 60
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="8" y="{LINE}">{escape(title)}</text>',
    ]
    bottom = LINE * (len(bars) + 2)
    for power in range(LEAST, MOST + 1):
        x = _place(2.0**power)
        lines += [
            f'<line x1="{x}" x2="{x}" y1="{LINE * 1.5}" y2="{bottom}" stroke="#ccc"/>',
            f'<text x="{x}" y="{bottom + LINE}" text-anchor="middle">{2.0**power:g}</text>',
        ]
    for number, (row, ratio) in enumerate(bars):
        y, end, one = LINE * (number + 2), _place(ratio), _place(1)
        begin, length = min(one, end), max(1, abs(end - one))
        colour = "#2a7" if ratio <= 1 else "#47a"
        lines += [
            f'<text x="{LEFT - 8}" y="{y}" text-anchor="end">{escape(row.name)}</text>',
            f'<rect x="{begin}" y="{y - 11}" width="{length}" height="13" fill="{colour}"/>',
            f'<text x="{max(end, one) + 4}" y="{y}">{ratio:.1f}</text>',
        ]
    return "\n".join([*lines, "</svg>", ""])


def _place(ratio: float) -> float:
    power = min(max(log2(ratio), LEAST), MOST)
    return round(LEFT + UNIT * (power - LEAST), 1)
