"""The temporary folder next to a target in which a package is generated.

A killed process cannot clean up. Therefore each workshop has a file that is locked while its
owner runs. The next run that finds an unlocked workshop moves a package that was being replaced
back to its place if that is empty, and removes the workshop.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

LOCK = ".lock"
"""Suffix of the lock of a workshop."""
OLD = "old"
"""Folder for the package that is replaced."""


@contextmanager
def workshop(target: Path) -> Iterator[Path]:
    """Yield a new folder next to ``target`` that is removed afterwards in any case.

    Raises
    ------
    OSError
        If it cannot be created.
    """
    tidy(target)
    # The name comes first: a signal at any moment leaves nothing that is not cleaned up.
    folder = target.with_name(f".{target.name}-{secrets.token_hex(6)}")
    try:
        with lock_of(folder).open("x") as lock:
            with suppress(OSError):  # some network file systems have no locks
                _locked(lock)
            folder.mkdir(mode=0o700)
            yield folder
    finally:
        _remove(folder)


def lock_of(folder: Path) -> Path:
    """Return the path of a workshop's lock."""
    return folder.with_name(f"{folder.name}{LOCK}")


def tidy(target: Path) -> None:
    """Clean up after killed processes next to ``target``."""
    for path in target.parent.glob(f".{target.name}-*{LOCK}"):
        folder = path.with_name(path.name[: -len(LOCK)])
        try:
            with path.open("r+") as lock:
                if not _locked(lock):
                    continue  # its owner is running
                if (folder / OLD).is_dir() and not target.exists():
                    os.rename(folder / OLD, target)
        except OSError:
            continue  # another process was faster
        _remove(folder)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if os.path.lexists(folder):
        return  # as when no more files may be opened; with its lock, the next run finds it
    with suppress(OSError):
        lock_of(folder).unlink()


def _locked(stream: IO[str]) -> bool:
    """Lock a file until it is closed; return False if another process has it locked."""
    try:
        import fcntl
    except ImportError:  # Windows
        return _locked_on_windows(stream)
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _locked_on_windows(stream: IO[str]) -> bool:
    import msvcrt

    try:
        msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    except OSError:
        return False
    return True
