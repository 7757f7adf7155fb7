"""Valid package names, and proposals for invalid ones."""

from __future__ import annotations

import keyword
import re
import sys

DEPENDENCIES = frozenset({"PIL", "ml_dtypes", "numpy", "threadpoolctl"})
"""Modules that packages import: a package of that name would hide them."""
TOOLS = frozenset({"onnx", "onnx2py", "onnxruntime"})
"""Modules that compile and verify packages."""


def name_problem(name: str) -> str | None:
    """Return why a name is not valid for a package, None if it is.

    A package in the working folder hides a module of the same name in Python's library,
    from NumPy as well.
    """
    if not name.isidentifier() or re.fullmatch("__.*__", name):
        return "expected a name that Python can import"
    if keyword.iskeyword(name):
        return "expected a name that Python can import, not one of its keywords"
    if name in sys.stdlib_module_names:
        return "expected a name that hides no module of Python's library"
    if name in DEPENDENCIES:
        return "expected a name that hides no library that the package imports"
    if name in TOOLS:
        return "expected a name that hides no library that verifies the package"
    return None


def proposed_name(name: str) -> str:
    """Return a name like that one which a package can have.

    >>> proposed_name("mnist-8"), proposed_name("class"), proposed_name("3d.onnx")
    ('mnist_8', 'class_model', 'model_3d')
    """
    words = re.sub(r"\W+", "_", re.sub(r"\.onnx$", "", name)).strip("_") or "model"
    candidate = words if words.isidentifier() else f"model_{words}"
    return candidate if name_problem(candidate) is None else f"{candidate}_model"
