"""mypy, which reads NumPy's types once for all tests."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

CACHE = Path(__file__).parents[1] / ".mypy_cache"
"""That of ``make lint``; mypy replaces its files in one step, so processes can share it."""


def assert_typed(folder: Path, names: Sequence[str], *options: str) -> None:
    """Check files and packages in a folder with ``mypy --strict``."""
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(CACHE)]
    done = subprocess.run(
        [*command, *options, *names], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
