"""The same file gives the same bytes, wherever and whenever it is compiled."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import onnx
import onnx.parser
import pytest

TEXT = """<ir_version: 8, opset_import: ["" : 17]> net (float[n, 3] x, bool c) => (float[n, 3] y)
    <float[3, 3] w = {1, 2, 3, 4, 5, 6, 7, 8, 9}, float[3] b = {0.1, 0.2, 1e-30}> {
      m = MatMul (x, w) a = Add (m, b)
      y = If (c) <then_branch = t () => (float[n, 3] p) { p = Softmax <axis = -1> (a) },
                  else_branch = e () => (float[n, 3] q) { q = Tanh (a) }> }"""

WHERE = {
    "as it is": {},
    "another hash seed": {"PYTHONHASHSEED": "4711"},
    "no locale": {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "Turkish": {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"},
    "another time zone": {"TZ": "Pacific/Kiritimati"},
    "another date": {"SOURCE_DATE_EPOCH": "0"},
    "one thread": {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    "optimized": {"PYTHONOPTIMIZE": "2"},
}  # fmt: skip


def digest(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder)
        .as_posix(): hashlib.sha256(path.read_bytes())
        .hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def made(
    tmp_path: Path, environment: dict[str, str], umask: int = 0o022
) -> dict[str, str]:
    tmp_path.mkdir(parents=True)
    model = onnx.parser.parse_model(TEXT)
    model.graph.name, model.graph.node[0].name = "réseau", "ıİ ß 漢字"
    onnx.save(model, tmp_path / "m.onnx")
    work = tmp_path / "a b" / "ü"
    work.mkdir(parents=True)
    command = [
        sys.executable,
        "-m",
        "onnx2py",
        "../../m.onnx",
        "-o",
        str(tmp_path / "net"),
        "-q",
    ]
    command += ["--wheel", str(tmp_path), "--zipapp", str(tmp_path / "net.pyz")]
    command += [
        "--single-file",
        str(tmp_path / "net_one.py"),
        "--report",
        str(tmp_path / "r.html"),
    ]
    done = subprocess.run(
        command, cwd=work, env={**os.environ, **environment}, umask=umask,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = digest(tmp_path)
    assert len(found) > 15
    return found


@pytest.fixture(scope="module")
def first(tmp_path_factory) -> dict[str, str]:
    return made(tmp_path_factory.mktemp("first") / "place", {})


@pytest.mark.parametrize("name", WHERE)
def test_the_same_bytes(tmp_path, first, name):
    assert made(tmp_path / "another" / "folder", WHERE[name]) == first


def test_the_same_bytes_under_another_umask(tmp_path, first):
    assert made(tmp_path / "folder", {}, umask=0o077) == first
