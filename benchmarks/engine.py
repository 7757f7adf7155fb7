"""One engine on one model in a fresh process: ``python -m benchmarks.engine ...``.

Arguments: the engine, the package's folder or the model, a .npz of inputs by ONNX name, a
file for the outputs, and for how many seconds to repeat, after a first call that is not
counted. Prints JSON: the seconds of each call.
No engine is told how many threads to use: each takes what it takes by default.
"""

from __future__ import annotations

import importlib
import json
import os
import pickle
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

MIN_CALLS = 3
MOST_SECONDS = 10
"""Beyond this, one call that is counted is enough."""

Runner = Callable[[dict[str, Any]], list[Any]]


def package(path: str) -> Runner:
    """Return the engine of a package."""
    sys.path.insert(0, str(Path(path).parent))
    session = importlib.import_module(Path(path).name).InferenceSession()
    return lambda feeds: list(session.run(None, feeds))


def accelerated(path: str) -> Runner:
    """Return the engine of a package that calls oneDNN."""
    os.environ["ONNX2PY_ACCELERATE"] = "1"
    return package(path)


def onnxruntime(path: str) -> Runner:
    """Return the engine of onnxruntime with all its optimizations."""
    runtime = importlib.import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    session = runtime.InferenceSession(
        path, options, providers=["CPUExecutionProvider"]
    )
    return lambda feeds: list(session.run(None, feeds))


def reference(path: str) -> Runner:
    """Return the engine of onnx's reference evaluator."""
    evaluator = importlib.import_module("onnx.reference").ReferenceEvaluator(path)
    return lambda feeds: list(evaluator.run(None, feeds))


def jax(path: str) -> Runner:
    """Return the engine of a package for JAX, compiled at the first call."""
    sys.path.insert(0, str(Path(path).parent))
    library, module = map(importlib.import_module, ("jax", Path(path).name))
    forward, params = library.jit(module.forward), module.load_params()
    names = {spec.name: spec.python_name for spec in module.INPUTS}

    def run(feeds: dict[str, Any]) -> list[Any]:
        found = forward(params, **{names[name]: value for name, value in feeds.items()})
        return [np.asarray(y) for y in library.tree.leaves(found)]

    return run


def torch(name: str) -> Runner:
    """Return the engine of a network of timm in torch."""
    library, timm = (importlib.import_module(name) for name in ("torch", "timm"))
    model = timm.create_model(name, pretrained=False).eval()

    def run(feeds: dict[str, Any]) -> list[Any]:
        with library.inference_mode():
            return [model(*map(library.from_numpy, feeds.values())).numpy()]

    return run


ENGINES = {
    "accelerated": accelerated,
    "jax": jax,
    "onnx2py": package,
    "onnxruntime": onnxruntime,
    "reference": reference,
    "torch": torch,
}


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


def repeated(run: Runner, feeds: dict[str, Any], seconds: float) -> list[float]:
    """Return the seconds of each of several calls."""
    times: list[float] = []
    begun = time.perf_counter()
    while len(times) < MIN_CALLS or time.perf_counter() - begun < seconds:
        start = time.perf_counter()
        run(feeds)
        times.append(time.perf_counter() - start)
        if time.perf_counter() - begun > MOST_SECONDS:
            break
    return times


def main(engine: str, path: str, inputs: str, outputs: str, seconds: str) -> int:
    """Run one engine; print what it took."""
    feeds = read_inputs(inputs)
    run = ENGINES[engine](path)
    found = run(feeds)
    with open(outputs, "wb") as stream:
        pickle.dump(found, stream)
    print(json.dumps({"seconds": repeated(run, feeds, float(seconds))}))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
