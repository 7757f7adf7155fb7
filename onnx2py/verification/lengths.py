"""Dynamic dimensions: does a model accept lengths other than the first that worked?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ..options import Options
from .inputs import MAX_ELEMENTS, Case, random_case
from .oracle import OnnxRuntime, OracleError, Oracles, model_proto

Asked = tuple[Case, dict[str, dict[str, Any]]]
"""Inputs, and the outputs according to an oracle."""

RUNNING = re.compile(r"running (\S+) node\. Name:'(.*?)' Status")
"""onnxruntime's message about a node that failed: operator and name."""


def other_lengths(oracles: Oracles, options: Options, case: Case) -> Iterator[Asked]:
    """Yield inputs with a second length for each symbol; note those that fail."""
    symbols = [dim for shape in options.shapes.values() for dim in shape]
    for symbol in dict.fromkeys(map(str, symbols)):
        if symbol in case.lengths:
            yield from _second(oracles, case, symbol)
        elif not symbol.isdecimal() and not case.lengths and symbol not in options.dims:
            oracles.note(f"{symbol}: only the lengths of the given inputs were tried")


def _second(oracles: Oracles, case: Case, symbol: str) -> Iterator[Asked]:
    """Yield inputs with the first other length that an oracle accepts."""
    length = case.lengths[symbol]
    failures: dict[int, str] = {}
    for other in dict.fromkeys((length + 1, 2 * length)):
        assert case.sizes is not None
        given = (*((s, n) for s, n in case.sizes.given if s != symbol), (symbol, other))
        sizes = replace(case.sizes, given=given)
        changed = random_case(oracles.signature, case.seed, sizes)
        if sum(getattr(v, "size", 0) for v in changed.feeds.values()) > MAX_ELEMENTS:
            continue
        try:
            name, values = oracles.ask(changed, quiet=True)
        except OracleError as error:
            failures[other] = _culprit(oracles, changed, str(error))
            continue
        outputs = dict(zip(oracles.signature.outputs, values))
        yield changed, {name: outputs}
        break
    else:
        oracles.note(f"{symbol}: only {length} works of the lengths that were tried")
    for other, culprit in failures.items():
        oracles.note(f"{symbol} = {other} fails{culprit}")


def _culprit(oracles: Oracles, case: Case, error: str) -> str:
    """Return the node that a run failed at, as `` at name: Operator``; the error if unknown."""
    match = RUNNING.search(error)
    if match and not match[2]:
        match = RUNNING.search(_named_error(oracles.model, oracles, case)) or match
    if not match:
        return f": {error}"
    return f" at {match[2] or '(no name)'}: {match[1]}, which fixes the length"


def _named_error(model: Any, oracles: Oracles, case: Case) -> str:
    """Run the model once more, with names for its nodes; return the error."""
    proto = model_proto(model)
    for node in proto.graph.node:
        node.name = node.name or next(filter(None, node.output), "")
    try:
        outputs = list(oracles.signature.outputs)
        OnnxRuntime(proto, outputs, oracles.beside).run(case.feeds)
    except OracleError as error:
        return str(error)
    return ""
