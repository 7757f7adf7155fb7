"""A limit on the memory that a library may allocate."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_BOUNDED = threading.Lock()
"""Held while the limit of the process is changed: two threads would restore it wrongly."""


@contextmanager
def bounded_memory(spare: int) -> Iterator[None]:
    """Limit the process to ``spare`` bytes more than it has now, if possible.

    A larger allocation raises MemoryError, in other threads too; without the limit, the
    system would kill the process. The limit is set only on Linux, and not while another
    thread has set it.
    """
    if not _BOUNDED.acquire(blocking=False):
        yield
        return
    try:
        with _limited_address_space(spare):
            yield
    finally:
        _BOUNDED.release()


@contextmanager
def _limited_address_space(spare: int) -> Iterator[None]:
    try:
        import resource

        with open("/proc/self/statm", encoding="ascii") as file:
            taken = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    except (ImportError, OSError, ValueError):
        yield
        return
    bound = taken + spare
    if soft != resource.RLIM_INFINITY and soft <= bound:
        yield
        return
    resource.setrlimit(resource.RLIMIT_AS, (bound, hard))
    try:
        yield
    finally:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
