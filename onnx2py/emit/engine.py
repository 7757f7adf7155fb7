"""The files of ``accelerate/``: kernels that call an engine where it is installed and wanted."""

from __future__ import annotations

from pathlib import Path

from .. import accelerate

FOLDER = Path(accelerate.__file__).parent


def engine_files() -> dict[str, str]:
    """Return the files of ``accelerate/``, as they are here."""
    return {
        f"{FOLDER.name}/{path.name}": path.read_text(encoding="utf-8")
        for path in sorted(FOLDER.glob("*.py"))
    }


def faster_kernels() -> frozenset[str]:
    """Return the names of the kernels that have a counterpart in ``accelerate/``."""
    from ..accelerate.table import REPLACEMENTS

    return frozenset(REPLACEMENTS)
