"""One engine on one model in a fresh process: ``python -m benchmarks.engine ...``.

Arguments: the engine, the package's folder or the model, a .npz of inputs by ONNX name, a
file for the outputs, and for how many seconds to repeat. Prints the seconds of the median
call. The first call is not counted.
"""

from __future__ import annotations

import importlib
import pickle
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

MIN_CALLS = 1

Runner = Callable[[dict[str, Any]], list[Any]]


def package(path: Path) -> Runner:
    """Return what runs a package."""
    sys.path.insert(0, str(path.parent))
    session = importlib.import_module(path.name).InferenceSession()
    return lambda feeds: list(session.run(None, feeds))


def onnxruntime(path: Path) -> Runner:
    """Return what runs onnxruntime with one thread and all its optimisations."""
    runtime = importlib.import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    session = runtime.InferenceSession(
        str(path), options, providers=["CPUExecutionProvider"]
    )
    return lambda feeds: list(session.run(None, feeds))


def reference(path: Path) -> Runner:
    """Return what runs onnx's reference evaluator."""
    evaluator = importlib.import_module("onnx.reference").ReferenceEvaluator(str(path))
    return lambda feeds: list(evaluator.run(None, feeds))


ENGINES = {"onnx2py": package, "onnxruntime": onnxruntime, "reference": reference}


def read_inputs(path: str) -> dict[str, Any]:
    """Read the arrays; strings become objects."""
    with np.load(path, allow_pickle=False) as stored:
        return {
            name: (
                stored[name].astype(object)
                if stored[name].dtype.kind == "U"
                else stored[name]
            )
            for name in stored.files
        }


def first_answer(engine: str, path: str, inputs: str, outputs: str) -> None:
    """Start one engine, call it once, and write down what it answers."""
    found = ENGINES[engine](Path(path))(read_inputs(inputs))
    with open(outputs, "wb") as stream:
        pickle.dump(found, stream)


def main(engine: str, path: str, inputs: str, outputs: str, seconds: str) -> int:
    """Run one engine; print its median."""
    feeds = read_inputs(inputs)
    run = ENGINES[engine](Path(path))
    with open(outputs, "wb") as stream:
        pickle.dump(run(feeds), stream)
    times: list[float] = []
    end = time.perf_counter() + float(seconds)
    while len(times) < MIN_CALLS or time.perf_counter() < end:
        start = time.perf_counter()
        run(feeds)
        times.append(time.perf_counter() - start)
    print(statistics.median(times))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
