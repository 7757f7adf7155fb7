"""Compile the same models on every Python found here: the packages are the same bytes.

``python -m tests.examples.compilers [--models FOLDER...] [--write]`` installs the compiler
into an environment for each Python, so it needs a package index. It compiles the models of
the examples, and ten more of the folders, at both levels; ``--write`` puts the table into
the documentation. The exit status is 1 if a file differs, or if there are not two Pythons.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

from .matrix import find_pythons, found_models, show, version_of
from .support import EXAMPLES, NAMES, ROOT

OLDEST = (3, 10)
"""The oldest Python that the compiler itself runs on."""


def installed(python: str, folder: Path) -> str:
    """Install the compiler into a new environment; return the environment's interpreter."""
    subprocess.run([python, "-m", "venv", str(folder)], check=True)
    inner = str(folder / "bin" / "python")
    install = [inner, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, str(ROOT)], check=True)
    return inner


def digests(python: str, models: list[Path], out: Path) -> dict[str, str]:
    """Compile models at both levels; return the SHA-256 of each file written."""
    for model in models:
        for level in ("-O0", "-O1"):
            name = f"{model.stem}{level}".replace("-", "_").replace(".", "_")
            command = [python, "-m", "onnx2py", str(model), "-o", str(out / name), "-q"]
            subprocess.run([*command, level], check=True)
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def main() -> int:
    """Compare all Pythons with the first; print a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.examples.compilers")
    parser.add_argument("--models", nargs="*", type=Path, default=[], metavar="FOLDER")
    parser.add_argument(
        "--write", action="store_true", help="write it into docs/conformance.md"
    )
    chosen = parser.parse_args()
    models = [EXAMPLES / f"{name}.onnx" for name in NAMES]
    models += found_models(chosen.models)
    lines = ["| compiled on | NumPy | models | files that differ |"]
    lines.append("| --- | --- | ---: | ---: |")
    first: dict[str, str] = {}
    differing = 0
    for version, python in find_pythons().items():
        if version.endswith("t") or tuple(map(int, version.split("."))) < OLDEST:
            continue
        with (
            tempfile.TemporaryDirectory() as place,
            tempfile.TemporaryDirectory() as out,
        ):
            inner = installed(python, Path(place))
            found = digests(inner, models, Path(out))
            numpy = version_of(inner, "__import__('numpy').__version__")
            full = version_of(inner, "sys.version.split()[0]")
        first = first or found
        names = [k for k in {**first, **found} if first.get(k) != found.get(k)]
        for name in names:
            print(f"Python {version}: {name} differs", file=sys.stderr)
        differing += len(names)
        counts = f"{len(models)} | {len(names)} of {len(found)}"
        lines.append(f"| {full} | {numpy} | {counts} |")
        print(lines[-1], flush=True)
    show(lines, "compilers" if chosen.write else "")
    return 1 if differing or len(lines) < 4 else 0


if __name__ == "__main__":
    sys.exit(main())
