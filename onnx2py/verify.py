"""A package against onnxruntime, or against onnx's reference evaluator."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .decode import decode
from .errors import VerifyError
from .front import read
from .ir.graph import Graph
from .load import load
from .options import Options
from .verification.comparison import OutputResult, compare, worst
from .verification.data_sets import found_cases, given_cases
from .verification.golden import record
from .verification.inputs import Case, Signature, random_cases
from .verification.isolation import Outcome, run_isolated
from .verification.oracle import ORACLES, Oracle, OracleError
from .verification.per_node import NodeReport, compare_nodes

if TYPE_CHECKING:
    from onnx import ModelProto  # noqa: TID251  (an annotation)

REJECTIONS = 60
"""How many random inputs are tried on an oracle that rejects them."""
EMPTY = 6
"""How many more are tried where an output has no elements."""
RECORDED = "recorded outputs"


@dataclass(frozen=True)
class Verification:
    """How a package compares with its model.

    ``failure`` is the error that the package raised, if it did not even run.
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
        """Whether every output is what the oracle makes of the model."""
        return not self.failure and all(output.agrees for output in self.outputs)


@dataclass(frozen=True)
class _Expectation:
    """A case, and what each of its oracles says that the outputs are."""

    case: Case
    outputs: dict[str, dict[str, Any]]


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
    beside : where to look for ``test_data_set_*``
    options : see :class:`onnx2py.options.Options`
    graph : the decoded model, if it is at hand
    requires : the modules that the package may import, besides the standard library
    recorded : whether to write golden values into the package
    per_node : whether to compare every value of the graph

    Raises
    ------
    VerifyError
        If they cannot be compared: no oracle takes the model, or none takes the inputs.
    """
    signature = Signature.of(_decoded(model) if graph is None else graph)
    oracles = _Oracles(model, signature, beside)
    expectations = _expectations(oracles, signature, beside, options)
    feeds = [expectation.case.feeds for expectation in expectations]
    outcome = run_isolated(folder, feeds, requires, options.time_limit, trace=per_node)
    names = dict.fromkeys(name for e in expectations for name in e.outputs)
    labels = dict.fromkeys(expectation.case.label for expectation in expectations)
    results: tuple[OutputResult, ...] = ()
    if not outcome.error:
        results = tuple(_compare(signature, expectations, outcome, options.rtol))
        if recorded and all(result.agrees for result in results):
            oracle, outputs = next(iter(expectations[0].outputs.items()))
            oracles.note(
                record(
                    folder,
                    signature,
                    expectations[0].case,
                    outputs,
                    options.rtol,
                    oracle,
                )
            )
    return Verification(
        oracle=" and ".join(names),
        inputs=", ".join(labels),
        outputs=results,
        failure=outcome.error,
        traceback=outcome.traceback,
        notes=tuple(oracles.notes),
        nodes=(
            compare_nodes(folder, model, beside, feeds[0], outcome.values, options.rtol)
            if per_node and not outcome.error
            else None
        ),
    )


def verify_existing(
    package: str | os.PathLike[str],
    model: str | os.PathLike[str] | bytes | ModelProto,
    *,
    per_node: bool = False,
    **options: object,
) -> Verification:
    """Compare a package that was made earlier with a model; nothing is written.

    Parameters
    ----------
    package : its folder
    model : path, bytes or ModelProto
    per_node : whether to compare every value of the graph, and not the outputs alone
    options : see :class:`onnx2py.options.Options`: what the package was compiled with

    Raises
    ------
    VerifyError
        If they cannot be compared.
    """
    chosen = Options(verify=True, **options)  # type: ignore[arg-type]
    folder = Path(os.path.abspath(package))
    if not (folder / "model.py").is_file():
        raise VerifyError(f"{package}: expected a package that onnx2py made")
    if per_node and not (folder / "watch.py").is_file():
        raise VerifyError(
            f"{package}: expected watch.py, to look into a run; compile the model anew"
        )
    front = read(model, chosen)
    loaded = front.loaded
    return verify_package(
        folder,
        model if loaded.changed is None else loaded.changed,
        loaded.files.folder,
        chosen,
        graph=front.decoded.graph,
        requires=("numpy", *(name for name in OPTIONAL if _imports(folder, name))),
        recorded=False,
        per_node=per_node,
    )


OPTIONAL = ("ml_dtypes", "PIL")
"""What a package may need besides NumPy."""


def _imports(folder: Path, module: str) -> bool:
    pattern = re.compile(rf"^(import|from) {module}\b", re.MULTILINE)
    files = [*folder.glob("*.py"), *folder.glob("ops/*.py")]
    return any(pattern.search(file.read_text("utf-8")) for file in files)


def _decoded(model: Any) -> Graph:
    return decode(load(model)).graph


# ---------------------------------------------------------------------- what is expected


class _Oracles:
    """Those who can be asked, made when they are; ``notes`` says why one was passed over."""

    def __init__(self, model: Any, signature: Signature, beside: Path | None) -> None:
        self.model, self.signature, self.beside = model, signature, beside
        self.made: dict[str, Oracle | None] = {}
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        """Say something once."""
        if text and text not in self.notes:
            self.notes.append(text)

    def available(self) -> Iterable[Oracle]:
        """Yield those that take the model, the best first."""
        for kind in ORACLES:
            if kind.name not in self.made:
                try:
                    self.made[kind.name] = kind(
                        self.model, list(self.signature.outputs), self.beside
                    )
                except OracleError as error:
                    self.made[kind.name] = None
                    self.note(f"{kind.name} cannot be asked: {error}")
            made = self.made[kind.name]
            if made is not None:
                yield made

    def ask(self, case: Case) -> tuple[str, list[Any]]:
        """Return the first answer to a case, and whose it is."""
        for oracle in self.available():
            try:
                return oracle.name, oracle.run(case.feeds)
            except OracleError as error:
                self.note(f"{oracle.name} does not take {case.label}: {error}")
        raise OracleError("; ".join(self.notes))


def _expectations(
    oracles: _Oracles, signature: Signature, beside: Path | None, options: Options
) -> list[_Expectation]:
    if options.data:
        cases = given_cases(options.data, signature)
    else:
        cases, note = found_cases(beside, signature)
        oracles.note(note)
    if not cases:
        return [_random_expectation(oracles, signature, options.seed)]
    return [_case_expectation(oracles, signature, case) for case in cases]


def _case_expectation(
    oracles: _Oracles, signature: Signature, case: Case
) -> _Expectation:
    outputs: dict[str, dict[str, Any]] = {}
    try:
        name, values = oracles.ask(case)
        outputs[name] = dict(zip(signature.outputs, values))
    except OracleError as error:
        if case.recorded.keys() != signature.outputs.keys():
            raise VerifyError(
                f"verify: expected an oracle for {case.label}, got none: {error}"
            ) from None
    if case.recorded:
        outputs[RECORDED] = dict(case.recorded)
    return _Expectation(case, outputs)


def _random_expectation(
    oracles: _Oracles, signature: Signature, seed: int
) -> _Expectation:
    """Find random inputs that an oracle takes, if possible such that no output is empty."""
    for oracle in oracles.available():
        fallback, empty, refusal = None, 0, "they would be too large"
        for i, case in enumerate(random_cases(signature, seed)):
            if i == REJECTIONS or empty > EMPTY:
                break
            try:
                values = oracle.run(case.feeds)
            except OracleError as error:
                refusal = str(error) if i == 0 else refusal
                continue
            outputs = dict(zip(signature.outputs, values))
            found = _Expectation(case, {oracle.name: outputs})
            if not any(isinstance(v, np.ndarray) and v.size == 0 for v in values):
                return found
            fallback, empty = fallback or found, empty + 1
        if fallback is not None:
            return fallback
        oracles.note(f"{oracle.name} does not take random inputs: {refusal}")
    raise VerifyError(
        "verify: expected an oracle that takes random inputs, got none: "
        f"{'; '.join(oracles.notes)}; pass inputs that the model is made for with --data"
    )


# ---------------------------------------------------------------------- what was found


def _compare(
    signature: Signature,
    expectations: Sequence[_Expectation],
    outcome: Outcome,
    rtol: float,
) -> Iterable[OutputResult]:
    """Yield one result an output: the worst of all cases and oracles."""
    for i, (name, kind) in enumerate(signature.outputs.items()):
        found = worst(
            compare(actual[i], outputs[name], rtol)
            for expectation, actual in zip(expectations, outcome.cases)
            for outputs in expectation.outputs.values()
            if name in outputs
        )
        yield OutputResult(name, str(kind or "?"), found)
