"""One case on both sides: what onnxruntime says, what our package says, whether they agree."""

from __future__ import annotations

import ctypes
import importlib.util
import itertools
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import onnx
import onnxruntime

from onnx2py.decode import decode
from onnx2py.emit.package import build_package
from onnx2py.emit.provenance import Provenance
from onnx2py.ir.types import EXTENSION_DTYPES
from onnx2py.load import load
from onnx2py.lowering.lower import lower
from onnx2py.lowering.registry import has_rule
from onnx2py.passes import run_passes
from onnx2py.plan import plan

from ..ownership import check_ownership
from ..support import frozen
from .case import Case
from .draw import is_extension
from .saturation import is_inexact

_NUMBERS = itertools.count()
_WITHOUT_NUMPY = {f"tensor({name})" for name in EXTENSION_DTYPES}


class RefusedError(Exception):
    """onnxruntime does not take the model, or does not compute it."""


def expected_outputs(case: Case) -> list[Any]:
    """Return onnxruntime's results, each operator by itself.

    It is fed no types of ``ml_dtypes``: for it, such inputs are initializers.

    Raises
    ------
    RefusedError
        If it does not.
    """
    case = case.stand_in or case
    case = _with_initializers(case, is_extension)
    if is_inexact(case):
        # The one way to exact sums there: signed weights become unsigned, if constant.
        case = _with_initializers(case, lambda dtype: dtype == np.int8)
    try:
        session = _session(case)
        kinds = [output.type for output in session.get_outputs()]
        if any(kind in _WITHOUT_NUMPY for kind in kinds):
            return _raw_outputs(case)
        return list(session.run(None, case.feeds))
    except Exception as error:  # its errors have no common type
        raise RefusedError(str(error).splitlines()[0][:300]) from None


def _session(case: Case) -> Any:
    onnxruntime.set_default_logger_severity(4)
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 4
    settings.intra_op_num_threads = 1
    level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    if is_inexact(case):
        level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        settings.add_session_config_entry("session.x64quantprecision", "1")
    settings.graph_optimization_level = level
    model = case.model().SerializeToString()
    return onnxruntime.InferenceSession(
        model, settings, providers=["CPUExecutionProvider"]
    )


def _with_initializers(case: Case, concerns: Callable[[np.dtype[Any]], bool]) -> Case:
    """Return the case with the inputs of some dtypes as initializers."""
    chosen = {
        i
        for i, value in enumerate(case.inputs)
        if isinstance(value, np.ndarray) and concerns(value.dtype)
    }
    return replace(case, initializers=case.initializers | chosen)


def _raw_outputs(case: Case) -> list[Any]:
    """Run a case of which some outputs are of types that NumPy lacks."""
    # No OrtValue can be made of strings.
    case = _with_initializers(case, lambda dtype: dtype.kind in "UO")
    session = _session(case)
    feeds = {
        name: onnxruntime.OrtValue.ortvalue_from_numpy(array)
        for name, array in case.feeds.items()
    }
    found = session.run_with_ort_values(None, feeds)
    return [
        _from_memory(value) if value.data_type() in _WITHOUT_NUMPY else value.numpy()
        for value in found
    ]


def _from_memory(value: Any) -> np.ndarray[Any, Any]:
    """Read a tensor's bytes, which onnx knows how to unpack."""
    kind, shape = value.element_type(), value.shape()
    size = value.tensor_size_in_bytes()
    data = ctypes.string_at(value.data_ptr(), size) if size else b""
    tensor = onnx.TensorProto(data_type=kind, dims=shape, raw_data=data)
    return np.asarray(onnx.numpy_helper.to_array(tensor))


def our_outputs(case: Case, level: int = 1) -> list[Any]:
    """Compile the case and run the package, which can write to neither inputs nor weights.

    First all that it takes and returns is overwritten.
    """
    with our_module(case.model().SerializeToString(), level) as module:
        session = module.InferenceSession()
        check_ownership(lambda feeds: session.run(None, feeds), case.feeds)
        frozen(vars(session._compiled_model))
        return list(session.run(None, frozen(case.feeds)))


@contextmanager
def our_module(model: bytes, level: int, *, overridable: bool = True) -> Iterator[Any]:
    """Compile a model and import its package (unformatted: black is slow)."""
    decoded = decode(load(model, overridable=overridable), has_rule)
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
            yield _import(name, path)
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


def outputs_difference(case: Case, ours: list[Any], theirs: list[Any]) -> str | None:
    """Say how the outputs of a case differ where they are defined, or None."""
    for index, open_ones in case.undefined.items():
        for outputs in (ours, theirs):
            if outputs[index].shape == open_ones.shape:
                outputs[index] = outputs[index].copy()
                outputs[index][open_ones] = 0
    return difference(case, ours, theirs)


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
    if case.random:
        return _distribution_difference(ours, theirs)
    if is_extension(theirs.dtype):
        # One step of the type: bfloat16 has 8 bits, float8 has 2 or 3.
        step = 0 if case.exact else _step(theirs.dtype)
        case = replace(case, rtol=max(case.rtol, step), exact=not step)
        ours, theirs = ours.astype(np.float32), theirs.astype(np.float32)
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


def _step(dtype: np.dtype[Any]) -> float:
    if "float" not in dtype.name:
        return 0.0
    return float(ml_dtypes.finfo(dtype).eps)  # type: ignore[no-untyped-call]


def _distribution_difference(
    ours: np.ndarray[Any, Any], theirs: np.ndarray[Any, Any]
) -> str | None:
    """Compare two draws with the test of Kolmogorov and Smirnov.

    Above 3 it is met by chance once in 30 million times; elements that are drawn from
    several distributions, or from few numbers, stay below that even more often.
    """
    a, b = (np.sort(x.astype(np.float64), axis=None) for x in (ours, theirs))
    if not a.size:
        return None
    near = 1e-5 * np.abs(b).max()  # what rounding makes of equal numbers
    gaps = (
        np.searchsorted(x, x, "right") - np.searchsorted(y, x + near, "right")
        for x, y in ((a, b), (b, a))
    )
    statistic = max(gap.max() for gap in gaps) / (2 * a.size) ** 0.5
    if statistic < 3:
        return None
    return f"drawn from another distribution: {statistic:.3g}, means {a.mean():.4g} {b.mean():.4g}"


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
    atol = max(case.atol, 1e-3) if theirs.dtype == np.float16 else case.atol
    wrong = np.abs(a - b) > rtol * scale + atol
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
