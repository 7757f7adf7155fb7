"""Wheels and archives: installed and run as a user would."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import subprocess
import sys
import zipfile
from email import message_from_string
from pathlib import Path

import numpy as np
import onnx.parser
import pytest

import onnx2py
from onnx2py.cli import main

SMALL = """<ir_version: 8, opset_import: ["" : 17]>
g (float[n, 3] x) => (float[n, 2] y) <float[3, 2] w = {1, 2, 3, 4, 5, 6}> {
    h = MatMul (x, w) y = Softplus (h) }"""
X = np.array([[1, -2, 0.5]], np.float32)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a package, a wheel and an archive of it; onnx2py checked it before."""
    folder = tmp_path_factory.mktemp("shipped")
    onnx.save(onnx.parser.parse_model(SMALL), str(folder / "small.onnx"))
    names = [str(folder / name) for name in ("small.onnx", "Small", "small.pyz")]
    options = ["--verify", "--wheel", str(folder), "--zipapp", names[2], "-q"]
    assert main([names[0], "-o", names[1], *options]) == 0
    np.save(folder / "x.npy", X)
    return folder


def python(folder: Path, *arguments: str, path: Path | None = None) -> str:
    """Run Python in a folder without onnx2py's own; return what it prints."""
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    if path is not None:
        env["PYTHONPATH"] = str(path)
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def wheel_of(folder: Path) -> Path:
    (wheel,) = folder.glob("*.whl")
    return wheel


def test_the_wheel_installs(shipped: Path, tmp_path: Path):
    site = tmp_path / "site"
    pip = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target"]
    python(tmp_path, *pip, str(site), str(wheel_of(shipped)))
    code = (
        "import Small, numpy; print(Small.__file__); Small.Model()(numpy.load('x.npy'))"
    )
    assert str(site) in python(shipped, "-P", "-c", code, path=site)
    assert "agree" in python(tmp_path, "-m", "Small", path=site)
    code = "from importlib.metadata import version, requires\n"
    code += "print(version('Small'), requires('Small'))"
    sha = hashlib.sha256((shipped / "small.onnx").read_bytes()).hexdigest()
    assert python(tmp_path, "-c", code, path=site).split() == [
        f"1.0+{sha[:8]}",
        "['numpy>=1.22']",
    ]


def test_the_wheel_lists_what_it_holds(shipped: Path):
    with zipfile.ZipFile(wheel_of(shipped)) as wheel:
        names = wheel.namelist()
        info = next(n for n in names if n.endswith("/RECORD")).rpartition("/")[0]
        rows = list(csv.reader(io.StringIO(wheel.read(f"{info}/RECORD").decode())))
        assert [row[0] for row in rows] == names
        for name, digest, size in rows[:-1]:
            data = wheel.read(name)
            code = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode()
            assert (digest, size) == (f"sha256={code.rstrip('=')}", str(len(data)))
        metadata = message_from_string(wheel.read(f"{info}/METADATA").decode())
        assert metadata["Name"] == "Small" and metadata["Requires-Python"] == ">=3.9"


def test_the_archive_runs(shipped: Path, tmp_path: Path):
    archive = tmp_path / "elsewhere.pyz"
    archive.write_bytes((shipped / "small.pyz").read_bytes())
    archive.chmod(0o444)
    assert "agree" in python(tmp_path, str(archive))
    assert "float32[n, 3]" in python(tmp_path, str(archive), "info")
    x = shipped / "x.npy"
    python(tmp_path, str(archive), "run", "--input", f"x={x}", "-o", "out")
    expected = onnx2py.load_model(shipped / "small.onnx")(X)
    np.testing.assert_array_equal(np.load(tmp_path / "out" / "output.npy"), expected)
    assert os.access(shipped / "small.pyz", os.X_OK)


def test_the_archive_can_be_imported_from(shipped: Path, tmp_path: Path):
    code = "import Small, numpy; print(Small.Model()(numpy.ones((1, 3), 'f')).shape)"
    assert python(tmp_path, "-c", code, path=shipped / "small.pyz") == "(1, 2)\n"


def test_both_are_the_same_every_time(tmp_path: Path):
    model = onnx.parser.parse_model(SMALL)
    found = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        report = onnx2py.compile_model(
            model, folder / "same", wheel=folder, zipapp=folder / "same.pyz"
        )
        assert [s.kind for s in report.shipments] == ["wheel", "zipapp"]
        assert all(s.size == s.path.stat().st_size for s in report.shipments)
        found.append([s.path.read_bytes() for s in report.shipments])
    assert found[0] == found[1]


@pytest.mark.parametrize("option", ["wheel", "zipapp"])
def test_what_cannot_be_written_is_said_before_any_work(tmp_path: Path, option: str):
    model = onnx.parser.parse_model(SMALL)
    with pytest.raises(onnx2py.OutputError, match="expected a folder that can be"):
        onnx2py.compile_model(
            model, tmp_path / "small", **{option: tmp_path / "missing" / "file"}
        )
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_not_overwritten(tmp_path: Path):
    model = onnx.parser.parse_model(SMALL)
    (tmp_path / "here").mkdir()
    with pytest.raises(onnx2py.OutputError, match="here: expected a file, or nothing"):
        onnx2py.compile_model(model, tmp_path / "small", zipapp=tmp_path / "here")


def test_the_command_says_what_it_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    onnx.save(onnx.parser.parse_model(SMALL), str(tmp_path / "small.onnx"))
    options = ["--zipapp", str(tmp_path / "small.pyz")]
    assert (
        main([str(tmp_path / "small.onnx"), "-o", str(tmp_path / "small"), *options])
        == 0
    )
    size = (tmp_path / "small.pyz").stat().st_size
    said = capsys.readouterr().out
    assert f"zipapp: {tmp_path / 'small.pyz'}, " in said and size > 1000
