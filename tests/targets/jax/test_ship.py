"""Packages for JAX in one file: wheels and archives that run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import onnx
import pytest

import onnx2py
from onnx2py.errors import OptionError
from tests.targets.jax.models import drawn, expected, model

NET = model(
    "net (float[n, 20] x) => (float[n, 20] y) {"
    " c = Constant <value = float[20] {0,1,2,3,4,5,6,7,8,9,9,8,7,6,5,4,3,2,1,0}> ()"
    " a = MatMul (x, w) b = Sin (a) y = Add (b, c) }"
)
NET.graph.initializer.append(onnx.numpy_helper.from_array(drawn(20, 20, seed=1), "w"))


def ship(place: Path) -> tuple[Path, Path]:
    """Write a wheel and an archive; return both."""
    place.mkdir()
    options = {"wheel": place / "dist", "zipapp": place / "net.pyz", "verify": True}
    onnx2py.compile_model(NET, place / "net", target="jax", **options)
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
    assert "Requires-Dist: jax>=0.6.0\n" in metadata and "plain JAX" in metadata
    assert "Requires-Python: >=3.10\n" in metadata
    assert (info / "licenses" / "LICENSE").is_file()
    x = drawn(2, 20)
    np.save(tmp_path / "x.npy", x)
    code = "import numpy as np, net; np.save('y', net.Model()(np.load('x.npy')))"
    python("-c", f"import os; os.chdir({str(tmp_path)!r}); {code}", path=str(tmp_path))
    (theirs,) = expected(NET, {"x": x})
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), theirs, atol=1e-5)


def test_an_archive_runs_without_being_unpacked(shipped, tmp_path):
    _, archive = shipped
    x = tmp_path / "x.npy"
    np.save(x, drawn(2, 20))
    code = (
        "import sys; from net.tools.commands import main\n"
        f"for words in ([], ['info'], ['where', 'b'], "
        f"['run', '--input', {f'x={x}'!r}, '-o', {str(tmp_path / 'out')!r}]):\n"
        "    sys.argv[1:] = words\n"
        "    assert main() == 0"
    )
    printed = python("-c", code, path=str(archive))
    for text in ("agrees", "checksums match", "float32", "model.py:"):
        assert text in printed
    (theirs,) = expected(NET, {"x": np.load(x)})
    found = np.load(tmp_path / "out" / "output.npy")
    np.testing.assert_allclose(found, theirs, atol=1e-5)
    assert "agrees" in python(str(archive))


def test_the_same_bytes_each_time(shipped, tmp_path):
    for before, after in zip(shipped, ship(tmp_path / "there")):
        assert before.name == after.name
        assert before.read_bytes() == after.read_bytes()


def test_one_module_is_for_numpy_alone(tmp_path):
    with pytest.raises(OptionError, match="whose modules can be one"):
        onnx2py.compile_model(
            NET, tmp_path / "net", target="jax", single_file=tmp_path / "n.py"
        )
