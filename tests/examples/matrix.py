"""Run the examples on every Python found here, with the oldest and the newest NumPy.

``python -m tests.examples.matrix`` (``make matrix``) makes an environment for each pair in
a temporary folder, so it needs a package index. It prints a table; the exit status is 1 if
an example fails, or if no other Python is found.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .support import EXAMPLES, NAMES

OLDEST = {
    "3.9": "1.22.0",
    "3.10": "1.22.0",
    "3.11": "1.23.2",
    "3.12": "1.26.0",
    "3.13": "2.1.0",
    "3.14": "2.3.2",
}
"""The oldest supported NumPy that has wheels for a version of Python."""


def find_pythons() -> dict[str, str]:
    """Return an interpreter for each supported version: pyenv's, or one on the PATH."""
    found = {}
    for version in OLDEST:
        pyenv = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
        for candidate in (*map(str, pyenv), shutil.which(f"python{version}")):
            if candidate and _version(candidate, "sys.version.split()[0]"):
                found[version] = candidate
                break
    return found


def _version(python: str, expression: str) -> str:
    code = f"import sys; print({expression})"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def check(python: str, numpy: str, folder: Path) -> Iterator[str]:
    """Yield the versions of Python and NumPy, then a verdict for each example."""
    subprocess.run([python, "-m", "venv", str(folder)], check=True)
    inner = str(folder / "bin" / "python")
    install = [
        inner,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--only-binary",
        ":all:",
        numpy,
    ]
    subprocess.run([*install, "--disable-pip-version-check"], check=True)
    yield _version(inner, "sys.version.split()[0]")
    yield _version(inner, "__import__('numpy').__version__")
    for name in NAMES:
        command = [inner, "-B", "-W", "error", "-m", name]
        done = subprocess.run(command, cwd=EXAMPLES, capture_output=True, text=True)
        if done.returncode:
            print(f"{name}:\n{done.stdout}{done.stderr}", file=sys.stderr)
        yield "FAILS" if done.returncode else "agrees"


def main() -> int:
    """Check all pairs; print a table."""
    pythons = find_pythons()
    if not pythons:
        print("no supported Python found", file=sys.stderr)
        return 1
    print("| Python  | NumPy   | " + " | ".join(f"{name:11}" for name in NAMES) + " |")
    print("| ------- | ------- | " + " | ".join("-" * 11 for _ in NAMES) + " |")
    failed = False
    for version, python in pythons.items():
        for numpy in (f"numpy=={OLDEST[version]}", "numpy"):
            with tempfile.TemporaryDirectory() as folder:
                row = list(check(python, numpy, Path(folder)))
            failed |= "FAILS" in row
            widths = (7, 7, *[11] * len(NAMES))
            cells = (f"{cell:{width}}" for cell, width in zip(row, widths))
            print(f"| {' | '.join(cells)} |", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
