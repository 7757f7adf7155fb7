"""Atomic exchange of two folders, where the system supports it."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from pathlib import Path

_AT_FDCWD = -100  # paths are as they stand
_EXCHANGE = 2  # Linux: RENAME_EXCHANGE; macOS: RENAME_SWAP


def swap(one: Path, other: Path) -> bool:
    """Exchange two folders; return whether it was done, in one step or not at all.

    Raises
    ------
    OSError
        If the system refuses, for example because of missing permissions.
    """
    try:
        library = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "darwin":
            call, places = library.renamex_np, ((), ())
        else:
            call, places = library.renameat2, ((_AT_FDCWD,), (_AT_FDCWD,))
    except (OSError, AttributeError, TypeError):
        return False  # Windows, or a C library that lacks it
    first, second = os.fsencode(one), os.fsencode(other)
    flag = ctypes.c_uint(_EXCHANGE)
    if call(*places[0], first, *places[1], second, flag) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EPERM):
        return False  # this file system cannot
    raise OSError(code, os.strerror(code))
