"""Where the examples lie, and how one is run where NumPy alone can be imported."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "generated_examples"
NAMES = ("mnist", "transformer", "gpt", "loop", "pipeline")

ISOLATED = """
import runpy, sys
folder, numpy_folder, package = sys.argv[1:]

class OnlyNumPy:
    allowed = {*sys.stdlib_module_names, *sys.builtin_module_names, "numpy", package}
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in self.allowed or top.startswith("_sysconfigdata"):
            return None
        raise ModuleNotFoundError(f"{name} is not allowed here", name=name)

sys.meta_path.insert(0, OnlyNumPy())
sys.path += [folder, numpy_folder]
sys.argv = [package]
runpy.run_module(package, run_name="__main__", alter_sys=True)
"""


def run_isolated(folder: Path, package: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m package`` in ``folder``, without site-packages but for NumPy."""
    site = Path(np.__file__).parents[1]
    command = [sys.executable, "-I", "-S", "-B", "-c", ISOLATED]
    return subprocess.run(
        [*command, str(folder), str(site), package],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


def example(name: str) -> Any:
    """Import an example."""
    return importlib.import_module(f"generated_examples.{name}")


def ask_onnxruntime(name: str, feeds: dict[str, Any]) -> list[Any]:
    """Return onnxruntime's outputs of an example's model."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    path = EXAMPLES / f"{name}.onnx"
    session = onnxruntime.InferenceSession(str(path), options)
    return list(session.run(None, feeds))
