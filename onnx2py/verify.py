"""Comparison of a package with onnxruntime or onnx's reference evaluator."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .decode import decode
from .emit.frame import has_tools
from .errors import OptionError, VerifyError
from .front import read
from .ir.graph import Graph
from .load import load
from .options import Options, options_of
from .targets import find_target, target_names
from .verification.comparison import (
    OutputResult,
    compare,
    compare_types,
    is_floating,
    worst,
)
from .verification.conditioning import weighed
from .verification.deadline import TimeUp, time_limit
from .verification.expectation import Expectation, expectations
from .verification.golden import record
from .verification.inputs import Signature
from .verification.isolation import Outcome
from .verification.oracle import Oracles
from .verification.per_node import NodeReport, compare_nodes
from .verification.subject import Subject

if TYPE_CHECKING:
    from onnx import ModelProto  # noqa: TID251  (an annotation)

UNDECIDED = (
    "; time was up before it was known whether rounding explains it (--time-limit)"
)
UNCOMPARED = "not compared: random numbers; type and shape agree"

ALL_NAN = "agrees, but is NaN everywhere; other inputs (--data) would tell more"


@dataclass(frozen=True)
class Verification:
    """The result of comparing a package with its model.

    ``failure`` is the error that the package raised, if it did not run.
    """

    oracle: str
    inputs: str
    outputs: tuple[OutputResult, ...] = ()
    failure: str = ""
    traceback: str = ""
    notes: tuple[str, ...] = ()
    nodes: NodeReport | None = None
    """Every value of the graph, if that was asked for."""

    @property
    def agrees(self) -> bool:
        """Whether every output agrees with the oracles."""
        return not self.failure and all(output.agrees for output in self.outputs)


def verify_package(
    folder: Path,
    model: Any,
    beside: Path | None,
    options: Options,
    *,
    graph: Graph | None = None,
    requires: Sequence[str] = ("numpy",),
    recorded: bool = True,
    per_node: bool = False,
) -> Verification:
    """Compare the package in ``folder`` with its model; record golden values if they agree.

    Parameters
    ----------
    folder : the package
    model : path, bytes or ModelProto
    beside : folder in which to look for ``test_data_set_*``
    options : see :class:`onnx2py.options.Options`
    graph : the decoded model, if available
    requires : the modules that the package may import in addition to the standard library
    recorded : whether to write golden values into the package
    per_node : whether to compare every value of the graph

    Raises
    ------
    VerifyError
        If they cannot be compared: no oracle accepts the model, or none accepts the inputs.
    """
    with time_limit(options.time_limit):
        graph = _decoded(model) if graph is None else graph
        subject = Subject(folder, model, graph, beside, options, requires)
        oracles = Oracles(model, Signature.of(graph), beside)
        expected = expectations(oracles, graph, options)
        outcome = subject.run([each.case.feeds for each in expected], trace=per_node)
        results: tuple[OutputResult, ...] = ()
        nodes = None
        if not outcome.error:
            results = _judged(subject, oracles, expected, outcome, recorded)
            nodes = compare_nodes(subject, expected[0], outcome) if per_node else None
        names = dict.fromkeys(name for each in expected for name in each.outputs)
        return Verification(
            oracle=" and ".join(names),
            inputs=joined_labels(each.case.label for each in expected),
            outputs=results,
            failure=outcome.error,
            traceback=outcome.traceback,
            notes=(*oracles.notes, *oracles.remarks),
            nodes=nodes,
        )


def _judged(
    subject: Subject,
    oracles: Oracles,
    expected: Sequence[Expectation],
    outcome: Outcome,
    recorded: bool,
) -> tuple[OutputResult, ...]:
    """Compare all outputs; record golden values if they agree."""
    signature, rtol = oracles.signature, subject.options.rtol
    results = tuple(_compare(signature, expected, outcome, rtol))
    limits: dict[str, float | None] = {}
    if not all(result.agrees for result in results):
        try:
            found = weighed(subject, results, expected, outcome.cases)
        except TimeUp:
            return tuple(map(_undecided, results))
        results, limits = found.results, found.limits
        for note in found.notes:
            oracles.note(note)
    if recorded and all(result.agrees for result in results):
        oracle, outputs = expected[0].sure()
        made = dict(zip(subject.outputs, outcome.cases[0]))
        sure = {
            k: v
            for k, v in outputs.items()
            if limits.get(k, rtol) is not None and not _is_spelled_otherwise(made[k], v)
        }
        case, folder = expected[0].case, subject.folder
        tolerances = {k: max(limits.get(k) or 0.0, rtol) for k in sure}
        oracles.note(record(folder, signature, case, sure, tolerances, oracle))
    return results


def _is_spelled_otherwise(actual: Any, expected: Any) -> bool:
    """Return whether text agrees as numbers only: the package's own check compares it exactly."""
    is_text = isinstance(expected, np.ndarray) and expected.dtype.kind in "OU"
    return is_text and not np.array_equal(actual, expected)


