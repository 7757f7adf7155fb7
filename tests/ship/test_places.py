"""Where a package may lie: a folder that cannot be written to, a frozen program."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from generated_examples.make.__main__ import digit_pictures
from tests.examples.support import EXAMPLES, ask_onnxruntime

USE = """
import numpy as np
from mnist import InferenceSession, Model

pictures = np.load("pictures.npy")
(found,) = InferenceSession().run(None, {"image": pictures})
assert (Model()(pictures) == found).all()
np.save("found.npy", found)
"""
LOOK = """
from mnist.tools.watch import trace

try:
    print(sorted(trace(Model(), pictures).values)[:2])
except OSError as error:
    print(error)
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with pictures, and a package in another."""
    shutil.copytree(
        EXAMPLES / "mnist",
        tmp_path / "apart" / "mnist",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    np.save(tmp_path / "pictures.npy", digit_pictures())
    return tmp_path


def check(place: Path) -> None:
    (expected,) = ask_onnxruntime("mnist", {"image": digit_pictures()})
    np.testing.assert_allclose(np.load(place / "found.npy"), expected, atol=1e-5)


def test_a_folder_that_cannot_be_written_to(place: Path) -> None:
    """The superuser writes where he likes, unless that power is taken from him."""
    apart = place / "apart"
    folders = [path for path in apart.rglob("*") if path.is_dir()]
    before = sorted(apart.rglob("*"))
    for path in (apart, *folders):
        path.chmod(0o555)
    powerless = ["setpriv", "--bounding-set", "-dac_override"]
    prefix = powerless if os.geteuid() == 0 else []
    probe = (
        "import sys\n"
        "try:\n    open(sys.path[0] + '/probe', 'w')\n"
        "except PermissionError:\n    pass\n"
        "else:\n    sys.exit('it can be written to')\n"
    )
    (place / "use.py").write_text(f"{USE}{LOOK}")
    env = {"PYTHONPATH": str(apart), "PATH": os.environ["PATH"]}
    try:
        for arguments in (
            ["-c", f"import sys; del sys.path[0]\n{probe}"],
            ["use.py"],
            ["-m", "mnist"],
            ["-m", "mnist", "info"],
        ):
            done = subprocess.run(
                [*prefix, sys.executable, *arguments],
                cwd=place,
                env=env,
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, done.stdout + done.stderr
    finally:
        for path in (apart, *folders):
            path.chmod(0o755)
    check(place)
    assert sorted(apart.rglob("*")) == before


def test_frozen_by_pyinstaller(place: Path) -> None:
    """As docs/deploying.md says; what is frozen runs where there is no Python."""
    (place / "use.py").write_text(f"{USE}{LOOK}")
    done = subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "PyInstaller",
                "--noconfirm",
                "--log-level",
                "ERROR",
            ),
            *("--collect-data", "mnist", "use.py"),
        ],
        cwd=place,
        env={
            **os.environ,
            "PYTHONPATH": str(place / "apart"),
            "PYINSTALLER_CONFIG_DIR": str(place / "cache"),
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    shutil.rmtree(place / "apart")
    ran = subprocess.run(
        [place / "dist" / "use" / "use"],
        cwd=place,
        env={},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    check(place)
    assert "watch: expected the source of model.py" in ran.stdout
