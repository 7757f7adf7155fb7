"""Both sides value by value: where do a package and its model part?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import onnx  # noqa: TID251  (an oracle is not part of the compiler)

from ..errors import VerifyError
from .comparison import Difference, compare, is_floating
from .expectation import Expectation
from .isolation import Traced
from .oracle import ORACLES, OracleError, model_proto


@dataclass(frozen=True)
class NodeResult:
    """How one value of the graph compares."""

    name: str
    """Its name in Python."""
    node: str
    """The ONNX nodes of the line that makes it."""
    line: int
    """In ``model.py``."""
    source: str
    difference: Difference
    ulp: float
    """The largest difference in units in the last place of what was expected."""

    @property
    def agrees(self) -> bool:
        """Whether the value is what was expected."""
        return not self.difference.reason


@dataclass(frozen=True)
class NodeReport:
    """All values that both sides have, in the order in which the package computes them."""

    oracle: str
    results: tuple[NodeResult, ...]

    @property
    def first(self) -> NodeResult | None:
        """The first value that differs."""
        return next((result for result in self.results if not result.agrees), None)


def compare_nodes(
    folder: Path,
    model: Any,
    beside: Path | None,
    expected: Expectation,
    traced: Sequence[Traced],
    rtol: float,
) -> NodeReport:
    """Compare what a package computed with what an oracle says of each value.

    Raises
    ------
    VerifyError
        If the package has no names of values, or no oracle can be asked for them.
    """
    names = _names(folder)
    lines = (folder / "model.py").read_text(encoding="utf-8").splitlines()
    wanted = [names[value.name] for value in traced if value.name in names]
    oracle, theirs = _values_of(model, beside, wanted, expected.case.feeds)
    results = []
    for value in traced:
        onnx_name = names.get(value.name)
        if onnx_name not in theirs or onnx_name in expected.random:
            continue  # inside a function of the model, made by the compiler, or drawn
        results.append(
            NodeResult(
                value.name,
                value.node,
                value.line,
                lines[value.line - 1].strip(),
                compare(value.value, theirs[onnx_name], rtol),
                ulp_difference(value.value, theirs[onnx_name]),
            )
        )
    return NodeReport(oracle, tuple(results))


def ulp_difference(actual: Any, expected: Any) -> float:
    """Return the largest difference in units in the last place; 0 for what is exact or no array."""
    if not isinstance(actual, np.ndarray) or not isinstance(expected, np.ndarray):
        return 0.0
    if actual.shape != expected.shape or not is_floating(expected.dtype):
        return 0.0
    if expected.dtype.kind == "c" or not expected.size:
        return 0.0
    info = ml_dtypes.finfo(expected.dtype)  # type: ignore[no-untyped-call]
    wide = expected.astype(np.float64)
    gap = np.abs(actual.astype(np.float64) - wide)
    _, exponent = np.frexp(np.maximum(np.abs(wide), float(info.tiny)))
    step = np.ldexp(float(info.eps), exponent - 1)
    with np.errstate(invalid="ignore"):
        return float(np.nanmax(gap / step, initial=0.0))


def _names(folder: Path) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads((folder / "names.json").read_text("utf-8"))
    except (OSError, ValueError):
        raise VerifyError(
            f"{folder}: expected names.json, with the names of its values; compile it anew"
        ) from None
    return found


def _values_of(
    model: Any, beside: Path | None, names: Sequence[str], feeds: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """Ask an oracle for values of the graph, by their ONNX names."""
    proto = model_proto(model)
    made = {name for node in proto.graph.node for name in node.output}
    wanted = [name for name in dict.fromkeys(names) if name in made]
    known = {value.name for value in proto.graph.output}
    proto.graph.output.extend(
        onnx.ValueInfoProto(name=name) for name in wanted if name not in known
    )
    reasons = []
    for kind in ORACLES:
        try:
            values = kind(proto, wanted, beside).run(feeds)
            return kind.name, dict(zip(wanted, values))
        except OracleError as error:
            reasons.append(f"{kind.name}: {error}")
    raise VerifyError(
        f"verify: expected an oracle for every value, got none: {'; '.join(reasons)}"
    )
