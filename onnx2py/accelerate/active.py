"""Whether oneDNN computes: only inside a model that asked, in its own thread or task."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, TypeVar

from .library import load
from .table import REPLACEMENTS, stand_in

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

_NAME = "threads_in_use"
_threads: ContextVar[int | None] = ContextVar(_NAME, default=None)
_is_child = False


def is_active() -> bool:
    """Return whether oneDNN computes here."""
    return _threads.get() is not None


def threads_in_use() -> int:
    """Return the number of threads that were asked for; 0 means oneDNN's own choice."""
    return _threads.get() or 0


@contextmanager
def active(threads: int | None = None) -> Iterator[None]:
    """Let oneDNN compute inside the block, on that number of threads or its own choice.

    In a child that was forked, NumPy's kernels compute: OpenMP would hang there.

    Raises
    ------
    LibraryNotFoundError
        If there is no library; nothing is looked for in a forked child.
    """
    if _is_child:
        yield
        return
    load()
    token = _threads.set(threads or 0)
    try:
        yield
    finally:
        if not _is_child:
            _threads.reset(token)


def accelerated(kernel: Kernel) -> Kernel:
    """Return the kernel, computed by oneDNN where that is active and takes the arguments."""
    name = kernel.__name__
    if name not in REPLACEMENTS:
        return kernel
    instead = stand_in(kernel)
    found: list[Callable[..., Any]] = []

    @wraps(kernel)
    def either(*arguments: Any, **options: Any) -> Any:
        if _threads.get() is not None:
            if not found:
                found.append(REPLACEMENTS[name])
            y = found[0](*arguments, **options)
            if y is not None:
                return y
        return instead(*arguments, **options)

    return either  # type: ignore[return-value]


def _forget() -> None:
    """Leave oneDNN alone from now on, in a forked child."""
    global _threads, _is_child
    _is_child = True
    _threads = ContextVar(_NAME, default=None)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
