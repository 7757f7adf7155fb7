"""Expected outputs of a model, from an oracle or a record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..errors import VerifyError
from ..ir.graph import Graph
from ..ir.types import TensorType, ValueType
from ..options import Options
from .data_sets import found_cases, given_cases
from .inputs import Case, Signature, random_cases
from .lengths import other_lengths
from .oracle import OracleError, Oracles
from .randomness import Randomness, silence

REJECTIONS = 60
"""Maximum number of random inputs tried if oracles reject them."""
EMPTY = 6
"""Maximum number of further attempts if an output has no elements."""
RECORDED = "recorded outputs"
TAKES_NO_RANDOM = "does not take random inputs"

MOST_NAMED = 4
"""Maximum number of random nodes named in a note."""

Lengths = tuple[int | None, ...]


@dataclass(frozen=True)
class Expectation:
    """A case with the outputs according to each oracle."""

    case: Case
    outputs: Mapping[str, Mapping[str, Any]]
    drawn: Mapping[str, Lengths] = field(default_factory=dict)
    """The outputs that depend on draws: their values mean nothing, some lengths are known."""
    random: frozenset[str] = frozenset()
    """The ONNX names of all values that depend on draws."""

    def sure(self) -> tuple[str, dict[str, Any]]:
        """Return the first oracle, and its values of the outputs without random draws."""
        oracle, outputs = next(iter(self.outputs.items()))
        return oracle, {k: v for k, v in outputs.items() if k not in self.drawn}


def expectations(oracles: Oracles, graph: Graph, options: Options) -> list[Expectation]:
    """Return expected outputs for the given inputs, data sets next to the model, or random inputs.

    If outputs depend on random draws, inputs that silence the draws come first.

    Raises
    ------
    VerifyError
        If no oracle accepts the model, or none accepts the inputs.
    """
    found = _plain_expectations(oracles, options)
    if options.shapes:
        more = other_lengths(oracles, options, found[0].case)
        found += [Expectation(case, outputs) for case, outputs in more]
    randomness = Randomness(graph)
    if not randomness.outputs:
        return found
    silent = [_silent(oracles, graph, each.case) for each in found]
    drawn = [_drawn(oracles.signature, each, randomness) for each in found]
    quiet = [each for each in silent if each is not None]
    oracles.note(_random_note(randomness, quiet))
    return [*quiet, *drawn]


def _plain_expectations(oracles: Oracles, options: Options) -> list[Expectation]:
    signature, beside = oracles.signature, oracles.beside
    if options.data:
        cases = given_cases(options.data, signature)
    else:
        cases, note = found_cases(beside, signature)
        oracles.note(note)
    if not cases:
        return [_random_expectation(oracles, signature, options.seed)]
    return [_case_expectation(oracles, signature, case) for case in cases]


def _random_note(randomness: Randomness, quiet: list[Expectation]) -> str:
    """Return a note on outputs that depend on random draws, and how they were compared."""
    draws, names = randomness.draws, sorted(randomness.outputs)
    more = f" and {len(draws) - MOST_NAMED} more" if len(draws) > MOST_NAMED else ""
    never = names if not quiet else sorted(quiet[0].drawn)
    how = "by type and shape only"
    if len(never) < len(names):
        how = f"by value where nothing random is left, otherwise {how}"
    if never and len(never) < len(names):
        how += f" ({', '.join(never)}: always)"
    return (
        f"random numbers ({', '.join(draws[:MOST_NAMED])}{more}) decide "
        f"{', '.join(names)}: compared {how}"
    )


def _silent(oracles: Oracles, graph: Graph, case: Case) -> Expectation | None:
    """Return the expected outputs for inputs that scale random numbers to 0."""
    found = silence(graph, oracles.model, oracles.beside, case.feeds)
    if found is None:
        return None
    zeros = " and ".join(f"{zero} = 0" for zero in found.zeros)
    label = f"{case.label}, with {zeros}" if zeros else case.label
    quiet = replace(case, label=label, feeds=found.feeds, recorded={}, drawn={})
    try:
        name, values = oracles.ask(quiet)
    except OracleError:
        return None
    outputs = {name: dict(zip(oracles.signature.outputs, values))}
    return _drawn(oracles.signature, Expectation(quiet, outputs), found.randomness)


def _drawn(
    signature: Signature, expected: Expectation, randomness: Randomness
) -> Expectation:
    """Return the outputs that depend on random draws."""
    lengths = {
        name: known_lengths(signature, name, expected.case.feeds)
        for name in randomness.outputs
    }
    return replace(expected, drawn=lengths, random=randomness.names)


def known_lengths(
    signature: Signature, output: str, feeds: Mapping[str, Any]
) -> Lengths:
    """Return the lengths of an output as far as its type and the inputs determine them."""
    symbols: dict[str, int] = {}
    for name, kind in signature.inputs.items():
        if name in feeds:
            symbols.update(zip(_dims(kind), np.shape(feeds[name])))
    dims = _dims(signature.outputs[output])
    return tuple(d if isinstance(d, int) else symbols.get(str(d)) for d in dims)


def _dims(kind: ValueType | None) -> tuple[Any, ...]:
    return (kind.shape or ()) if isinstance(kind, TensorType) else ()


def _case_expectation(
    oracles: Oracles, signature: Signature, case: Case
) -> Expectation:
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
    return Expectation(case, outputs)


def _random_expectation(
    oracles: Oracles, signature: Signature, seed: int
) -> Expectation:
    """Find random inputs that an oracle accepts, if possible without empty outputs."""
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
            found = Expectation(case, {oracle.name: outputs})
            if not any(isinstance(v, np.ndarray) and v.size == 0 for v in values):
                return found
            fallback, empty = fallback or found, empty + 1
        if fallback is not None:
            return fallback
        oracles.note(f"{oracle.name} {TAKES_NO_RANDOM}: {refusal}")
    reasons = "; ".join(oracles.notes)
    if any(TAKES_NO_RANDOM in note for note in oracles.notes):
        raise VerifyError(
            f"verify: expected an oracle that takes random inputs, got none: {reasons}; "
            "pass inputs that the model is made for with --data"
        )
    raise VerifyError(
        f"verify: neither onnxruntime nor the reference evaluator runs the model: {reasons}; "
        "compile without --verify, and compare the package with results of your own"
    )
