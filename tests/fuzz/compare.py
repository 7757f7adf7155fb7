"""One case on both sides: what onnxruntime says, what our package says, whether they agree."""

from __future__ import annotations

import importlib.util
import itertools
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from onnx2py.decode import decode
from onnx2py.emit.package import Provenance, build_package
from onnx2py.load import load
from onnx2py.lowering.lower import lower
from onnx2py.lowering.registry import has_rule
from onnx2py.passes import run_passes
from onnx2py.plan import plan

from .case import Case

_NUMBERS = itertools.count()


class RefusedError(Exception):
    """onnxruntime does not take the model, or does not compute it."""


def expected_outputs(case: Case) -> list[Any]:
    """Return what onnxruntime computes, each operator by itself.

    Raises
    ------
    RefusedError
        If it does not.
    """
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 4
    settings.intra_op_num_threads = 1
    settings.graph_optimization_level = (
        onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    )
    try:
        session = onnxruntime.InferenceSession(
            case.model().SerializeToString(),
            settings,
            providers=["CPUExecutionProvider"],
        )
        return list(session.run(None, case.feeds))
    except Exception as error:  # its errors have no common type
        raise RefusedError(str(error).splitlines()[0][:300]) from None


def our_outputs(case: Case, level: int = 1) -> list[Any]:
    """Compile the case, import the package (unformatted: black is slow), run it."""
    loaded = load(case.model().SerializeToString())
    decoded = decode(loaded, has_rule)
    graph = run_passes(decoded.graph, level=level)
    program = plan(lower(graph), level=level)
    origin = Provenance("case.onnx", "", "0", level, decoded.metadata.opsets)
    package = build_package(program, "case", origin)
    name = f"fuzzed_{os.getpid()}_{next(_NUMBERS)}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        for file, content in package.files.items():
            target = path / file
            target.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, np.ndarray):
                np.save(target, content)
            else:
                target.write_text(content, "utf-8")
        try:
            module = _import(name, path)
            return list(module.InferenceSession().run(None, case.feeds))
        finally:
            for each in [m for m in sys.modules if m.split(".")[0] == name]:
                del sys.modules[each]
            shutil.rmtree(path / "__pycache__", ignore_errors=True)


def _import(name: str, path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(
        name, path / "__init__.py", submodule_search_locations=[str(path)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def difference(case: Case, ours: Any, theirs: Any) -> str | None:
    """Say how two results differ, or None if they agree."""
    if isinstance(theirs, (list, tuple)):
        if not isinstance(ours, (list, tuple)) or len(ours) != len(theirs):
            return f"expected {len(theirs)} items, got {ours!r}"[:200]
        found = (difference(case, o, t) for o, t in zip(ours, theirs))
        return next(filter(None, found), None)
    if isinstance(theirs, dict):
        if ours.keys() != theirs.keys():
            return f"expected keys {sorted(theirs)}, got {sorted(ours)}"
        found = (difference(case, ours[k], t) for k, t in theirs.items())
        return next(filter(None, found), None)
    if theirs is None or ours is None:
        return None if theirs is ours else f"expected {theirs!r}, got {ours!r}"
    return _array_difference(case, ours, np.asarray(theirs))


def _array_difference(
    case: Case, ours: Any, theirs: np.ndarray[Any, Any]
) -> str | None:
    ours = np.asarray(ours)
    texts = {ours.dtype.kind, theirs.dtype.kind} <= {*"UO"}
    if ours.dtype != theirs.dtype and not texts:
        return f"expected {theirs.dtype}, got {ours.dtype}"
    if ours.shape != theirs.shape:
        return f"expected shape {theirs.shape}, got {ours.shape}"
    if theirs.dtype.kind not in "fc" or case.exact:
        if case.off_by and theirs.dtype.kind in "iu":
            off = np.abs(ours.astype(np.int64) - theirs.astype(np.int64))
            same = off <= case.off_by
        else:
            same = np.asarray(ours == theirs)
            if theirs.dtype.kind in "fc":
                same = same | ((ours != ours) & (theirs != theirs))
        return None if same.all() else _first(ours, theirs, ~same)
    return _float_difference(case, ours, theirs)


def _float_difference(
    case: Case, ours: np.ndarray[Any, Any], theirs: np.ndarray[Any, Any]
) -> str | None:
    odd = ~(np.isfinite(ours) & np.isfinite(theirs))
    wrong = odd & ~((ours == theirs) | (np.isnan(ours) & np.isnan(theirs)))
    if wrong.any():
        return _first(ours, theirs, wrong)
    kind = np.complex128 if theirs.dtype.kind == "c" else np.float64
    a, b = (np.where(odd, 0, x).astype(kind) for x in (ours, theirs))
    rtol = max(case.rtol, 4e-3) if theirs.dtype == np.float16 else case.rtol
    scale = np.abs(b) if case.ulp else np.abs(b).max(initial=0)
    wrong = np.abs(a - b) > rtol * scale + (
        1e-6 if theirs.dtype != np.float16 else 1e-3
    )
    return _first(ours, theirs, wrong) if wrong.any() else None


def _first(
    ours: np.ndarray[Any, Any],
    theirs: np.ndarray[Any, Any],
    wrong: np.ndarray[Any, Any],
) -> str:
    where = tuple(int(axis[0]) for axis in np.nonzero(np.atleast_1d(wrong)))
    where = where if ours.ndim else ()
    return (
        f"{int(wrong.sum())} of {wrong.size} elements differ, first {list(where)}: "
        f"expected {theirs[where]!r}, got {ours[where]!r}"
    )
