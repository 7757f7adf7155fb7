"""The models that are damaged: those of ONNX's own suite, and of folders."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import onnx

LARGEST = 1 << 20
"""Bytes of a file: larger ones take longer, and have little else that could go wrong."""


@lru_cache(maxsize=4)
def seeds(folders: tuple[str, ...] = ()) -> tuple[Path, ...]:
    """Return the files, in a fixed order."""
    suite = Path(onnx.__file__).parent / "backend" / "test" / "data"
    return tuple(_small(suite.rglob("model.onnx"))) + tuple(
        path for folder in folders for path in _small(Path(folder).rglob("*.onnx"))
    )


def _small(paths: Iterable[Path]) -> list[Path]:
    return sorted(path for path in paths if path.stat().st_size <= LARGEST)
