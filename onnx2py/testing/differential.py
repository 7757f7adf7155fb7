"""One model on several engines: who disagrees with whom, and at which value first."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from ..decode import decode
from ..errors import Onnx2pyError, OptionError
from ..load import load
from ..memory import bounded_memory
from ..verification.comparison import compare
from ..verification.data_sets import found_cases, given_cases
from ..verification.inputs import Case as Inputs
from ..verification.inputs import Signature, random_cases
from .case import RefusedError
from .engines import Described, engine, engine_name, is_refusal
from .judge import CRASHED, PASSED, REFUSED, SLOW, captured, described, outputs_of
from .pool import STARTING, Limits, end_with_children, exit_code, exit_reason, own_group

READY = "ready"
"""What a process sends once it has its engine."""


@dataclass(frozen=True)
class Ran:
    """What an engine made of a model."""

    engine: str
    verdict: str
    """``passed`` if it has outputs, else ``refused``, ``crashed`` or ``slow``."""
    reason: str = ""
    seconds: float = 0.0
    values: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Disagreement:
    """Two engines that differ, the first output in which they do, and the first value."""

    engines: tuple[str, str]
    output: str
    difference: str
    value: str = ""
    """The ONNX name of the first value that differs; empty if it is not known."""
    node: str = ""
    """The node that makes it: its operator and its name."""
    value_difference: str = ""
    unlocated: str = ""
    """Why the value is not known."""


@dataclass(frozen=True)
class Differential:
    """A model on several engines."""

    inputs: str
    """Where its inputs came from."""
    ran: tuple[Ran, ...]
    disagreements: tuple[Disagreement, ...]

    @property
    def answered(self) -> list[str]:
        """The engines that have outputs."""
        return [each.engine for each in self.ran if each.verdict == PASSED]

    @property
    def groups(self) -> list[list[str]]:
        """The engines that have outputs, in groups that agree, the largest first."""
        apart = {frozenset(d.engines) for d in self.disagreements}
        found: list[list[str]] = []
        for each in self.answered:
            for group in found:
                if all(frozenset((each, other)) not in apart for other in group):
                    group.append(each)
                    break
            else:
                found.append([each])
        return sorted(found, key=len, reverse=True)


def differential(
    model: str | os.PathLike[str],
    engines: Sequence[Described],
    *,
    data: Sequence[str | os.PathLike[str]] = (),
    seed: int = 0,
    rtol: float = 1e-3,
    time_limit: float = 60.0,
    memory_limit: int = 4 << 30,
) -> Differential:
    """Run a model on engines, each in a process of its own, and compare them in pairs.

    Parameters
    ----------
    model : the path of an ONNX file
    engines : see :func:`onnx2py.testing.engine`
    data : inputs, as ``--data`` takes them (default: those beside the model, else random ones)
    seed : of random inputs
    rtol : how far results may be apart, relative to the largest element of a value
    time_limit, memory_limit : seconds and bytes for an engine

    Raises
    ------
    OptionError
        If there are fewer than two engines, or one is unknown.
    LoadError
        If the model cannot be read.
    """
    for each in engines:
        engine(each)
    names = [engine_name(each) for each in engines]
    if len({*names}) < 2:
        raise OptionError(
            f"engines: expected two or more, got {', '.join(names) or 'none'}"
        )
    path = Path(model)
    limits = Limits(time_limit, memory_limit)
    signature = Signature.of(decode(load(path)).graph)
    best: Differential | None = None
    for case in _inputs(path, signature, data, seed):
        ran = [
            _run(name, what, path, (), case.feeds, limits)
            for name, what in zip(names, engines)
        ]
        found = Differential(case.label, tuple(ran), ())
        if best is None or _answers(found) > _answers(best):
            best, feeds = found, case.feeds
        if _answers(found) == len(names) or any(r.verdict == SLOW for r in ran):
            break  # else, other lengths may do
    if best is None:
        raise OptionError(f"{path}: expected inputs, got none")
    pairs = list(_differing(best.ran, [*signature.outputs], rtol))
    if not pairs:
        return best
    exposed = _exposed(path)
    ran_exposed = {
        name: _run(name, what, path, tuple(exposed), feeds, limits)
        for name, what in zip(names, engines)
        if any(name in d.engines for d in pairs)
    }
    located = tuple(_located(pair, exposed, ran_exposed, rtol) for pair in pairs)
    return Differential(best.inputs, best.ran, located)


def _answers(found: Differential) -> int:
    return len(found.answered)


def _inputs(
    path: Path, signature: Signature, data: Sequence[Any], seed: int
) -> Iterator[Inputs]:
    given = (
        given_cases(data, signature) if data else found_cases(path.parent, signature)[0]
    )
    return iter(given) if given else random_cases(signature, seed)


def _differing(
    ran: Sequence[Ran], outputs: Sequence[str], rtol: float
) -> Iterator[Disagreement]:
    """Yield the first output in which each pair of engines differs."""
    for one, other in combinations([r for r in ran if r.verdict == PASSED], 2):
        if len(one.values) != len(other.values):
            text = f"{len(one.values)} and {len(other.values)} outputs"
            yield Disagreement((one.engine, other.engine), "", text)
            continue
        for name, a, b in zip(outputs, one.values, other.values):
            if reason := _reason(a, b, rtol):
                yield Disagreement((one.engine, other.engine), name, reason)
                break


def _reason(a: Any, b: Any, rtol: float) -> str:
    found = compare(a, b, rtol)
    if found.reason and 0 < found.relative < np.inf:
        return f"{found.relative:.2g} of its largest element apart"
    return found.reason


def _exposed(path: Path) -> dict[str, str]:
    """Return the values of the main graph with the nodes that make them, in order."""
    graph = onnx.load(path, load_external_data=False).graph
    return {
        name: f"{node.op_type} {node.name!r}" if node.name else node.op_type
        for node in graph.node
        for name in node.output
        if name
    }


def _located(
    pair: Disagreement,
    exposed: Mapping[str, str],
    ran: Mapping[str, Ran],
    rtol: float,
) -> Disagreement:
    one, other = (ran[name] for name in pair.engines)
    for each in (one, other):
        if each.verdict != PASSED:
            why = f"{each.engine} with all values as outputs: {each.verdict}: {each.reason}"
            return replace(pair, unlocated=why)
    for (name, node), a, b in zip(exposed.items(), one.values, other.values):
        if reason := _reason(a, b, rtol):
            return Disagreement(
                pair.engines, pair.output, pair.difference, name, node, reason
            )
    return replace(pair, unlocated="in no value, once each of them is an output")


# -------------------------------------------------------------------- processes


def _run(
    name: str,
    what: Described,
    path: Path,
    exposed: tuple[str, ...],
    feeds: Mapping[str, Any],
    limits: Limits,
) -> Ran:
    """Run a model in a new process; ``exposed`` are its outputs, if there are any."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(
        target=serve, args=(what, str(path), exposed, dict(feeds), limits, theirs)
    )
    start = time.monotonic()
    try:
        process.start()
    except Exception as error:  # what pickle raises has no common type
        raise OptionError(
            f"engine {name}: expected one that can be sent to other processes ({error}); name "
            "it as MODULE:OBJECT"
        ) from error
    finally:
        theirs.close()
    try:
        message: Any = ours.recv() if ours.poll(STARTING) else READY
        if message == READY:
            if not ours.poll(limits.seconds):
                return Ran(name, SLOW, f"not done in {limits.seconds:g} seconds")
            message = ours.recv()
        verdict, reason, seconds, values = message
        return Ran(name, verdict, reason, seconds, tuple(values))
    except EOFError:
        seconds = time.monotonic() - start
        return Ran(name, CRASHED, exit_reason(exit_code(process)), seconds)
    finally:
        end_with_children(process)
        ours.close()


def serve(
    what: Described,
    path: str,
    exposed: Sequence[str],
    feeds: dict[str, Any],
    limits: Limits,
    connection: Connection,
) -> None:
    """Compute a model and send what came of it."""
    own_group()
    start = time.monotonic()
    try:
        made = engine(what)
        connection.send(READY)
        model = onnx.load(path)
        if exposed:
            del model.graph.output[:]
            model.graph.output.extend(onnx.ValueInfoProto(name=n) for n in exposed)
        with bounded_memory(limits.memory), captured():
            run = made.prepare(model)
            start = time.monotonic()
            values = outputs_of(run(feeds))
        sent = (PASSED, "", time.monotonic() - start, values)
    except (Exception, SystemExit) as error:
        kind = REFUSED if is_refusal(error) else CRASHED
        is_ours = isinstance(error, (Onnx2pyError, RefusedError))
        reason = " ".join(str(error).split())[:400] if is_ours else described(error)
        sent = (kind, reason, time.monotonic() - start, [])
    connection.send(sent)
