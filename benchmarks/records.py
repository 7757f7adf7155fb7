"""Figures that took long to measure, from which tables of the documentation are made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "recorded"


def read(name: str) -> dict[str, Any]:
    """Return a record, {} if there is none yet."""
    path = FOLDER / f"{name}.json"
    record: dict[str, Any] = json.loads(
        path.read_text("utf-8") if path.exists() else "{}"
    )
    return record


def write(name: str, record: dict[str, Any]) -> None:
    """Write a record."""
    FOLDER.mkdir(exist_ok=True)
    text = json.dumps(record, indent=1) + "\n"
    (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")
