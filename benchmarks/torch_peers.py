"""Ways from ONNX to PyTorch on the same cases: ``python -m benchmarks.torch_peers [FOLDER ...]``.

Each engine that is installed computes ONNX's own cases of operators, with their recorded results,
and the models of folders, with onnxruntime's results of random inputs. A case has a process of
its own, so that a crash or an endless loop is one case. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import signal
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases
from onnx.backend.test.loader import load_model_tests

from onnx2py.decode import decode
from onnx2py.load import load
from onnx2py.verification.inputs import Signature, random_cases

from .engine import onnxruntime

SECONDS = 30
KINDS = ("simple", "pytorch-converted", "pytorch-operator")
PASSED, DIFFERS, FAILED, CRASHED = "passed", "differs", "refused", "crashed"
CODES = {PASSED: 0, DIFFERS: 10, FAILED: 11}

Run = Callable[[dict[str, Any]], Sequence[Any]]


@dataclass(frozen=True)
class Case:
    """A model with inputs by name, its results, and how near to them is right."""

    model: onnx.ModelProto
    feeds: dict[str, Any]
    results: Sequence[Any]
    relative: float
    absolute: float
    of_scale: bool = False
    """Whether the absolute tolerance is a part of the largest number of a result."""


def onnx2py(model: onnx.ModelProto) -> Run:
    """Compile a model; what is compiled runs with arrays."""
    compiler = importlib.import_module("onnx2py")
    module = compiler.load_model(model, target="torch", flat=False, overridable=True)
    package = type(module).__module__.rpartition(".")[0]
    session = importlib.import_module(f"{package}.tools.session").InferenceSession()
    session.module = module  # its package is removed with it
    return lambda feeds: list(session.run(None, feeds))


def onnx2torch(model: onnx.ModelProto) -> Run:
    """Convert a model to a graph of modules, which is called with its inputs in order."""
    module = importlib.import_module("onnx2torch").convert(model)
    return _called(module, model)


def onnx2pytorch(model: onnx.ModelProto) -> Run:
    """Convert a model to a module that walks its nodes."""
    converter = importlib.import_module("onnx2pytorch").ConvertModel
    return _called(converter(model, experimental=True), model)


ENGINES = {"onnx2py": onnx2py, "onnx2torch": onnx2torch, "onnx2pytorch": onnx2pytorch}


def _called(module: Any, model: onnx.ModelProto) -> Run:
    torch = importlib.import_module("torch")
    given = {tensor.name for tensor in model.graph.initializer}
    names = [value.name for value in model.graph.input if value.name not in given]

    def run(feeds: dict[str, Any]) -> list[Any]:
        with torch.inference_mode():
            found = module.eval()(*(torch.from_numpy(feeds[n].copy()) for n in names))
        return [*found] if isinstance(found, (list, tuple)) else [found]

    return run


def official() -> Iterator[Case]:
    """Yield ONNX's cases whose values are tensors, but for those of random results."""
    for case in collect_testcases(None):
        inputs, outputs = case.data_sets[0]
        if _are_tensors([*inputs, *outputs]) and "bernoulli" not in case.name:
            names = (value.name for value in case.model.graph.input)
            feeds = dict(zip(names, inputs))
            yield Case(case.model, feeds, outputs, case.rtol, case.atol)
    for kind in KINDS:
        for test in load_model_tests(kind=kind):
            if test.model_dir is None:
                continue
            model = onnx.load(Path(test.model_dir) / "model.onnx")
            folder = Path(test.model_dir) / "test_data_set_0"
            values = [_read(folder, part) for part in ("input", "output")]
            if not all(map(_are_tensors, values)):
                continue
            inputs, outputs = values
            names = (value.name for value in model.graph.input)
            yield Case(model, dict(zip(names, inputs)), outputs, test.rtol, test.atol)


def _are_tensors(values: Sequence[Any]) -> bool:
    return all(isinstance(value, (np.ndarray, np.generic)) for value in values)


def _read(folder: Path, part: str) -> list[Any]:
    """Return the tensors of a data set, None for what is none."""
    found = []
    for number in range(len([*folder.glob(f"{part}_*.pb")])):
        tensor = onnx.TensorProto()
        try:
            tensor.ParseFromString((folder / f"{part}_{number}.pb").read_bytes())
            found.append(numpy_helper.to_array(tensor))
        except Exception:  # a sequence or an optional value
            found.append(None)
    return found


def models(folder: Path) -> Iterator[Case]:
    """Yield the models of a folder that onnxruntime runs with random inputs."""
    for path in sorted(folder.glob("*.onnx")):
        try:
            loaded = load(path)
            signature = Signature.of(decode(loaded).graph)
            feeds = next(iter(random_cases(signature, 0))).feeds
            results = onnxruntime(str(path))(feeds)
        except Exception as error:
            print(f"{path.name}: {str(error)[:80]}", file=sys.stderr)
            continue
        yield Case(onnx.load(path), feeds, results, 0, 1e-3, of_scale=True)


def verdict(prepare: Callable[[onnx.ModelProto], Run], case: Case) -> str:
    """Run a case in a process of its own."""
    process = os.fork()
    if not process:
        os._exit(CODES[_outcome(prepare, case)])
    _, status = os.waitpid(process, 0)
    code = os.waitstatus_to_exitcode(status)
    return next((name for name, number in CODES.items() if number == code), CRASHED)


def _outcome(prepare: Callable[[onnx.ModelProto], Run], case: Case) -> str:
    signal.alarm(SECONDS)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    try:
        found = prepare(case.model)(case.feeds)
    except BaseException:
        return FAILED
    pairs = [*zip(found, case.results)]
    right = len(found) == len(case.results) and all(_agrees(*p, case) for p in pairs)
    return PASSED if right else DIFFERS


def _agrees(ours: Any, theirs: Any, case: Case) -> bool:
    theirs = np.asarray(theirs)
    if hasattr(ours, "detach"):
        ours = ours.detach().numpy()
    ours = np.asarray(ours)
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return False
    if theirs.dtype.kind not in "fcV":
        return bool(np.array_equal(ours, theirs))
    wide = np.complex128 if theirs.dtype.kind == "c" else np.float64
    ours, theirs = ours.astype(wide), theirs.astype(wide)
    finite = np.abs(theirs[np.isfinite(theirs)])
    scale = float(finite.max(initial=0)) if case.of_scale else 1.0
    return bool(
        np.allclose(ours, theirs, case.relative, case.absolute * scale, equal_nan=True)
    )


def main() -> int:
    """Print how many cases each engine passes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.torch_peers")
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=[*ENGINES])
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    importlib.import_module("torch").set_num_threads(1)
    engines = [name for name in options.engines if importlib.util.find_spec(name)]
    for name in engines:
        importlib.import_module(name)  # once, before processes are forked
    counts: dict[tuple[str, str], Counter[str]] = {}
    suites: dict[str, Iterator[Case]] = {"ONNX's suite": official()}
    suites.update((folder.name, models(folder)) for folder in options.folders)
    for suite, cases in suites.items():
        for case in cases:
            for name in engines:
                count = counts.setdefault((suite, name), Counter())
                count[verdict(ENGINES[name], case)] += 1
    verdicts = (PASSED, DIFFERS, FAILED, CRASHED)
    print(f"| cases | engine | {' | '.join(verdicts)} |")
    print(f"| --- | --- |{' ---: |' * len(verdicts)}")
    for (suite, name), count in counts.items():
        numbers = " | ".join(str(count[each]) for each in verdicts)
        version = "" if name == "onnx2py" else f" {metadata.version(name)}"
        print(f"| {suite} | {name}{version} | {numbers} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
