"""A finished package in one file: a wheel, a runnable archive, or a single module.

Each contains the package's own files, unchanged, and is reproducible: it contains no time and
no host name. A file is written completely or not at all.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..emit.package_name import name_problem, proposed_name
from ..emit.provenance import Provenance
from ..errors import OutputError
from ..options import Options
from ..targets import find_target
from .archive import Contents
from .sbom import bill_of_materials
from .single_file import check_weights, write_single_file
from .wheel import wheel_name, write_wheel
from .zipapp import write_zipapp


@dataclass(frozen=True)
class Shipment:
    """A file created from a package."""

    kind: str
    path: Path
    size: int
    """In bytes."""


def check_shipments(options: Options) -> None:
    """Check that the requested files can be written, before any work is done.

    Raises
    ------
    OutputError
        If a folder does not exist or cannot be written to, or if a folder is in the way.
    """
    asked = (options.zipapp, options.single_file, options.report, options.sbom)
    files = [Path(p) for p in asked if p is not None]
    folders = [(file.parent, file) for file in files]
    if options.single_file is not None:
        _check_module_name(Path(options.single_file))
    if options.wheel is not None:
        folder = Path(options.wheel)
        folders.append((_nearest_folder(folder), folder / "wheel"))
    for folder, file in folders:
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            raise OutputError(f"{folder}: expected a folder that can be written to")
        if file.is_dir() or file.is_symlink():
            raise OutputError(f"{file}: expected a file, or nothing there")


def _check_module_name(file: Path) -> None:
    """Reject a file name that Python cannot import."""
    stem = file.name.removesuffix(".py")
    problem = name_problem(stem)
    if problem is None and stem == file.name:
        problem = "expected a file name that ends in .py"
    if problem is not None:
        name = str(file.with_name(f"{proposed_name(stem)}.py"))
        raise OutputError(f"{file}: {problem}, got {file.name!r}; try {name!r}")


def _nearest_folder(folder: Path) -> Path:
    """Return a folder, or the nearest existing folder above it."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder


def check_size(options: Options, weight_bytes: int) -> None:
    """Check the size of a package against the options, before anything is written.

    Raises
    ------
    OutputError
        If it is too large.
    """
    if options.single_file is not None:
        check_weights(weight_bytes, Path(options.single_file))


def ship(
    folder: Path,
    options: Options,
    requires: tuple[str, ...],
    origin: Provenance,
    page: Callable[[], str],
) -> tuple[Shipment, ...]:
    """Write the requested files for the package in a folder; ``page`` writes the report.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    contents = Contents(
        folder.name,
        _files(folder),
        requires,
        origin.sha256,
        library=find_target(options.target).title,
    )
    made = []
    if options.wheel is not None:
        _make_folder(Path(options.wheel))
        path = Path(options.wheel) / wheel_name(contents)
        made.append(_written("wheel", path, contents, write_wheel))
    if options.zipapp is not None:
        made.append(_written("zipapp", Path(options.zipapp), contents, write_zipapp))
    if options.single_file is not None:
        path = Path(options.single_file)
        made.append(_written("single file", path, contents, write_single_file))
    if options.sbom is not None:
        text = bill_of_materials(contents, origin).encode("utf-8")
        path = Path(options.sbom)
        made.append(
            _written("SBOM", path, contents, lambda file, _: _write(file, text))
        )
    if options.report is not None:
        data = page().encode("utf-8")
        path = Path(options.report)
        made.append(
            _written("report", path, contents, lambda file, _: _write(file, data))
        )
    return tuple(made)


def ship_wheel(
    folder: Path,
    place: Path,
    requires: tuple[str, ...],
    sha256: str,
    distribution: str,
) -> tuple[Shipment, ...]:
    """Write a wheel of the package in a folder, with a distribution name of its own.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    _make_folder(place)
    contents = Contents(folder.name, _files(folder), requires, sha256, distribution)
    return (_written("wheel", place / wheel_name(contents), contents, write_wheel),)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{folder}: cannot be created: {error.strerror or error}"
        ) from None


def _write(file: Path, data: bytes) -> None:
    file.write_bytes(data)


def _files(folder: Path) -> dict[str, Path]:
    found: Iterator[Path] = folder.rglob("*")
    return {
        path.relative_to(folder).as_posix(): path
        for path in sorted(found)
        if path.is_file() and "__pycache__" not in path.parts
    }


def _written(
    kind: str, path: Path, contents: Contents, write: Callable[[Path, Contents], None]
) -> Shipment:
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        os.close(handle)
        try:
            write(Path(name), contents)
            size = os.path.getsize(name)
            mode = 0o777 if kind == "zipapp" else 0o666
            os.chmod(name, mode & ~_umask())
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written: {error.strerror or error}"
        ) from None
    return Shipment(kind, path, size)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
