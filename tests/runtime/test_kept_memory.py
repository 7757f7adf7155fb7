"""Who keeps memory between calls, and how to refuse: the allocator belongs to the process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import onnx2py

from ..support import parsed

WIDE = "g (float[n, 30000] x) => (float[n, 30000] y) { a = Exp (x) b = Softmax (a) y = Sin (b) }"

HEAD = """
import pickle, sys
import numpy as np

def megabytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 1e6

def kept():
    before = megabytes()
    block = np.ones(2_500_000)  # 20 MB, as any library of the process could
    del block
    return megabytes() - before
"""

RETURNED, KEPT = (-2, 2), (18, 22)
"""How much larger the process is after it freed 20 MB, in MB."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kept")
    model = parsed(WIDE)
    onnx2py.compile_model(model, path / "wide")
    onnx2py.compile_model(model, path / "plain", level=0)
    (path / "wide.onnx").write_bytes(model.SerializeToString())
    onnx2py.compile_shim([path / "wide.onnx"], path / "shim")
    return path


def grown(folder: Path, code: str, **environment: str) -> float:
    """Return how much memory a process keeps that it freed after ``code``, in MB."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", f"{HEAD}\n{code}\nprint(kept())"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{folder}:{folder / 'shim'}", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


SESSION = """
from {package} import InferenceSession, {options}
options = {options}()
options.enable_cpu_mem_arena = {arena}
session = InferenceSession("wide.onnx", options)
session.run(None, {{"x": np.ones((1, 30000), "f")}})
"""

CODES = {
    "nothing": ("", RETURNED),
    "a model": ("from wide import Model; Model()", KEPT),
    "a model that must not": (
        "from wide import Model; Model(keep_memory=False)(np.ones((1, 30000), 'f'))",
        RETURNED,
    ),
    "one of two": (
        "from wide import Model; Model(keep_memory=False), Model()",
        KEPT,
    ),
    "a pickled one": (
        "from wide import Model; m = Model(); pickle.loads(pickle.dumps(m))",
        KEPT,
    ),
    "a pickled one that must not": (
        "from wide import Model\nm = Model(keep_memory=False)\n"
        "assert not pickle.loads(pickle.dumps(m)).keep_memory",
        RETURNED,
    ),
    "-O0": ("from plain import Model; Model()", RETURNED),
    "a session": ("from wide import InferenceSession; InferenceSession()", KEPT),
    "the stand-in's session": (
        SESSION.format(package="onnxruntime", options="SessionOptions", arena=True),
        KEPT,
    ),
    "the stand-in's session without arena": (
        SESSION.format(package="onnxruntime", options="SessionOptions", arena=False),
        RETURNED,
    ),
    "a session without arena": (
        "from types import SimpleNamespace\nfrom wide import InferenceSession\n"
        "InferenceSession('', SimpleNamespace(enable_cpu_mem_arena=False))",
        RETURNED,
    ),
}


@pytest.mark.parametrize("case", CODES)
def test_memory_that_is_freed_after(folder, case):
    code, (low, high) = CODES[case]
    assert low < grown(folder, code) < high


def test_the_environment_refuses_for_all(folder):
    code, _ = CODES["a model"]
    low, high = RETURNED
    assert low < grown(folder, code, MALLOC_MMAP_THRESHOLD_="131072") < high
