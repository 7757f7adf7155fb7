"""Which packages for PyTorch can be compiled whole, and exported.

``python -m benchmarks.traceable FOLDER ...`` compiles each ONNX file in the folders for PyTorch,
traces the module with ``torch.compile(fullgraph=True)`` and with ``torch.export.export``, and calls
all three with the same random inputs. Prints a table: what failed, where, and why. The words of
PyTorch's tracers tell which models depend on data, in their control flow or their lengths. Each
model has a process and a time limit of its own.
"""

from __future__ import annotations

import argparse
import importlib
import multiprocessing
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import onnx2py
from onnx2py.decode import decode
from onnx2py.errors import Onnx2pyError
from onnx2py.load import load
from onnx2py.verification.inputs import Signature, random_cases

YES, UNSUPPORTED, NO_INPUTS = "yes", "no package", "no inputs"
DATA, RANDOM, SLOW, OTHER = "data", "random numbers", "time", "other"
VERDICTS = {
    YES: "are compiled whole and exported",
    DATA: "depend on data",
    RANDOM: "draw random numbers",
    SLOW: "took too long",
    OTHER: "fail for another reason",
    UNSUPPORTED: "have no package for PyTorch",
    NO_INPUTS: "accept no random inputs",
}
"""What the last lines say of models, by verdict."""

BY_DATA = re.compile(
    r"data[- ]dependent|Dynamic control flow|Tensor\.item|_local_scalar_dense"
    r"|dynamic (output )?shape operator|capture_scalar_outputs|unbacked",
    re.IGNORECASE,
)
"""What tracers say where numbers in a tensor decide on control flow or lengths."""

PLACE = re.compile(r'model\.py", line \d+, in \w+\n *(.*)')
"""The line of a model in the traceback of a tracer."""

DETAIL = 140
"""The most characters of a reason."""
TOLERANCE = 1e-4
"""How far results may differ, relative to their largest element: inductor fuses operations."""

HEADER = (
    "| model | `torch.compile` | `torch.export` | why not |",
    "| --- | --- | --- | --- |",
)

METHODS = multiprocessing.get_all_start_methods()
PROCESSES: Any = multiprocessing.get_context(
    "forkserver" if "forkserver" in METHODS else "spawn"
)
"""A server imports PyTorch once, and forks."""

Row = Mapping[str, str]
"""What was found out of a model: ``verdict``, ``compile``, ``export``, ``why``."""


def examined(file: Path, backend: str) -> Row:
    """Trace the package of a model in this process."""
    torch = importlib.import_module("torch")
    torch.manual_seed(0)
    try:
        module = onnx2py.load_model(file, target="torch")
    except Onnx2pyError as error:
        return {"verdict": UNSUPPORTED, "why": shortened(str(error))}
    with torch.no_grad():
        found = accepted(module, file)
        if isinstance(found, str):
            return {"verdict": NO_INPUTS, "why": found}
        expected = module(*found)
        if not same(module(*found), expected):
            return {"verdict": RANDOM, "why": "two calls differ"}
        config = torch._dynamo.config
        if hasattr(config, "allow_rnn"):
            config.allow_rnn = True
        compiled = torch.compile(module, fullgraph=True, backend=backend)
        first, why = outcome(lambda: same(compiled(*found), expected))
        second, other = outcome(
            lambda: same(torch.export.export(module, found).module()(*found), expected)
        )
    reasons = [text for text in (why, other) if text]
    others = [text for text in reasons if not BY_DATA.search(text)]
    verdict = OTHER if others else DATA if reasons else YES
    shown = next(iter(others or reasons), "")
    return {"verdict": verdict, "compile": first, "export": second, "why": told(shown)}


def told(reason: str) -> str:
    """Return the line of ``model.py`` that a tracer stopped at, and its first words."""
    lines = PLACE.findall(reason)
    where = f"`{lines[-1].partition('  #')[0].strip()}`: " if lines else ""
    return shortened(where + reason)


