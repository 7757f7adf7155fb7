"""SVG elements as text, and the colors of the two themes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

SANS = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"
MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


@dataclass(frozen=True)
class Theme:
    """The colors of a picture."""

    name: str
    background: str
    border: str
    text: str
    muted: str
    grid: str
    better: str
    worse: str
    keyword: str
    function: str
    weight: str
    number: str
    lanes: tuple[str, ...]


LIGHT = Theme(
    name="light",
    background="#ffffff",
    border="#d0d7de",
    text="#1f2328",
    muted="#59636e",
    grid="#e4e8ec",
    better="#1a7f37",
    worse="#2f6fb7",
    keyword="#cf222e",
    function="#6639ba",
    weight="#953800",
    number="#0550ae",
    lanes=(
        "#0969da", "#1a7f37", "#bf5600", "#8250df", "#bf3989", "#9a6700", "#0a7b83",
    ),
)  # fmt: skip
DARK = Theme(
    name="dark",
    background="#0d1117",
    border="#3d444d",
    text="#e6edf3",
    muted="#9198a1",
    grid="#262c36",
    better="#3fb950",
    worse="#58a6ff",
    keyword="#ff7b72",
    function="#d2a8ff",
    weight="#ffa657",
    number="#79c0ff",
    lanes=(
        "#58a6ff", "#3fb950", "#f0883e", "#bc8cff", "#f778ba", "#d29922", "#39c5cf",
    ),
)  # fmt: skip


def document(
    width: float, height: float, theme: Theme, title: str, parts: Iterable[str]
) -> str:
    """Return a file: a framed picture with a title for screen readers."""
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" role="img" font-family="{SANS}" '
        'font-size="13">',
        f"<title>{escape(title)}</title>",
        f'<rect x="0.5" y="0.5" width="{width - 1:g}" height="{height - 1:g}" rx="6" '
        f'fill="{theme.background}" stroke="{theme.border}"/>',
        *parts,
        "</svg>",
        "",
    ])  # fmt: skip


def text(
    x: float, y: float, content: str, color: str, anchor: str = "start", more: str = ""
) -> str:
    """Return a line of text whose baseline is at ``y``."""
    extra = f" {more}" if more else ""
    return (
        f'<text x="{x:g}" y="{y:g}" fill="{color}" text-anchor="{anchor}"{extra}>'
        f"{escape(content, quote=False)}</text>"
    )


def line(x1: float, y1: float, x2: float, y2: float, color: str) -> str:
    """Return a thin straight line."""
    return f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{color}"/>'


def box(x: float, y: float, width: float, height: float, color: str) -> str:
    """Return a filled rectangle."""
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="2" '
        f'fill="{color}"/>'
    )
