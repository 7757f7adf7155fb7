"""One engine, imported once: ``python -m benchmarks.peers.serve ENGINE``.

Reads the path of a case from each line of its input and answers with a line of JSON. Each case runs
in a process of its own, which is a copy of this one: a crash or an endless loop costs one case.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import platform
import re
import resource
import select
import signal
import sys
import tempfile
import time
import warnings
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from . import compare, engines, jax_engines
from .cases import Case

PASSED, DIFFERS, REFUSED, CRASHED = "passed", "differs", "refused", "crashed"
VERDICTS = (PASSED, DIFFERS, REFUSED, CRASHED)
CPU_SECONDS = 120
WALL_SECONDS = 600
MEMORY = 10 << 30
LONGEST = 160
"""Characters of a reason that are kept."""

Answer = dict[str, Any]


def verdict(engine: str, path: Path) -> Answer:
    """Run a case in a process of its own, with a folder for its files."""
    receiving, sending = os.pipe()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        process = os.fork()
        if not process:
            os.close(receiving)
            tempfile.tempdir = folder
            os.chdir(folder)  # engines leave files
            os.write(sending, json.dumps(_outcome(engine, path)).encode() + b"\n")
            os._exit(0)
        os.close(sending)
        found = _received(receiving, process, begun + WALL_SECONDS)
        os.close(receiving)
    return {**found, "seconds": round(time.monotonic() - begun, 2)}


def _received(stream: int, process: int, end: float) -> Answer:
    """Return the answer of a process, or how it ended; end it with all its children."""
    text, status = b"", None
    while not text.endswith(b"\n") and time.monotonic() < end:
        readable, _, _ = select.select([stream], [], [], 0.1)
        part = os.read(stream, 1 << 16) if readable else b""
        text += part
        if not part and (readable or status is not None):
            break
        if status is None:
            ended, code = os.waitpid(process, os.WNOHANG)
            status = code if ended else None
    late = time.monotonic() > end
    with contextlib.suppress(ProcessLookupError):  # all have ended
        os.killpg(process, signal.SIGKILL)
    if status is None:
        status = os.waitpid(process, 0)[1]
    if text.endswith(b"\n"):
        found: Answer = json.loads(text)
        return found
    reason = f"more than {WALL_SECONDS} s" if late else _ending(status)
    return {"verdict": CRASHED, "reason": reason}


def _ending(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    if -code == signal.SIGPROF:
        return f"more than {CPU_SECONDS} s of CPU time"
    return signal.Signals(-code).name if code < 0 else f"ended with {code}"


def _outcome(engine: str, path: Path) -> Answer:
    os.setsid()
    signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 2)
    stage = "reading"
    try:
        case = Case.read(path)
        stage = "conversion"
        run = _engine(engine)(case.model, case.data[0][0])
        stage = "call"
        for inputs, outputs in case.data:
            found = [engines.as_array(value) for value in run(inputs)]
            if not compare.agree(found, outputs, case):
                if _is_other(engine) and any(map(engines.is_narrow, inputs)):
                    raise TypeError("PyTorch lacks the element type of an input")
                return {"verdict": DIFFERS, "reason": _described(found, outputs)}
    except MemoryError:
        return {"verdict": CRASHED, "reason": "memory"}
    except BaseException as error:
        reason = re.sub(r"\s+", " ", f"{type(error).__name__}: {error}")
        return {"verdict": REFUSED, "stage": stage, "reason": reason[:LONGEST]}
    return {"verdict": PASSED}


def _engine(name: str) -> engines.Engine:
    return {**engines.ENGINES, **jax_engines.ENGINES}[name]


def _is_other(name: str) -> bool:
    return name in engines.ENGINES and name != "onnx2py"


def _described(found: Any, expected: Any) -> str:
    return f"{_kinds(found)} for {_kinds(expected)}"[:LONGEST]


def _kinds(values: Any) -> str:
    if isinstance(values, (list, tuple)):
        return f"[{', '.join(map(_kinds, values))}]"
    if hasattr(values, "dtype"):
        return f"{values.dtype}{[*values.shape]}"
    return type(values).__name__


def versions(engine: str) -> dict[str, str]:
    """Return the versions that results depend on."""
    library = "jax" if engine in jax_engines.ENGINES else "torch"
    package = engine.removesuffix("_jit").removesuffix("_jax")
    wanted = ["onnx", "numpy", library, *([package] if package != "onnx2py" else [])]
    return {
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in wanted},
    }


def warm(engine: str) -> None:
    """Compute one node, so that copies of this process have all that engines import and cache."""
    parser = importlib.import_module("onnx.parser")
    header = '<ir_version: 8, opset_import: ["": 17]>'
    model = parser.parse_model(
        f"{header} g (float[2] x) => (float[2] y) {{ y = Relu(x) }}"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "relu.onnx"
        path.write_bytes(model.SerializeToString())
        tempfile.tempdir = folder
        inputs = [np.float32([-1, 1])]
        _engine(engine)(path, inputs)(inputs)
        tempfile.tempdir = None


def main(engine: str) -> int:
    """Answer for each case; the first line has the versions."""
    warnings.filterwarnings("ignore")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # engines print
    if engine in jax_engines.ENGINES:
        jax_engines.import_all(engine)
    else:
        importlib.import_module("torch").set_num_threads(1)
        warm(engine)
    gc.collect()
    gc.freeze()
    print(json.dumps(versions(engine)), file=answers, flush=True)
    for line in sys.stdin:
        found = verdict(engine, Path(line.strip()))
        print(json.dumps(found), file=answers, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
