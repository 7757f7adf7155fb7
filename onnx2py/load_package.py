"""Compile a model to a temporary package, and call it directly."""

from __future__ import annotations

import importlib
import importlib.util
import itertools
import os
import shutil
import sys
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from .errors import InternalError, VerifyError
from .pipeline import compile_model

if TYPE_CHECKING:
    from onnx import ModelProto  # noqa: TID251  (an annotation)

_NUMBERS = itertools.count()


class Model(Protocol):
    """A compiled model: arrays in, arrays out, as the package's README says."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the outputs: one array, or a named tuple of them."""


def load_model(
    model: str | os.PathLike[str] | bytes | ModelProto, **options: Any
) -> Model:
    """Compile a model and return it, ready to be called.

    Its package is in a temporary folder, which is removed with the object. With
    ``accelerate=True``, oneDNN computes it.

    Parameters
    ----------
    model : path, bytes or ModelProto
    options : see :class:`onnx2py.options.Options`; ``layout`` is False here

    Raises
    ------
    VerifyError
        If ``verify=True`` finds that the package differs from the model.
    Onnx2pyError
        If the model cannot be compiled.
    """
    folder = tempfile.mkdtemp(prefix="onnx2py-")
    name = f"onnx2py_model_{os.getpid()}_{next(_NUMBERS)}"
    try:
        report = compile_model(
            model, Path(folder) / name, **{"layout": False, "flat": True, **options}
        )
        if not report.agrees:
            raise VerifyError("verify: the package differs from the model")
        package = _import(name, report.path)
        wanted = {"accelerate": True} if options.get("accelerate") else {}
        found: Model = package.Model(**wanted)
    except BaseException:
        _forget(name, folder)
        raise
    weakref.finalize(found, _forget, name, folder)
    return found


def _import(name: str, path: Path) -> Any:
    """Import a package from its folder without changing ``sys.path``."""
    spec = importlib.util.spec_from_file_location(
        name, path / "__init__.py", submodule_search_locations=[str(path)]
    )
    if spec is None or spec.loader is None:
        raise InternalError(f"{name}: the package cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _forget(name: str, folder: str) -> None:
    """Remove a package from disk and from ``sys.modules``."""
    for module in [m for m in sys.modules if m == name or m.startswith(f"{name}.")]:
        sys.modules.pop(module, None)
    shutil.rmtree(folder, ignore_errors=True)
