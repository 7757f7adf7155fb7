"""What a model takes: the engines in turns, each time in a fresh process, on the same inputs."""

from __future__ import annotations

import json
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from onnx2py.decode import decode
from onnx2py.load import load
from onnx2py.verification.comparison import compare
from onnx2py.verification.inputs import Signature, random_cases

from .engine import onnxruntime
from .models import Entry

ROOT = Path(__file__).parents[1]
ACCELERATED = "accelerated"
"""The engine of a package that calls oneDNN."""
OTHERS = {ACCELERATED: ("--accelerate",), "jax": ("--target", "jax")}
"""Engines with packages of their own, and the options that these are compiled with."""
TOLERANCE = {"int8": 2e-2}
"""Of the largest output: integer kernels differ in single steps; elsewhere it is 1e-3."""
SLOW_SECONDS = 2.0
"""The reference evaluator, where it takes longer, is asked but once."""


class EngineError(Exception):
    """An engine that did not run, or whose answer is wrong."""


@dataclass
class Row:
    """What was measured of one model; an engine that does not run it is missing."""

    name: str
    family: str
    single: str = ""
    latency: dict[str, float] = field(default_factory=dict)
    """Seconds of the median call of the median round, by engine."""
    quartiles: dict[str, tuple[float, float]] = field(default_factory=dict)
    cold: dict[str, float] = field(default_factory=dict)
    """Seconds from the start of a process to its first answer."""
    memory: dict[str, int] = field(default_factory=dict)
    """Peak of a process that answers once, in bytes."""
    compile: float = 0.0
    """Seconds of ``onnx2py MODEL -o PKG``, the start of Python included."""
    difference: float = 0.0

    def ratio(self, what: str, engine: str, other: str) -> float | None:
        """Return the time of one engine relative to that of another."""
        found = getattr(self, what)
        if engine not in found or other not in found:
            return None
        return float(found[engine] / found[other])

    def as_json(self) -> dict[str, Any]:
        """Return a dictionary of plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Plan:
    """How much to measure."""

    rounds: int = 3
    seconds: float = 1.0
    engines: tuple[str, ...] = ("onnx2py", "onnxruntime", "reference")
    cold: bool = True
    compilations: int = 3
    cold_starts: int = 9
    """How many processes start: each gives but one figure, and they differ by a fifth."""
    torch_python: str = ""
    """An interpreter that has torch and timm; without one, torch is left out."""


def measure(entry: Entry, model: Path, plan: Plan) -> Row:
    """Compile a model and let the engines take turns on it.

    Raises
    ------
    EngineError
        If an engine fails, or the package's outputs are wrong.
    """
    row = Row(entry.name, entry.family, entry.single)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        package = folder / "package"
        each = [compile_seconds(model, package) for _ in range(plan.compilations)]
        row.compile = statistics.median(each)
        inputs = folder / "inputs.npz"
        np.savez(inputs, **(entry.feeds() or recorded_or_random(model)))
        paths = {"onnx2py": str(package), "torch": entry.timm}
        for engine, options in OTHERS.items():
            if engine in plan.engines:
                paths[engine] = str(folder / f"package_{engine}")
                compile_seconds(model, Path(paths[engine]), *options)
        engines = [e for e in plan.engines if e != "torch"]
        engines += ["torch"] if plan.torch_python and entry.timm else []
        runs = [(e, paths.get(e, str(model)), plan) for e in engines]
        _latency(row, runs, inputs, plan)
        if plan.cold:
            _cold(row, runs, inputs, plan)
        row.difference = _difference(entry, inputs)
        if ACCELERATED in plan.engines:
            _difference(entry, inputs, ACCELERATED)
    return row


def compile_seconds(model: Path, package: Path, *options: str) -> float:
    """Compile a model by the command line, and return how long that took.

    Raises
    ------
    EngineError
        If it cannot be compiled.
    """
    begun = time.perf_counter()
    done = subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "onnx2py",
                str(model),
                "-o",
                str(package),
                "--force",
            ),
            *options,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=_ordinary(),
    )
    if done.returncode:
        raise EngineError(f"onnx2py: {done.stderr.strip()}")
    return time.perf_counter() - begun


Run = tuple[str, str, Plan]


def _latency(row: Row, runs: Sequence[Run], inputs: Path, plan: Plan) -> None:
    # Each round counts as much as another: a machine that is slower for a while makes fewer
    # calls then, and all calls taken together would hide that from one engine only.
    times: dict[str, list[float]] = {}
    medians: dict[str, list[float]] = {}
    for number in range(plan.rounds):
        for engine, path, _ in runs:
            slow = engine == "reference" and number > 0
            if slow and row.latency.get(engine, SLOW_SECONDS) >= SLOW_SECONDS:
                continue
            try:
                found = _run(engine, path, inputs, plan, plan.seconds)
            except EngineError:
                if engine != "reference":
                    raise
                continue
            times.setdefault(engine, []).extend(found["seconds"])
            medians.setdefault(engine, []).append(statistics.median(found["seconds"]))
            row.latency[engine] = statistics.median(medians[engine])
    for engine, each in times.items():
        alone = [each[0]] * 2 if len(each) == 1 else each
        low, _, high = statistics.quantiles(alone, n=4)
        row.quartiles[engine] = (low, high)


def _cold(row: Row, runs: Sequence[Run], inputs: Path, plan: Plan) -> None:
    times: dict[str, list[float]] = {}
    with np.load(inputs, allow_pickle=False) as stored:
        names = stored.files
        for i, name in enumerate(names):
            np.save(inputs.with_name(f"{i}.npy"), stored[name])
    for number in range(plan.cold_starts + 1):
        for engine, path, _ in runs:
            if engine in ("jax", "reference", "torch"):
                continue
            command = [sys.executable, str(ROOT / "benchmarks" / "first_call.py")]
            command += [engine, path, str(inputs.parent), *names]
            printed, seconds = _output(command, engine)
            row.memory[engine] = int(printed)
            if number:  # the first fills the caches of files, and writes bytecode
                times.setdefault(engine, []).append(seconds)
    row.cold.update(
        {engine: statistics.median(found) for engine, found in times.items()}
    )


def _ordinary() -> dict[str, str]:
    """Return the environment, with bytecode kept, as it is for all that pip installed."""
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def _run(
    engine: str, path: str, inputs: Path, plan: Plan, seconds: float
) -> dict[str, Any]:
    python = plan.torch_python if engine == "torch" else sys.executable
    outputs = inputs.with_name(f"{engine}.pickle")
    arguments = [engine, path, str(inputs), str(outputs), str(seconds)]
    printed, _ = _output([python, "-m", "benchmarks.engine", *arguments], engine)
    found: dict[str, Any] = json.loads(printed)
    return found


def _output(command: Sequence[str], engine: str) -> tuple[str, float]:
    """Run a command; return its output, and the seconds from start to end."""
    begun = time.perf_counter()
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env=_ordinary()
    )
    seconds = time.perf_counter() - begun
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["?"])[-1]
        raise EngineError(f"{engine}: {last}")
    return done.stdout, seconds


def _difference(entry: Entry, inputs: Path, engine: str = "onnx2py") -> float:
    """Return how far the package's outputs are off, in parts of the largest.

    Raises
    ------
    EngineError
        If that is too far.
    """
    ours, theirs = (
        pickle.loads(inputs.with_name(f"{name}.pickle").read_bytes())
        for name in (engine, "onnxruntime")
    )  # written by our own processes
    found = compare(ours, theirs, TOLERANCE.get(entry.family, 1e-3))
    if found.reason:
        raise EngineError(f"{engine}: the package differs: {found.reason}")
    return found.relative


def recorded_or_random(model: Path) -> dict[str, Any]:
    """Return the inputs that an example's package recorded, else random ones.

    Raises
    ------
    EngineError
        If onnxruntime takes none of the random inputs: some indices are out of range.
    """
    signature = Signature.of(decode(load(model)).graph)
    golden = model.with_suffix("") / "tools/golden"
    paths = {n: golden / f"input_{i}.npy" for i, n in enumerate(signature.inputs)}
    found = {n: np.load(path) for n, path in paths.items() if path.exists()}
    if not found:
        run = onnxruntime(str(model))
        for case in random_cases(signature, 0):
            try:
                run(dict(case.feeds))
            except Exception:  # its errors have no common type
                continue
            found = dict(case.feeds)
            break
        else:
            raise EngineError("onnxruntime takes none of the random inputs")
    return {k: v.astype(str) if v.dtype == object else v for k, v in found.items()}
