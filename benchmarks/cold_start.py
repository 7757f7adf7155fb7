"""From the start of a process to its first answer: ``python -m benchmarks.cold_start MODEL ...``.

Package and onnxruntime take turns in fresh processes, on the same inputs; what they answer is
compared. Times are those that somebody who waits sees, Python's own start included.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from onnx2py import compile_model
from onnx2py.verification.comparison import compare

from .run import EXAMPLES, RTOL, EngineError, read_outputs, write_inputs

ENGINES = ("onnx2py", "onnxruntime")


def measure(model: Path, folder: Path, rounds: int) -> dict[str, float]:
    """Return the median seconds of each engine.

    Raises
    ------
    EngineError
        If one fails, or the package's outputs are wrong.
    """
    package = compile_model(model, folder / "package").path
    inputs = folder / "inputs.npz"
    write_inputs(model, inputs)
    times: dict[str, list[float]] = {name: [] for name in ENGINES}
    for number in range(rounds + 1):
        for engine in ENGINES:
            path = package if engine == "onnx2py" else model
            seconds = _run(engine, path, inputs)
            if number:  # the first fills caches of files, and writes bytecode
                times[engine].append(seconds)
    ours, theirs = (read_outputs(inputs, name) for name in ENGINES)
    difference = compare(ours, theirs, RTOL)
    if difference.reason:
        raise EngineError(f"the package differs: {difference.reason}")
    return {name: statistics.median(found) for name, found in times.items()}


def _run(engine: str, path: Path, inputs: Path) -> float:
    code = (
        "import sys; from benchmarks.engine import first_answer; "
        "first_answer(*sys.argv[1:])"
    )
    outputs = str(inputs.with_name(engine))
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, engine, str(path), str(inputs), outputs],
        cwd=EXAMPLES.parent,
        capture_output=True,
        text=True,
    )
    seconds = time.perf_counter() - begun
    if done.returncode:
        raise EngineError(
            f"{engine}: {(done.stderr.strip().splitlines() or ['?'])[-1]}"
        )
    return seconds


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cold_start")
    parser.add_argument("models", nargs="+", type=Path, metavar="MODEL")
    parser.add_argument("--rounds", type=int, default=7, help="pairs of processes")
    chosen = parser.parse_args(arguments)
    print("| model | onnx2py | onnxruntime | ratio |\n| --- | ---: | ---: | ---: |")
    ratios = []
    for model in chosen.models:
        with tempfile.TemporaryDirectory() as folder:
            found = measure(model.resolve(), Path(folder), chosen.rounds)
        ratios.append(found["onnx2py"] / found["onnxruntime"])
        cells = [f"{found[name] * 1e3:.0f} ms" for name in ENGINES]
        print(f"| {model.stem} | {' | '.join(cells)} | {ratios[-1]:.2f} |", flush=True)
    print(f"| geometric mean | | | {statistics.geometric_mean(ratios):.2f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
