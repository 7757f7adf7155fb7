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


class Use:
    """One block in which oneDNN computes."""

    __slots__ = ("threads", "taken")

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.taken = False
        """Whether it has computed anything, or was left out."""


_NAME = "use_of_onednn"
_use: ContextVar[Use | None] = ContextVar(_NAME, default=None)
_is_child = False


def is_active() -> bool:
    """Return whether oneDNN computes here."""
    return _use.get() is not None


def threads_in_use() -> int:
    """Return the number of threads that were asked for; 0 means oneDNN's own choice."""
    use = _use.get()
    return use.threads if use else 0


@contextmanager
def active(threads: int | None = None) -> Iterator[Use]:
    """Let oneDNN compute inside the block, on that number of threads or its own choice.

    In a child that was forked, NumPy's kernels compute: OpenMP would hang there.

    Raises
    ------
    LibraryNotFoundError
        If there is no library; nothing is looked for in a forked child.
    """
    use = Use(threads or 0)
    if _is_child:
        yield use
        return
    load()
    token = _use.set(use)
    try:
        yield use
    finally:
        if not _is_child:
            _use.reset(token)


@contextmanager
def inactive() -> Iterator[None]:
    """Let NumPy compute inside the block, whatever the sizes of tensors."""
    use = _use.get()
    if use is not None:
        use.taken = True
    token = _use.set(None)
    try:
        yield
    finally:
        _use.reset(token)


def accelerated(kernel: Kernel) -> Kernel:
    """Return the kernel, computed by oneDNN where that is active and takes the arguments."""
    name = kernel.__name__
    if name not in REPLACEMENTS:
        return kernel
    instead = stand_in(kernel)
    least = REPLACEMENTS.least(name)
    found: list[Callable[..., Any]] = []

    @wraps(kernel)
    def either(*arguments: Any, **options: Any) -> Any:
        use = _use.get()
        if use is None or not arguments or arguments[0].size < least:
            return instead(*arguments, **options)
        if not found:
            found.append(REPLACEMENTS[name])
        y = found[0](*arguments, **options)
        if y is None:
            return instead(*arguments, **options)
        use.taken = True
        return y

    return either  # type: ignore[return-value]


def _forget() -> None:
    """Leave oneDNN alone from now on, in a forked child."""
    global _use, _is_child
    _is_child = True
    _use = ContextVar(_NAME, default=None)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
