"""Tables between markers in the README, such as ``<!-- speed:begin -->``."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def pattern(name: str) -> re.Pattern[str]:
    """Return what finds the text between the markers of ``name``."""
    begin, end = f"<!-- {name}:begin -->\n", f"<!-- {name}:end -->"
    return re.compile(f"(?<={re.escape(begin)}).*?(?={re.escape(end)})", re.DOTALL)


def read_section(name: str) -> str:
    """Return the text between the markers of ``name``.

    Raises
    ------
    ValueError
        If the README has no such markers.
    """
    found = pattern(name).search(README.read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f"{README.name}: expected the markers {name}:begin and :end")
    return found[0]


def write_section(name: str, text: str) -> None:
    """Replace the text between the markers of ``name``.

    Raises
    ------
    ValueError
        If the README has no such markers.
    """
    read_section(name)
    old = README.read_text(encoding="utf-8")
    README.write_text(pattern(name).sub(lambda _: text, old), encoding="utf-8")
