"""The files of ``accelerate/``: kernels that call an engine where it is installed and wanted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from .. import accelerate
from ..accelerate.table import REPLACEMENTS

FOLDER = Path(accelerate.__file__).parent
NEEDED = ("__init__", "model")
"""The modules that packages import."""
RECTIFIERS = frozenset({"clip", "hard_sigmoid", "max_pool", "relu"})
"""Kernels of which oneDNN's counterparts, or activations, make a number of NaN."""


def engine_files(kernels: Iterable[str]) -> dict[str, str]:
    """Return the files of ``accelerate/`` that kernels of these names need, as they are here."""
    of_kernels = {REPLACEMENTS.modules[n] for n in kernels if n in REPLACEMENTS}
    waiting, found = {*NEEDED, *of_kernels}, dict[str, str]()
    while waiting:
        module = waiting.pop()
        text = (FOLDER / f"{module}.py").read_text(encoding="utf-8")
        found[module] = text
        waiting |= set(re.findall(r"^ *from \.(\w+) import ", text, re.M)) - {*found}
    return {f"{FOLDER.name}/{module}.py": found[module] for module in sorted(found)}


def faster_kernels() -> frozenset[str]:
    """Return the names of the kernels that have a counterpart in ``accelerate/``."""
    return frozenset(REPLACEMENTS)
