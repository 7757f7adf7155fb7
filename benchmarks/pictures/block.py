"""The transformer block of the examples: its graph beside the calls of ``model.py``.

Each row is a call. A line from row to row is a value: it begins at the call that computes it
and ends at the last that reads it. Many calls on shapes and positions in succession are one row.
"""

from __future__ import annotations

from collections.abc import Iterator

import onnx

from .calls import EXAMPLES, rows_of
from .highlight import highlighted
from .lanes import Place, place_rows
from .svg import MONO, Theme, document, line, text

ROW, TOP = 18, 56
PITCH, LEFT = 17, 24
LABELS = 132
CHARACTER = 7.25
"""The width of a character of the code, in pixels."""
TITLE = "A transformer block in ONNX and in Python"
RADIUS = 4.5


def block(theme: Theme) -> str:
    """Draw the graph, the operators, and the source beside them."""
    rows = rows_of("transformer")
    places = place_rows(rows)
    labels = LEFT + PITCH * (1 + max(p.width for p in places))
    code = labels + LABELS
    longest = max(len(row.source) for row in rows)
    width = round(code + CHARACTER * longest + 16)
    height = TOP + ROW * len(rows) + 8
    nodes = len(onnx.load(EXAMPLES / "transformer.onnx").graph.node)
    parts = [
        text(16, 24, f"transformer.onnx: {nodes} nodes", theme.text, more=BOLD),
        text(code, 24, "transformer/model.py", theme.text, more=BOLD),
        line(1, 36, width - 1, 36, theme.border),
        *_edges(places, theme),
        *_nodes(places, theme),
    ]
    for i, row in enumerate(rows):
        y = _y(i) + 4
        parts.append(text(labels, y, row.operators, theme.muted, more=SMALL))
        parts.append(
            f'<text x="{code}" y="{y}" font-family="{MONO}" font-size="12" '
            f'fill="{theme.text}" xml:space="preserve">'
            f"{highlighted(row.source, theme)}</text>"
        )
    return document(width, height, theme, TITLE, parts)


BOLD, SMALL = 'font-weight="600"', 'font-size="12"'


def _x(lane: int) -> int:
    return LEFT + PITCH * lane


def _y(row: int) -> int:
    return TOP + ROW * row


def _edges(places: list[Place], theme: Theme) -> Iterator[str]:
    for place in places:
        for edge in place.edges:
            color = theme.lanes[edge.color % len(theme.lanes)]
            path = f"M{_x(edge.points[0][0])} {_y(edge.points[0][1])}"
            for (lane, row), (next_lane, next_row) in zip(edge.points, edge.points[1:]):
                x, y = _x(next_lane), _y(next_row)
                if lane == next_lane:
                    path += f"V{y}"
                else:
                    middle = (_y(row) + y) // 2
                    path += f"C{_x(lane)} {middle} {x} {middle} {x} {y}"
            yield f'<path d="{path}" fill="none" stroke="{color}" stroke-width="1.8"/>'


def _nodes(places: list[Place], theme: Theme) -> Iterator[str]:
    for i, place in enumerate(places):
        for lane in place.lanes:
            color = theme.lanes[lane % len(theme.lanes)]
            yield (
                f'<circle cx="{_x(lane)}" cy="{_y(i)}" r="{RADIUS}" fill="{color}" '
                f'stroke="{theme.background}"/>'
            )
