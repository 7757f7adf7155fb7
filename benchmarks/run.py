"""Speed: packages, onnxruntime and onnx's reference evaluator on the same inputs.

``python -m benchmarks.run [--write] [MODEL ...]``; by default the examples and the light
models inside the onnx package. Each engine runs in fresh processes, in turns, with one
thread; its outputs are compared with onnxruntime's in the same run. The median of the
rounds counts. ``--write`` puts the table into the README.
"""

from __future__ import annotations

import argparse
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from onnx2py import compile_model
from onnx2py.decode import decode
from onnx2py.errors import Onnx2pyError
from onnx2py.load import load
from onnx2py.verification.comparison import compare
from onnx2py.verification.inputs import Signature, random_cases

from .engine import ENGINES, onnxruntime
from .readme import write_section

EXAMPLES = Path(__file__).parents[1] / "generated_examples"
LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
ONE_THREAD = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"
)
RTOL = 1e-3


class EngineError(Exception):
    """An engine that did not run."""


@dataclass
class Row:
    """A model's median seconds by engine, and how far the package's outputs are off.

    The reference evaluator is missing where it does not run the model.
    """

    model: str
    seconds: dict[str, float]
    difference: float


def default_models() -> list[Path]:
    """Return the examples and onnx's light models."""
    return [*sorted(EXAMPLES.glob("*.onnx")), *sorted(LIGHT.glob("*.onnx"))]


def measure(model: Path, folder: Path, rounds: int, seconds: float) -> Row:
    """Compile a model and let the engines take turns on it.

    Raises
    ------
    EngineError
        If an engine fails, or the package's outputs are wrong.
    Onnx2pyError
        If the model cannot be compiled.
    """
    package = compile_model(model, folder / "package").path
    inputs = folder / "inputs.npz"
    write_inputs(model, inputs)
    times: dict[str, list[float]] = {name: [] for name in ENGINES}
    for _ in range(rounds):
        for engine in ENGINES:
            path = package if engine == "onnx2py" else model
            try:
                times[engine].append(_run(engine, path, inputs, seconds))
            except EngineError:
                if engine != "reference":
                    raise
    medians = {name: statistics.median(found) for name, found in times.items() if found}
    expected, actual = (
        read_outputs(inputs, name) for name in ("onnxruntime", "onnx2py")
    )
    difference = compare(actual, expected, RTOL)
    if difference.reason:
        raise EngineError(f"the package differs: {difference.reason}")
    return Row(model.stem, medians, difference.relative)


def write_inputs(model: Path, path: Path) -> None:
    """Store inputs: those that an example's package recorded, else random ones."""
    signature = Signature.of(decode(load(model)).graph)
    golden = model.with_suffix("") / "golden"
    recorded = {
        name: np.load(golden / f"input_{i}.npy")
        for i, name in enumerate(signature.inputs)
        if (golden / f"input_{i}.npy").exists()
    }
    feeds = recorded or accepted_feeds(model, signature)
    arrays = {k: v.astype(str) if v.dtype == object else v for k, v in feeds.items()}
    np.savez(path, **arrays)


def accepted_feeds(model: Path, signature: Signature) -> dict[str, Any]:
    """Return the first random inputs that onnxruntime takes: some indices are out of range."""
    run = onnxruntime(model)
    for case in random_cases(signature, 0):
        try:
            run(dict(case.feeds))
        except Exception:  # its errors have no common type
            continue
        return dict(case.feeds)
    raise EngineError("onnxruntime takes none of the random inputs")


def _run(engine: str, path: Path, inputs: Path, seconds: float) -> float:
    command = [
        sys.executable,
        "-m",
        "benchmarks.engine",
        engine,
        str(path),
        str(inputs),
    ]
    outputs = str(inputs.with_name(engine))
    done = subprocess.run(
        [*command, outputs, str(seconds)],
        env={**os.environ, **ONE_THREAD},
        cwd=EXAMPLES.parent,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise EngineError(
            f"{engine}: {(done.stderr.strip().splitlines() or ['?'])[-1]}"
        )
    return float(done.stdout)


def read_outputs(inputs: Path, engine: str) -> list[Any]:
    """Return what an engine answered."""
    with inputs.with_name(engine).open("rb") as stream:
        found: list[Any] = pickle.load(stream)  # written by our own process
    return found


# ---------------------------------------------------------------------- the table


def table(rows: Sequence[Row]) -> str:
    """Return a table in Markdown; its last line is the geometric mean of the ratios."""
    lines = [
        "| model | onnx2py | onnxruntime | reference evaluator | onnx2py / onnxruntime "
        "| reference / onnx2py | largest difference |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        cells = [_milliseconds(row.seconds.get(name)) for name in ENGINES]
        cells += [
            _ratio(row, "onnx2py", "onnxruntime"),
            _ratio(row, "reference", "onnx2py"),
        ]
        lines.append(f"| {row.model} | {' | '.join(cells)} | {row.difference:.0e} |")
    means = _mean(rows, "onnx2py", "onnxruntime"), _mean(rows, "reference", "onnx2py")
    lines.append(f"| geometric mean | | | | {means[0]} | {means[1]} | |")
    return "\n".join([*lines, ""])


def _ratio(row: Row, engine: str, other: str) -> str:
    if engine not in row.seconds:
        return "-"
    return f"{row.seconds[engine] / row.seconds[other]:.1f}"


def _mean(rows: Sequence[Row], engine: str, other: str) -> str:
    """Return the geometric mean of the ratios where both engines ran."""
    ratios = [r.seconds[engine] / r.seconds[other] for r in rows if engine in r.seconds]
    return f"{statistics.geometric_mean(ratios):.1f}" if ratios else "-"


def _milliseconds(seconds: float | None) -> str:
    if seconds is None:
        return "does not run"
    return (
        f"{seconds * 1e3:.{0 if seconds >= 0.1 else 1 if seconds >= 0.01 else 2}f} ms"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and with ``--write`` put the table into the README."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run")
    parser.add_argument("models", nargs="*", type=Path, metavar="MODEL")
    parser.add_argument("--rounds", type=int, default=3, help="processes per engine")
    parser.add_argument("--seconds", type=float, default=1.0, help="for each process")
    parser.add_argument("--write", action="store_true", help="into the README")
    chosen = parser.parse_args(arguments)
    rows, failed = [], False
    for model in chosen.models or default_models():
        with tempfile.TemporaryDirectory() as folder:
            try:
                row = measure(
                    model.resolve(), Path(folder), chosen.rounds, chosen.seconds
                )
            except (EngineError, Onnx2pyError) as error:
                print(f"{model.name}: {error}", file=sys.stderr)
                failed = True
                continue
        rows.append(row)
        print(f"{model.name}: done", file=sys.stderr, flush=True)
    if not rows:
        return 1
    print(table(rows))
    if chosen.write and not failed:
        write_section("speed", table(rows))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
