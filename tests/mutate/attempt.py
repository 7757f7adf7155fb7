"""One attempt to compile a model: what may happen, and what may not."""

from __future__ import annotations

import ast
import contextlib
import importlib
import io
import shutil
import sys
import warnings
from pathlib import Path

import onnx2py
from onnx2py.errors import InternalError

ANSWERS = (ValueError, TypeError, IndexError, ArithmeticError, FileNotFoundError)
"""What a package may raise when its constants are computed: the model is wrong."""


def attempt(data: bytes, folder: Path, level: int) -> str | None:
    """Compile a model; return the problem with the result, or None.

    A package is made, which can be read and imported, or there is an error of our own and
    nothing in the folder; nothing is printed, and there is no warning.
    """
    target = folder / "made"
    printed = io.StringIO()
    with (
        warnings.catch_warnings(record=True) as heard,
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
    ):
        warnings.simplefilter("always")
        try:
            onnx2py.compile_model(data, target, level=level, layout=False)
            problem = _imported(folder)
        except InternalError as error:
            problem = f"InternalError: {error}"
        except onnx2py.Onnx2pyError as error:
            problem = None if str(error).strip() else "an error without a message"
        except RecursionError:
            problem = "RecursionError"
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
    left = sorted(path.name for path in folder.iterdir())
    shutil.rmtree(target, ignore_errors=True)
    if problem:
        return problem
    if heard:
        return f"warning: {heard[0].message} ({Path(heard[0].filename).name})"
    if printed.getvalue():
        return f"printed: {printed.getvalue()[:200]!r}"
    return f"left behind: {left}" if left not in ([], ["made"]) else None


def _imported(folder: Path) -> str | None:
    """Parse and import the package, and make the model; return its problem."""
    for path in (folder / "made").rglob("*.py"):
        ast.parse(path.read_text(encoding="utf-8"))
    sys.path.insert(0, str(folder))
    try:
        importlib.invalidate_caches()
        made = importlib.import_module("made")
        with contextlib.suppress(*ANSWERS):
            made.Model()
        return None if hasattr(made, "InferenceSession") else "no InferenceSession"
    finally:
        sys.path.remove(str(folder))
        for name in [n for n in sys.modules if n == "made" or n.startswith("made.")]:
            del sys.modules[name]
