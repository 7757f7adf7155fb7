"""Memory that a library of others may take."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def bounded_memory(spare: int) -> Iterator[None]:
    """Let the process take no more than so many bytes besides what it has, where that is possible.

    What asks for more gets a MemoryError. Elsewhere than on Linux, or beside other threads,
    nothing is done.
    """
    try:
        import resource

        with open("/proc/self/statm", encoding="ascii") as file:
            has = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    except (ImportError, OSError, ValueError):
        yield
        return
    bound = has + spare
    tight = soft != resource.RLIM_INFINITY and soft <= bound
    if tight or threading.active_count() > 1:
        yield
        return
    resource.setrlimit(resource.RLIMIT_AS, (bound, hard))
    try:
        yield
    finally:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
