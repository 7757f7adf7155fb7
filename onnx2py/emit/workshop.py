"""The temporary folder beside a target in which a package is made.

A process that is killed cannot clean up. So a workshop is locked as long as its owner lives,
and the next run that finds one without a lock puts things right: a package that was on its way
out goes back to its place if that is empty, and the folder is removed.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

LOCK = "onnx2py.lock"
OLD = "old"
"""Where the package goes that is replaced."""


@contextmanager
def workshop(target: Path) -> Iterator[Path]:
    """Yield a new folder beside ``target``; it is gone afterwards, whatever happens.

    Raises
    ------
    OSError
        If it cannot be made.
    """
    tidy(target)
    folder = Path(tempfile.mkdtemp(prefix=_prefix(target), dir=target.parent))
    try:
        with (folder / "unlocked").open("w") as lock:
            with suppress(OSError):  # some network file systems have no locks
                _locked(lock)
            # Only now others see it: between the two it would look abandoned.
            os.rename(folder / "unlocked", folder / LOCK)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def tidy(target: Path) -> None:
    """Finish what a killed process left beside ``target``."""
    for folder in target.parent.glob(f"{_prefix(target)}*"):
        if not folder.is_dir() or folder.is_symlink():
            continue
        try:
            with (folder / LOCK).open("r+") as lock:
                if not _locked(lock):
                    continue  # its owner lives
                _restore(folder / OLD, target)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue  # not a workshop, or another process was faster


def _restore(old: Path, target: Path) -> None:
    if old.is_dir() and not target.exists():
        os.rename(old, target)


def _prefix(target: Path) -> str:
    return f".{target.name}-"


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
