"""The pictures of the documentation: SVG, each in a light and a dark variant."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from .. import summary
from ..pages import DOCS
from .bars import bars
from .block import block
from .operators import operators
from .svg import DARK, LIGHT, Theme

IMAGES = DOCS / "images"


def families(theme: Theme) -> str:
    """Draw the latency of each family of models."""
    rows = [("", name, ratio) for name, ratio in summary.family_ratios()]
    return bars(rows, theme)


def models(theme: Theme) -> str:
    """Draw the latency of each model."""
    return bars(summary.model_ratios(), theme)


DRAWINGS: dict[str, Callable[[Theme], str]] = {
    "transformer": block,
    "operators": operators,
    "families": families,
    "models": models,
}
PICTURES: dict[str, Callable[[], str]] = {
    f"{name}-{theme.name}.svg": partial(draw, theme)
    for name, draw in DRAWINGS.items()
    for theme in (LIGHT, DARK)
}
"""What draws each file of ``docs/images/``."""


def write_pictures() -> None:
    """Write all files."""
    IMAGES.mkdir(exist_ok=True)
    for name, draw in PICTURES.items():
        (IMAGES / name).write_text(draw(), encoding="utf-8")
