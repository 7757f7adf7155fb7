"""Write the files of a package: all of them or none.

The files are written to a temporary folder next to the target, which then replaces the target
in one step. The package has a list of the files written, so that a later run knows which
files it may replace.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

import numpy as np

from ..errors import OutputError, from_here
from .arrays import write_array
from .package import Content
from .package_name import name_problem, proposed_name
from .swap import swap
from .workshop import OLD, workshop

MANIFEST = "onnx2py.json"
"""Lists the files that onnx2py wrote into a package, and the SHA-256 of its weights."""


def check_target(target: Path, *, force: bool, allowed: str = "") -> None:
    """Check that a package may be written to a target, before any work is done.

    The name ``allowed`` is valid although it hides a library.

    Raises
    ------
    OutputError
        If the target is a file, or a folder that onnx2py did not create and ``force`` is not
        set, or cannot be created.
    """
    name = from_here(target)
    problem = None if target.name == allowed != "" else name_problem(target.name)
    if problem:
        raise OutputError(
            f"{name}: {problem}, got {target.name!r}; "
            f"try {str(Path(name).with_name(proposed_name(target.name)))!r}"
            if target.name
            else f"{name}: {problem}"
        )
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise OutputError(
            f"{name}: expected a folder or nothing there, got a file or a link"
        )
    parent = target.parent
    if not parent.is_dir():
        folder = from_here(parent)
        raise OutputError(f"{name}: expected its folder {folder!r} to exist")
    if not os.access(parent, os.W_OK):
        raise OutputError(f"{name}: expected a folder that can be written to")
    if (
        target.is_dir()
        and any(target.iterdir())
        and read_manifest(target) is None
        and not force
    ):
        raise OutputError(
            f"{name}: expected a package that onnx2py made, or nothing there; "
            "--force writes into it and keeps the other files"
        )


def read_manifest(folder: Path) -> list[str] | None:
    """Return the files that onnx2py wrote into a folder, None if it did not create it."""
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files = found["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not isinstance(files, list) or not all(isinstance(name, str) for name in files):
        return None
    return files


@contextmanager
def staged(
    target: Path, files: Mapping[str, Content], source: Mapping[str, str] | None = None
) -> Iterator[Path]:
    """Write files to a temporary folder, yield the package there, then move it to ``target``.

    ``source`` is what the package's list of files says of the model it was made from.

    The yielded folder has the target's own name, so that it can be imported and tried out.
    If the body raises, nothing is moved. Files of the target that onnx2py did not write are
    kept.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    with ExitStack() as stack:
        with _told(target):
            place = stack.enter_context(workshop(target))
            folder = place / target.name
            record: dict[str, Any] = {"model": dict(source)} if source else {}
            record["weights"] = write_files(folder, files)
            _write_record(folder, record)
        yield folder
        with _told(target):
            finish_manifest(folder)
            _replace(folder, target, place / OLD)


@contextmanager
def _told(target: Path) -> Iterator[None]:
    """Convert an error of the system to an error of this project."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{target}: cannot be written: {error.strerror or error}"
        ) from None


class _Hashed:
    """A stream that is hashed as it is written."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream, self.digest = stream, hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        return self.stream.write(data)


def write_files(folder: Path, files: Mapping[str, Content]) -> dict[str, str]:
    """Write texts as UTF-8, arrays as .npy and weights; return the SHA-256 of each but texts."""
    hashes: dict[str, str] = {}
    folder.mkdir(mode=0o777, exist_ok=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            path.write_bytes(content.encode("utf-8"))
        else:
            with path.open("wb") as stream:
                hashed = _Hashed(stream)
                if isinstance(content, np.ndarray):
                    write_array(cast(IO[bytes], hashed), content)
                else:
                    content.write(cast(IO[bytes], hashed))
                hashes[name] = hashed.digest.hexdigest()
    return hashes


def finish_manifest(folder: Path) -> None:
    """Write the list of files of a finished package."""
    for cache in list(folder.rglob("__pycache__")):
        shutil.rmtree(cache, ignore_errors=True)
    files = sorted(
        p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()
    )
    record = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    record["files"] = sorted({*files, MANIFEST})
    _write_record(folder, record)


def divide_manifest(folder: Path, sources: Mapping[str, Mapping[str, str]]) -> None:
    """Give packages in a folder that was written a list of their own weights.

    ``sources`` has what is said of the model, for each package's path in the folder.
    """
    weights = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["weights"]
    for path, source in sources.items():
        start = f"{path}/"
        own = {k[len(start) :]: v for k, v in weights.items() if k.startswith(start)}
        _write_record(folder / path, {"model": dict(source), "weights": own})


def _write_record(folder: Path, record: Mapping[str, Any]) -> None:
    text = json.dumps(record, indent=1)
    (folder / MANIFEST).write_text(f"{text}\n", encoding="utf-8")


def _replace(folder: Path, target: Path, old: Path) -> None:
    """Replace the target by a finished package, in one step if the system supports it."""
    if not target.exists():
        os.rename(folder, target)
        return
    _keep_foreign_files(target, folder)
    if swap(folder, target):
        return
    os.rename(target, old)
    try:
        os.rename(folder, target)
    except OSError:
        os.rename(old, target)
        raise


def _keep_foreign_files(target: Path, folder: Path) -> None:
    """Copy files that onnx2py did not write from the old package to the new one."""
    ours = set(read_manifest(target) or ())
    our_folders = {str(p) for name in ours for p in PurePosixPath(name).parents}
    for path in sorted(target.rglob("*")):
        relative = path.relative_to(target)
        if "__pycache__" in relative.parts or relative.as_posix() in ours:
            continue
        copy = folder / relative
        if path.is_dir() and not path.is_symlink():
            if relative.as_posix() not in our_folders:
                copy.mkdir(parents=True, exist_ok=True)
            continue
        if copy.exists():
            raise OutputError(
                f"{target / relative}: expected a file that onnx2py wrote, got another file; "
                "move it away"
            )
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy, follow_symlinks=False)


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while block := source.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
