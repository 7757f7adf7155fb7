"""What calls of packages allocate: ``python -m benchmarks.memory INPUTS PACKAGE...``.

The inputs are a .npz by ONNX name. Each package is loaded and called twice in a process of its
own. NumPy tells tracemalloc of every array, so the figures are the same in every run; what the
library of matrix products reserves is not among them, and neither are weights that are mapped.
Later packages are compared with the first one.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
CALLS = 2


@dataclass(frozen=True)
class Allocated:
    """Bytes of arrays and objects."""

    loaded: int
    """Those that the loaded package keeps."""
    peak: int
    """The most that existed during a call, outputs among them."""


def allocated(package: Path, inputs: Path) -> Allocated:
    """Measure a package in a process of its own.

    Raises
    ------
    RuntimeError
        If the package fails.
    """
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "benchmarks.memory",
            "--alone",
            str(package),
            str(inputs),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{package}: {done.stderr.strip()}")
    return Allocated(*json.loads(done.stdout))


def measure(package: str, inputs: str) -> Allocated:
    """Load a package in this process and call it; ``inputs`` are not counted."""
    from benchmarks import engine

    feeds = engine.read_inputs(inputs)
    tracemalloc.start()
    run = engine.package(package)
    loaded, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    for _ in range(CALLS):
        run(feeds)
    return Allocated(loaded, tracemalloc.get_traced_memory()[1])


def main(arguments: list[str]) -> int:
    """Print a table, or the figures of one package as JSON."""
    if arguments[:1] == ["--alone"]:
        found = measure(*arguments[1:])
        print(json.dumps([found.loaded, found.peak]))
        return 0
    inputs, *packages = (Path(argument).resolve() for argument in arguments)
    first = None
    print(
        "| package | loaded, MB | peak, MB | of the first |\n| --- | ---: | ---: | ---: |"
    )
    for package in packages:
        found = allocated(package, inputs)
        first = first or found
        numbers = f"{found.loaded / 1e6:.2f} | {found.peak / 1e6:.2f}"
        print(f"| {package.name} | {numbers} | {found.peak / first.peak:.3f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
