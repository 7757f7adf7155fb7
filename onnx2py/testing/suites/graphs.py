"""Random graphs of the patterns that compilers fuse, and of near misses, beside onnxruntime.

Inputs have other strides some of the time, and other lengths where those are symbols. Where the
number is odd, inputs with defaults are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import onnx

from ...errors import OptionError
from ..case import Case, Label, NoAnswerError
from ..fuzz.draw import Draw
from ..graphs.registry import artists, draw_graph
from ..graphs.sketch import Sketch
from ..oracles import needs_onnxruntime, onnxruntime_session
from ..tolerance import Tolerance, difference
from . import Selection, takes_nothing


def suite(argument: str = "") -> GraphSuite:
    """Return the suite.

    Raises
    ------
    Onnx2pyError
        If onnxruntime is not installed.
    """
    needs_onnxruntime()
    takes_nothing(GraphSuite.name, argument)
    return GraphSuite()


class GraphSuite:
    """``each`` graphs of each pattern, called ``attention#3``."""

    name = "graphs"

    def names(self, selection: Selection) -> Iterator[str]:
        """Yield ``attention#3`` and so on; ``only`` names patterns.

        Raises
        ------
        OptionError
            If there is no pattern of a name.
        """
        for name in selection.only or artists():
            pattern, _, number = name.partition("#")
            if pattern not in artists() or (number and not number.isdigit()):
                listed = ", ".join(artists())
                raise OptionError(f"graphs: expected one of {listed}, got {name!r}")
            if number:
                yield name
                continue
            for each in range(selection.start, selection.start + selection.each):
                yield f"{pattern}#{each}"

    def case(self, name: str) -> Case:
        """Draw a graph."""
        pattern, _, number = name.rpartition("#")
        sketch = draw_graph(pattern, int(number))
        model = sketch.model()
        draw = Draw(int(number), 1)
        left_out = sketch.weights if int(number) % 2 else ()
        computed = _Computed(sketch, model)
        return Case(
            name,
            model,
            [
                {k: laid_out(v, draw) for k, v in each.items() if k not in left_out}
                for each in computed.feeds
            ],
            computed.outputs,
            lambda ours, theirs: difference(_tolerance(sketch), [*ours], [*theirs]),
            Label(),
            f"{name} {sketch.describe()}",
        )


class _Computed:
    """Sets of inputs that onnxruntime takes, and its results."""

    def __init__(self, sketch: Sketch, model: onnx.ModelProto) -> None:
        self.sketch, self.model = sketch, model
        self.feeds: list[Mapping[str, Any]] = [sketch.inputs]
        self._found: list[list[Any]] = []
        self._reason = ""
        try:
            self._found.append(self._run(sketch.inputs))
        except Exception as error:  # its errors have no common type
            self._reason = str(error).splitlines()[0][:300]
            return
        for other in sketch.others:
            try:
                found = self._run(other)
            except Exception:  # lengths that do not fit are of no interest
                continue
            self._found.append(found)
            self.feeds.append(other)

    def outputs(self) -> list[list[Any]]:
        if self._reason:
            raise NoAnswerError(self._reason)
        return self._found

    def _run(self, inputs: Mapping[str, Any]) -> list[Any]:
        """Compute a graph: of doubles, for which onnxruntime lacks much, floats too."""
        try:
            return list(onnxruntime_session(self.model).run(None, dict(inputs)))
        except Exception:
            if self.sketch.dtype != "float64":
                raise
        feeds = {k: _as_single(v) for k, v in inputs.items()}
        session = onnxruntime_session(_single_precision(self.model))
        found = session.run(None, feeds)
        return [a.astype("float64") if a.dtype == np.float32 else a for a in found]


def _tolerance(sketch: Sketch) -> Tolerance:
    return Tolerance(sketch.rtol, sketch.atol, off_by=sketch.off_by)


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


def laid_out(array: np.ndarray[Any, Any], draw: Draw) -> np.ndarray[Any, Any]:
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