def accepted(module: Any, file: Path) -> tuple[Any, ...] | str:
    """Return the first random inputs that a module accepts, or why it accepts none."""
    torch = importlib.import_module("torch")
    package = sys.modules[type(module).__module__.rpartition(".")[0]]
    reason = "no inputs"
    for case in random_cases(Signature.of(decode(load(file)).graph), 0):
        try:
            given = tuple(
                torch.from_numpy(np.asarray(case.feeds[spec.name]))
                for spec in package.INPUTS
                if spec.name in case.feeds
            )
            module(*given)
        except Exception as error:  # any: other lengths may do
            reason = shortened(f"{type(error).__name__}: {error}")
        else:
            return given
    return reason


def outcome(check: Callable[[], bool]) -> tuple[str, str]:
    """Return the cell of a way of tracing, and why it failed."""
    try:
        return (YES, "") if check() else ("differs", "results differ")
    except Exception as error:  # tracers raise anything
        return "no", f"{type(error).__name__}: {error}"


def same(results: Any, expected: Any) -> bool:
    """Whether results are equal, but for rounding."""
    ours, theirs = list(leaves(results)), list(leaves(expected))
    return len(ours) == len(theirs) and all(map(equal, ours, theirs))


def leaves(value: Any) -> Iterator[Any]:
    """Yield the tensors of a result."""
    if isinstance(value, (tuple, list)):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def equal(a: Any, b: Any) -> bool:
    """Whether two tensors have the same shape, type and numbers, but for rounding."""
    if a is None or b is None:
        return a is b
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    x, y = (np.asarray(t.detach().double()) for t in (a, b))
    largest = np.abs(y[np.isfinite(y)]).max(initial=0.0)
    return np.allclose(x, y, rtol=0, atol=TOLERANCE * largest, equal_nan=True)


def shortened(text: str) -> str:
    """Return the text of a message on one line, without the bars of tables."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    line = " ".join(lines[:3]).replace("|", "/")
    return line if len(line) <= DETAIL else f"{line[:DETAIL]}..."


def in_a_process(file: Path, seconds: float, backend: str) -> Row:
    """Examine a model in a process of its own, for no longer than some seconds."""
    receiver, sender = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=report, args=(file, backend, sender))
    process.start()
    sender.close()
    try:
        if not receiver.poll(seconds):
            return {"verdict": SLOW, "why": f"more than {seconds:g} seconds"}
        row: Row = receiver.recv()
        return row
    except EOFError:
        process.join()
        return {"verdict": OTHER, "why": f"exit status {process.exitcode}"}
    finally:
        process.kill()
        process.join()


def report(file: Path, backend: str, sender: Any) -> None:
    """Send what was found out of a model; PyTorch prints what it could not trace."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    sender.send(examined(file, backend))


def table(rows: Mapping[str, Row]) -> str:
    """Return a row for each model, and how many there are of each verdict."""
    lines = [*HEADER]
    for name, row in rows.items():
        cells = (
            name,
            row.get("compile", "-"),
            row.get("export", "-"),
            row.get("why", ""),
        )
        lines.append(f"| {' | '.join(cells)} |")
    counts = Counter(row["verdict"] for row in rows.values())
    lines += ["", f"Of {len(rows)} models:", ""]
    lines += [f"- {counts[v]} {what}" for v, what in VERDICTS.items() if counts[v]]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Examine all models and print a table; 1 if one fails for a reason other than data."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.traceable")
    add = parser.add_argument
    add("paths", nargs="+", type=Path, metavar="FOLDER", help="folders of ONNX files")
    add("--only", nargs="*", metavar="NAME", help="files, without .onnx")
    add("--seconds", type=float, default=300.0, help="time limit for each model")
    add("--backend", default="eager", help="backend of torch.compile")
    given = parser.parse_args(arguments)
    files = {
        file.stem: file
        for path in given.paths
        for file in (sorted(path.glob("*.onnx")) if path.is_dir() else [path])
        if not given.only or file.stem in given.only
    }
    if hasattr(PROCESSES, "set_forkserver_preload"):
        PROCESSES.set_forkserver_preload(["torch._dynamo", "torch.export", "onnx2py"])
    rows: dict[str, Row] = {}
    for name, file in files.items():
        rows[name] = in_a_process(file, given.seconds, given.backend)
        print(f"{name}: {rows[name]}", file=sys.stderr, flush=True)
    print(table(rows))
    return int(any(row["verdict"] == OTHER for row in rows.values()))


if __name__ == "__main__":
    sys.exit(main())
