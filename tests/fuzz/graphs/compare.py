"""One graph on both sides, the package at both levels and under several conditions."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

import numpy as np
import onnx
import onnxruntime

from onnx2py.plan import convolutions, release

from ...ownership import check_ownership
from ..case import Case
from ..compare import difference, our_module
from ..draw import Draw
from .registry import draw_graph
from .sketch import Sketch

Feeds = dict[str, Any]


@dataclass(frozen=True)
class GraphOutcome:
    """What became of one graph: ``agrees``, ``refused`` (by onnxruntime) or ``differs``."""

    name: str
    number: int
    kind: str
    text: str = ""


def run_graph(name: str, number: int, levels: Sequence[int] = (0, 1)) -> GraphOutcome:
    """Draw a graph, and compare both sides."""
    sketch = draw_graph(name, number)
    model = sketch.model()
    label = f"{name}#{number} {sketch.describe()}"
    try:
        theirs = [_expected(sketch, model, sketch.inputs)]
    except Exception as error:  # its errors have no common type
        reason = str(error).splitlines()[0][:300]
        return GraphOutcome(name, number, "refused", f"{label}: {reason}")
    feeds = [sketch.inputs]
    for other in sketch.others:
        try:
            theirs.append(_expected(sketch, model, other))
            feeds.append(other)
        except Exception:  # lengths that do not fit are of no interest
            continue
    for level in levels:
        try:
            found = _difference(sketch, model, feeds, theirs, level, number)
        except Exception as error:
            frames = traceback.extract_tb(error.__traceback__)[-2:]
            place = [f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno}" for f in frames]
            found = f"{type(error).__name__}: {error} {place}"
        if found:
            text = f"{label}: -O{level}: {found}"
            return GraphOutcome(name, number, "differs", text)
    return GraphOutcome(name, number, "agrees")


def run_graphs(chunk: tuple[str, int, int, Sequence[int]]) -> list[GraphOutcome]:
    """Draw the graphs of one pattern with the numbers from a first to one before a last."""
    name, start, end, levels = chunk
    return [run_graph(name, number, levels) for number in range(start, end)]


def _expected(sketch: Sketch, model: onnx.ModelProto, inputs: Feeds) -> list[Any]:
    """Return onnxruntime's results: of doubles, for which it lacks much, floats too."""
    try:
        return _computed(model, inputs)
    except Exception:
        if sketch.dtype != "float64":
            raise
    feeds = {k: _as_single(v) for k, v in inputs.items()}
    found = _computed(_single_precision(model), feeds)
    return [a.astype("float64") if a.dtype == np.float32 else a for a in found]


def _as_single(array: Any) -> Any:
    return array.astype("float32") if array.dtype == np.float64 else array


def _single_precision(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the model with floats instead of doubles."""
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    for value in changed.graph.input:
        if value.type.tensor_type.elem_type == onnx.TensorProto.DOUBLE:
            value.type.tensor_type.elem_type = onnx.TensorProto.FLOAT
    tensors = [a.t for n in changed.graph.node for a in n.attribute if a.HasField("t")]
    for tensor in [*changed.graph.initializer, *tensors]:
        array = _as_single(onnx.numpy_helper.to_array(tensor))
        tensor.CopyFrom(onnx.numpy_helper.from_array(array, tensor.name))
    return changed


def _computed(model: onnx.ModelProto, feeds: dict[str, Any]) -> list[Any]:
    """Return onnxruntime's results, each node by itself."""
    onnxruntime.set_default_logger_severity(4)
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 4
    settings.intra_op_num_threads = 1
    settings.graph_optimization_level = (
        onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    )
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), settings, providers=["CPUExecutionProvider"]
    )
    return list(session.run(None, feeds))


def _difference(
    sketch: Sketch,
    model: onnx.ModelProto,
    inputs: Sequence[Feeds],
    theirs: Sequence[list[Any]],
    level: int,
    number: int,
) -> str | None:
    """Say what is wrong with the package, or None."""
    case = Case([], rtol=sketch.rtol, atol=sketch.atol, off_by=sketch.off_by)
    draw = Draw(number, level)
    overridable = (
        number % 2 == 0
    )  # else, inputs with defaults, which are fed, are weights
    fixed = () if overridable else sketch.weights
    feeds = [
        {k: _laid_out(v, draw) for k, v in each.items() if k not in fixed}
        for each in inputs
    ]
    finite = all(np.isfinite(a).all() for each in feeds for a in each.values())
    with (
        _thresholds(draw, finite),
        our_module(model.SerializeToString(), level, overridable=overridable) as module,
    ):
        session = module.InferenceSession()
        for each, expected in zip(feeds, theirs):
            wrong = _wrong(session, each, expected, case)
            if wrong:
                shapes = ", ".join(f"{k}{list(v.shape)}" for k, v in each.items())
                return f"{shapes}: {wrong}"
    return None


def _wrong(session: Any, feeds: Feeds, theirs: list[Any], case: Case) -> str | None:
    """Say what is wrong with two calls, or None."""
    check_ownership(lambda given: session.run(None, given), feeds)
    before = {name: array.copy() for name, array in feeds.items()}
    first = session.run(None, feeds)
    kept = [np.array(array) for array in first]
    again = session.run(None, feeds)
    unequal = difference(case, list(first), theirs)
    if unequal:
        return unequal
    for name, array in before.items():
        if not np.array_equal(array, feeds[name], equal_nan=True):
            return f"the input {name} was written to"
    for one, copy, two in zip(first, kept, again):
        if not np.array_equal(one, copy, equal_nan=True):
            return "the next call changed an output of the first"
        if not np.array_equal(copy, two, equal_nan=True):
            return "the next call gives something else"
    return None


def _laid_out(array: np.ndarray[Any, Any], draw: Draw) -> np.ndarray[Any, Any]:
    """Return the same array, some of the time with other strides."""
    how = draw.one_of(("as it is", "as it is", "Fortran", "gaps", "turned"))
    if how == "Fortran" and array.ndim:
        return np.asfortranarray(array)
    if how == "gaps" and array.ndim:
        wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
        wide[..., ::2] = array
        return wide[..., ::2]
    if how == "turned" and array.ndim:
        return array[::-1].copy()[::-1]
    return array


@contextmanager
def _thresholds(draw: Draw, finite: bool) -> Iterator[None]:
    """Let plans be made for small tensors that are meant for large ones, most of the time.

    A known deviation: in a tile of Winograd's algorithm, what is near an infinite element
    becomes NaN, since differences of infinities are taken. There it is not chosen.
    """
    fewest = convolutions.FEWEST_CHANNELS if finite else sys.maxsize
    tiles = convolutions.SMALLEST
    if finite and draw.chance(0.4):
        fewest = 1
        tiles = draw.one_of(({4: 4, 2: 1}, {4: 1}, {2: 1}))
    with ExitStack() as stack:
        change = stack.enter_context
        if draw.chance(0.7):
            change(mock.patch.object(release, "LARGE", 1))
        change(mock.patch.object(convolutions, "FEWEST_CHANNELS", fewest))
        change(mock.patch.object(convolutions, "SMALLEST", tiles))
        yield
