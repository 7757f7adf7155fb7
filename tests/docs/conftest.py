"""A folder with the model and the package that the documentation talks about."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

import onnx2py
from tests.docs.support import MNIST, NAMES, programs


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with ``mnist.onnx``, the packages of it and all programs, on the path."""
    shutil.copyfile(MNIST.with_suffix(".onnx"), tmp_path / "mnist.onnx")
    shutil.copytree(MNIST, tmp_path / "mnist")
    onnx2py.compile_model(tmp_path / "mnist.onnx", tmp_path / "mnist_jax", target="jax")
    onnx2py.compile_model(
        tmp_path / "mnist.onnx", tmp_path / "mnist_fast", accelerate=True
    )
    for name in NAMES:
        for file, code in programs(name).items():
            (tmp_path / file).write_text(code)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    packages = "mnist", "mnist_fast", "mnist_jax"
    for module in [m for m in sys.modules if m.partition(".")[0] in packages]:
        monkeypatch.delitem(sys.modules, module)
    return tmp_path
