"""Packages for PyTorch in one file: wheels and archives that run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
import torch

import onnx2py
from benchmarks.pages import ROOT
from onnx2py.errors import OptionError
from tests.targets.torch.models import drawn, loaded

MNIST = ROOT / "generated_examples" / "mnist.onnx"


def ship(place: Path) -> tuple[Path, Path]:
    """Write a wheel and an archive; return both."""
    place.mkdir()
    options = {"wheel": place / "dist", "zipapp": place / "net.pyz", "verify": True}
    onnx2py.compile_model(MNIST, place / "net", target="torch", **options)
    (wheel,) = (place / "dist").iterdir()
    return wheel, place / "net.pyz"


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    return ship(tmp_path_factory.mktemp("shipped") / "here")


def python(*words: str, path: str = "") -> str:
    """Run Python; ``path`` comes first among the places of modules."""
    places = os.pathsep.join([path, *sys.path] if path else sys.path)
    done = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": places},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_wheel_says_what_it_needs_and_computes(shipped, tmp_path):
    wheel, _ = shipped
    with ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    (info,) = tmp_path.glob("*.dist-info")
    metadata = (info / "METADATA").read_text()
    assert "Requires-Dist: torch>=2.4\n" in metadata and "plain PyTorch" in metadata
    assert (info / "licenses" / "LICENSE").is_file()
    x = drawn(2, 1, 28, 28)
    np.save(tmp_path / "x.npy", x)
    code = (
        "import torch, numpy as np, net; x = np.load('x.npy'); "
        "np.save('y.npy', net.Model()(torch.from_numpy(x)).detach().numpy())"
    )
    python("-c", f"import os; os.chdir({str(tmp_path)!r}); {code}", path=str(tmp_path))
    with torch.inference_mode():
        expected = loaded(MNIST)(torch.from_numpy(x)).numpy()
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), expected)


def test_an_archive_runs_without_being_unpacked(shipped, tmp_path):
    _, archive = shipped
    assert "agrees" in python(str(archive))
    assert "float32" in python(str(archive), "info")
    x = tmp_path / "x.npy"
    np.save(x, drawn(2, 1, 28, 28))
    python(str(archive), "run", "--input", f"image={x}", "-o", str(tmp_path / "out"))
    with torch.inference_mode():
        expected = loaded(MNIST)(torch.from_numpy(np.load(x))).numpy()
    found = np.load(tmp_path / "out" / "output.npy")
    np.testing.assert_array_equal(found, expected)
    assert "model.py:" in python(str(archive), "where", "conv1")


def test_the_same_bytes_each_time(shipped, tmp_path):
    for before, after in zip(shipped, ship(tmp_path / "there")):
        assert before.name == after.name
        assert before.read_bytes() == after.read_bytes()


def test_a_missing_file_of_weights_is_told(shipped, tmp_path):
    code = "import net; net.Model('/nowhere/w.safetensors')"
    with pytest.raises(AssertionError, match="FileNotFoundError.*no such file"):
        python("-c", code, path=str(shipped[1]))


def test_one_module_is_for_numpy_alone(tmp_path):
    with pytest.raises(OptionError, match="whose modules can be one"):
        onnx2py.compile_model(
            MNIST, tmp_path / "net", target="torch", single_file=tmp_path / "n.py"
        )
