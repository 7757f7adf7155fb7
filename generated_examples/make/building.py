"""Packages that the demonstrations make, in ``build/``."""

from __future__ import annotations

import importlib
import sys
import time
from pathlib import Path
from types import ModuleType

from onnx2py import compile_model
from onnx2py.errors import Onnx2pyError

from .__main__ import HOME

ROOT = HOME.parent
BUILD = ROOT / "build"


def compiled(model: Path, build: Path = BUILD) -> ModuleType:
    """Compile a model to a folder, say so, and import the package.

    Raises
    ------
    SystemExit
        If that fails, or the package differs from the model.
    """
    build.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    try:
        report = compile_model(model, build / model.stem, verify=True)
    except Onnx2pyError as error:
        print(error, file=sys.stderr)
        raise SystemExit(1) from None
    print(
        f"compiled {_shown(model)} to {_shown(build / model.stem)} in "
        f"{time.perf_counter() - start:.1f} s: {report.nodes} nodes, "
        f"{report.calls} calls, {report.parameters:,} parameters"
    )
    if not report.agrees:
        print("the package differs from the model", file=sys.stderr)
        raise SystemExit(3)
    sys.path.insert(0, str(build))
    return importlib.import_module(model.stem)


def _shown(path: Path) -> Path:
    """Shorten a path in the repository."""
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
