"""Run packages on every Python found here, with every minor version of NumPy that has wheels.

``python -m tests.examples.matrix`` (``make matrix``) makes an environment for each pair in
a temporary folder, so it needs a package index. It runs the examples, and with
``--models FOLDER...`` ten models more, each compared with what it computed when it was made.
Each is also called from 32 threads at once (``threads.py``), ``--calls N`` times in each.
It prints a table, and with ``--write`` puts it into the documentation; the exit status is 1 if a
package fails, or if no other Python is found. ``--quick`` takes the oldest and newest NumPy.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from onnx2py import compile_model

from .support import EXAMPLES, NAMES

NUMPYS = (
    "1.22",
    "1.23",
    "1.24",
    "1.25",
    "1.26",
    "2.0",
    "2.1",
    "2.2",
    "2.3",
    "2.4",
    "2.5",
)
PAIRS = {
    "3.9": ("1.22", "2.0"),
    "3.10": ("1.22", "2.2"),
    "3.11": ("1.23", "2.4"),
    "3.12": ("1.26", "2.5"),
    "3.13": ("2.1", "2.5"),
    "3.13t": ("2.2", "2.4"),
    "3.14": ("2.3", "2.5"),
    "3.14t": ("2.3", "2.5"),
}
"""The oldest and the newest NumPy that has wheels for a version of Python; "t" is without
the global lock: there, NumPy 2.1 has wheels too, but ends the process (free(): invalid size)."""

MODELS = (
    "mnist-8", "kws-fp32", "winml-iris-mlp", "tract-xgb-cls", "torch-gru", "torch-unet",
    "hf-bert-mini-legacy14", "hf-whisper-encoder", "sk-rf-classifier", "torch-yolo-head-nms",
)  # fmt: skip


THREADS = Path(__file__).with_name("threads.py")


def find_pythons() -> dict[str, str]:
    """Return an interpreter for each supported version: pyenv's, or one on the PATH."""
    found = {}
    for version in PAIRS:
        pyenv = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
        uv = Path.home().glob(f".local/share/uv/python/cpython-{version}.*/bin/python3")
        named = shutil.which(f"python{version}")
        for candidate in (*map(str, pyenv), named, *map(str, sorted(uv))):
            if candidate and version_of(candidate, "sys.version.split()[0]"):
                found[version] = candidate
                break
    return found


def version_of(python: str, expression: str) -> str:
    """Return the value of an expression there, or nothing if the interpreter does not start."""
    code = f"import sys; print({expression})"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def numpys(version: str, quick: bool) -> list[str]:
    """Return the minor versions of NumPy to try with a version of Python."""
    oldest, newest = (NUMPYS.index(each) for each in PAIRS[version])
    chosen = NUMPYS[oldest : newest + 1]
    return list(dict.fromkeys([chosen[0], chosen[-1]])) if quick else list(chosen)


def environment(python: str, numpy: str, folder: Path) -> str:
    """Make an environment; return its interpreter, or nothing if there is no such wheel."""
    subprocess.run([python, "-m", "venv", str(folder)], check=True)
    inner = str(folder / "bin" / "python")
    install = [inner, "-m", "pip", "install", "--quiet", "--only-binary", ":all:"]
    install += ["--disable-pip-version-check", f"numpy=={numpy}.*"]
    done = subprocess.run(install, capture_output=True, text=True)
    return inner if done.returncode == 0 else ""


def agreeing(python: str, names: list[str], folder: Path) -> int:
    """Return how many packages of a folder compute what they did when they were made."""
    count = 0
    for name in names:
        command = [python, "-B", "-W", "error", "-m", name]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if done.returncode:
            print(f"{name}:\n{done.stdout}{done.stderr}", file=sys.stderr)
        count += not done.returncode
    return count


def same_in_threads(python: str, names: list[str], folder: Path, calls: int) -> int:
    """Return how many packages compute the same bits in 32 threads as alone."""
    count = 0
    for name in names:
        command = [python, "-B", str(THREADS), name, "--calls", str(calls)]
        # OpenBLAS's own threads wait for each other by spinning, minutes with 32 of ours.
        alone = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        done = subprocess.run(
            command, cwd=folder, env=alone, capture_output=True, text=True
        )
        if done.returncode:
            print(f"{done.stdout}{done.stderr}", file=sys.stderr)
        count += not done.returncode
    return count


def found_models(folders: list[Path]) -> list[Path]:
    """Return those of ``MODELS`` that lie in the folders."""
    every = [[folder / f"{name}.onnx" for folder in folders] for name in MODELS]
    found = (next(filter(Path.exists, paths), None) for paths in every)
    return [path for path in found if path is not None]


def compiled(folders: list[Path], out: Path) -> list[str]:
    """Compile the models that are found, each verified; return the packages' names."""
    names = []
    for path in found_models(folders):
        names.append(path.stem.replace("-", "_").replace(".", "_"))
        compile_model(path, out / names[-1], verify=True, layout=False)
    return names


def show(lines: list[str], section: str) -> None:
    """Print a table, and put it into a section of the documentation if that has a name."""
    table = "\n".join(lines)
    if section:
        from benchmarks.pages import write_section

        write_section(section, f"{table}\n")
    print(f"\n{table}")


def main() -> int:
    """Check all pairs; print a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.examples.matrix")
    parser.add_argument("--models", nargs="*", type=Path, default=[], metavar="FOLDER")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--calls", type=int, default=10, metavar="N")
    parser.add_argument("--only", nargs="*", metavar="PYTHON", help="such as 3.13t")
    parser.add_argument(
        "--write", action="store_true", help="put the table into docs/conformance.md"
    )
    chosen = parser.parse_args()
    found_here = find_pythons()
    pythons = {k: found_here[k] for k in chosen.only or found_here}
    if not pythons:
        print("no supported Python found", file=sys.stderr)
        return 1
    lines = ["| Python | NumPy | examples | models | in 32 threads |"]
    lines.append("| --- | --- | ---: | ---: | ---: |")
    failed = False
    with tempfile.TemporaryDirectory() as made:
        names = compiled(chosen.models, Path(made))
        for version, python in pythons.items():
            for numpy in numpys(version, chosen.quick):
                with tempfile.TemporaryDirectory() as folder:
                    inner = environment(python, numpy, Path(folder))
                    if not inner:
                        print(f"Python {version}: no NumPy {numpy}", file=sys.stderr)
                        continue
                    found = agreeing(inner, list(NAMES), EXAMPLES)
                    others = agreeing(inner, names, Path(made))
                    threads = same_in_threads(inner, names, Path(made), chosen.calls)
                    versions = (
                        version_of(inner, "sys.version.split()[0]") + version[4:],
                        version_of(inner, "__import__('numpy').__version__"),
                    )
                failed |= found < len(NAMES) or min(others, threads) < len(names)
                counts = f"{found} of {len(NAMES)} | {others} of {len(names)}"
                counts += f" | {threads} of {len(names)}"
                lines.append(f"| {' | '.join(versions)} | {counts} |")
                print(lines[-1], flush=True)
    show(lines, "matrix" if chosen.write else "")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
