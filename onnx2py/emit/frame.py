"""The files of a package that have a template: those an app needs, and tools."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .uses import Uses

README, LICENSE = "README.md", "LICENSE"

NEEDED = (
    "__init__.py", "__main__.py", "_calls.py", "_checks.py", "_threads.py", "_weights.py",
    "model.py", "py.typed", LICENSE,
)  # fmt: skip
"""Files that a program with the model needs; ``py.typed`` is empty."""

TOOLS = (
    README, "watch.py", "tools/__init__.py", "tools/bench.py", "tools/binding.py",
    "tools/commands.py", "tools/feeds.py", "tools/files.py", "tools/inference.py",
    "tools/profile.py", "tools/records.py", "tools/run.py", "tools/selftest.py",
    "tools/session.py", "tools/watch.py", "tools/where.py",
)  # fmt: skip
"""Files for development and for programs written for onnxruntime."""

GOLDEN = "tools/golden"
"""The folder of recorded inputs and outputs."""
NAMES = "tools/names.json"
"""The ONNX names of the values in ``model.py``."""
FOLDER = "tools"
"""The folder of all tools but README and ``watch.py``."""

SHARED = frozenset(
    {
        LICENSE,
        "_calls.py",
        "_checks.py",
        "_threads.py",
        "_weights.py",
        "py.typed",
        "tools/binding.py",
        "tools/feeds.py",
        "tools/inference.py",
    }
)
"""Files that packages in one folder share, like ``ops/``."""

LAID_OUT = frozenset(
    path
    for path in (*NEEDED, *TOOLS)
    if path.endswith(".py")
    and path not in ("__init__.py", "model.py", "tools/session.py")
)
"""Files whose templates black would not change, whatever is filled in."""


@dataclass(frozen=True)
class Frame:
    """The files of a package that have templates."""

    needed: tuple[str, ...]
    """What a program with the model needs."""
    tools: tuple[str, ...]
    """What is for development, and for programs written for onnxruntime."""
    laid_out: frozenset[str]
    """What black would not change."""
    folder: str = ""
    """Where the templates are that differ from NumPy's: below ours, or an absolute path."""
    variables: Mapping[str, Any] = field(default_factory=dict)
    """Variables of templates, in place of NumPy's."""
    imported: frozenset[str] = frozenset()
    """Files that are left out unless ``model.py`` imports them."""

    def left_out(self, uses: Uses) -> set[str]:
        """Return the files that a model does not need."""
        return {file for file in self.imported if not uses.imported(file[:-3])}


FRAME = Frame(NEEDED, TOOLS, LAID_OUT)
"""NumPy's."""


def remove_tools(folder: Path) -> None:
    """Delete the tools from the folder of a package."""
    shutil.rmtree(folder / FOLDER)
    for name in TOOLS:
        (folder / name).unlink(missing_ok=True)


def has_tools(folder: Path) -> bool:
    """Return whether a package can be traced."""
    return (folder / FOLDER / "watch.py").is_file()
