"""Versions of ONNX operators by the opset that introduced them: one column an opset."""

from __future__ import annotations

from ..coverage import by_opset
from .svg import Theme, box, document, line, text

WIDTH, HEIGHT = 800, 236
LEFT, BOTTOM = 24, 200
TITLE = "Operator versions of ai.onnx by opset"


def operators(theme: Theme) -> str:
    """Draw a column for each opset: the versions with a rule, and the others above them."""
    counts = by_opset()
    column = (WIDTH - 2 * LEFT) / len(counts)
    most = max(number for number, _ in counts.values())
    unit = (BOTTOM - 66) / most
    total, covered = (sum(values) for values in zip(*counts.values()))
    parts = [
        text(16, 26, TITLE, theme.text, more='font-weight="600"'),
        *_legend(total, covered, theme),
        line(LEFT, BOTTOM, WIDTH - LEFT, BOTTOM, theme.grid),
    ]
    for i, (opset, (number, with_rule)) in enumerate(counts.items()):
        x = round(LEFT + column * i, 1)
        full, part = round(unit * number, 1), round(unit * with_rule, 1)
        middle = round(x + column / 2, 1)
        if number > with_rule:
            parts.append(box(x + 3, BOTTOM - full, column - 6, full, theme.grid))
        parts += [
            box(x + 3, BOTTOM - part, round(column - 6, 1), part, theme.better),
            text(middle, BOTTOM - full - 6, str(number), theme.muted, "middle", SMALL),
            text(middle, BOTTOM + 18, str(opset), theme.text, "middle", SMALL),
        ]
    return document(WIDTH, HEIGHT, theme, TITLE, parts)


SMALL = 'font-size="11"'


def _legend(total: int, covered: int, theme: Theme) -> list[str]:
    right = WIDTH - 16
    label = f"with a rule: {covered} of {total}"
    return [
        text(right, 26, label, theme.text, "end"),
        box(right - 6.7 * len(label) - 16, 15, 12, 12, theme.better),
    ]