def _undecided(result: OutputResult) -> OutputResult:
    """Say that time was up before it was known whether rounding explains a difference."""
    if result.agrees:
        return result
    reason = result.difference.reason + UNDECIDED
    return replace(result, difference=replace(result.difference, reason=reason))


def joined_labels(labels: Iterable[str]) -> str:
    """List inputs: random ones of several lengths are named once, and the lengths of each."""
    joined: dict[str, list[str]] = {}
    for label in dict.fromkeys(labels):
        what, bracket, lengths = label.partition(" (")
        joined.setdefault(what, []).extend([f"({lengths}"] if bracket else [])
    return ", ".join(
        f"{what} {' and '.join(lengths)}" if lengths else what
        for what, lengths in joined.items()
    )


def verify_existing(
    package: str | os.PathLike[str],
    model: str | os.PathLike[str] | bytes | ModelProto,
    *,
    per_node: bool = False,
    **options: object,
) -> Verification:
    """Compare an existing package with a model; nothing is written.

    Parameters
    ----------
    package : the folder of the package
    model : path, bytes or ModelProto
    per_node : whether to compare every value of the graph rather than only the outputs
    options : see :class:`onnx2py.options.Options`: those that the package was compiled with

    Raises
    ------
    VerifyError
        If they cannot be compared.
    """
    chosen = options_of({**options, "verify": True})
    folder = Path(os.path.abspath(package))
    if not (folder / "model.py").is_file():
        raise VerifyError(f"{package}: expected a package that onnx2py made")
    if per_node and not has_tools(folder):
        raise VerifyError(
            f"{package}: expected its folder tools/, to look into a run; compile the model again "
            "without --minimal"
        )
    front = read(model, chosen)
    loaded = front.loaded
    return verify_package(
        folder,
        model if loaded.changed is None else loaded.changed,
        loaded.files.folder,
        chosen,
        graph=front.decoded.graph,
        requires=("numpy", *(name for name in _optional() if _imports(folder, name))),
        recorded=False,
        per_node=per_node,
    )


def _optional() -> list[str]:
    """Return the modules that a package may need in addition to NumPy."""
    found = {"ml_dtypes", "PIL"}
    for name in target_names():
        try:
            found.update(find_target(name).requires)
        except OptionError:  # of another distribution, which is not this package's
            continue
    return sorted(found - {"numpy"})


def _imports(folder: Path, module: str) -> bool:
    pattern = re.compile(rf"^(import|from) {module}\b", re.MULTILINE)
    around = folder if (folder / "ops").is_dir() else folder.parent
    files = [*folder.glob("*.py"), *around.glob("ops/*.py")]
    return any(pattern.search(file.read_text("utf-8")) for file in files)


def _decoded(model: Any) -> Graph:
    return decode(load(model)).graph


# ---------------------------------------------------------------------- what was found


def _compare(
    signature: Signature,
    expected: Sequence[Expectation],
    outcome: Outcome,
    rtol: float,
) -> Iterable[OutputResult]:
    """Yield one result per output: the worst of all cases and oracles."""
    for i, (name, kind) in enumerate(signature.outputs.items()):
        found = worst(
            (
                compare_types(actual[i], outputs[name], each.drawn[name])
                if name in each.drawn
                else compare(actual[i], outputs[name], rtol)
            )
            for each, actual in zip(expected, outcome.cases)
            for outputs in each.outputs.values()
            if name in outputs
        )
        compared = any(name not in each.drawn for each in expected)
        remark = _remark(name, expected) if compared else UNCOMPARED
        yield OutputResult(name, str(kind or "?"), found, compared, remark)


def _remark(name: str, expected: Sequence[Expectation]) -> str:
    """Say so where nothing but NaN is expected of an output, which compares little."""
    values = [
        np.asarray(outputs[name])
        for each in expected
        for outputs in each.outputs.values()
        if name not in each.drawn and isinstance(outputs.get(name), np.ndarray)
    ]
    floats = [value for value in values if is_floating(value.dtype) and value.size]
    nothing = len(floats) == len(values) and all(
        np.isnan(v.astype(np.complex64)).all() for v in floats
    )
    return ALL_NAN if floats and nothing else ""
