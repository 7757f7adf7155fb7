"""Limit on the number of BLAS threads, which is one setting for the whole process."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from functools import wraps
from importlib import import_module
from operator import index
from types import SimpleNamespace
from typing import Any, Callable, Optional, cast

import numpy as np

from ._calls import Function


class Library:
    """Functions that get and set a library's number of threads."""

    def __init__(self, get: Callable[[], int], set: Callable[[int], Any]) -> None:
        self.get = get
        self.set = set


def limited(function: Function) -> Function:
    """Run a method with at most ``self.threads`` BLAS threads; None sets no limit."""

    @wraps(function)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        if self.threads is None:
            return function(self, *args, **kwargs)
        with limit(self.threads):
            return function(self, *args, **kwargs)

    return cast(Function, wrapper)


def thread_limit(threads: Optional[int]) -> Optional[int]:
    """Check a limit and return it; warn if it cannot be applied.

    Raises
    ------
    ValueError
        If it is less than 1.
    """
    if threads is None:
        return None
    if index(threads) < 1:
        raise ValueError(f"threads: expected an integer >= 1, got {threads}")
    if not state().libraries:
        warnings.warn(f"threads={threads} has no effect: {ADVICE}", stacklevel=4)
    return index(threads)


ADVICE = (
    "pip install threadpoolctl, or set OPENBLAS_NUM_THREADS (MKL_NUM_THREADS, "
    "VECLIB_MAXIMUM_THREADS for other libraries) before Python starts"
)


class limit:
    """Limit BLAS to ``threads`` threads within a ``with`` block.

    BLAS has one setting for all Python threads: of concurrent limits the lowest applies.
    The previous setting is restored when the last block ends.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads

    def __enter__(self) -> None:
        shared = state()
        with shared.lock:
            if not shared.limits:
                shared.before = [library.get() for library in shared.libraries]
            shared.limits.append(self.threads)
            _apply(shared)

    def __exit__(self, *_error: object) -> None:
        shared = state()
        with shared.lock:
            shared.limits.remove(self.threads)
            _apply(shared)


def _apply(shared: Any) -> None:
    for library, before in zip(shared.libraries, shared.before):
        library.set(min([before, *shared.limits]))


def state() -> Any:
    """Return the limits in effect, which all packages in the process share."""
    known = vars(sys).get("_onnx2py_threads")
    if known is not None:
        return known
    from threading import Lock  # slow to import, and needed only with a limit

    new = SimpleNamespace(lock=Lock(), limits=[], before=[], libraries=_libraries())
    shared = vars(sys).setdefault("_onnx2py_threads", new)
    if shared is new and hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_forget_calls)
    return shared


def _forget_calls() -> None:
    """Drop the limits of calls that run only in the parent process."""
    from threading import Lock

    shared = state()
    shared.lock = Lock()
    shared.limits.clear()
    _apply(shared)


def _libraries() -> list[Library]:
    """Return the BLAS libraries that threadpoolctl finds, else the OpenBLAS of NumPy's wheel."""
    try:
        threadpoolctl: Any = import_module("threadpoolctl")
        controllers = threadpoolctl.ThreadpoolController().select(user_api="blas")
    except (ImportError, AttributeError):  # not installed, or older than 3.0
        return [lib for lib in map(_openblas_library, openblas()) if lib is not None]
    return [
        Library(each.get_num_threads, each.set_num_threads)
        for each in controllers.lib_controllers
    ]


def openblas() -> Iterator[Any]:
    """Yield the OpenBLAS in NumPy's wheel as a ctypes library."""
    from ctypes import CDLL

    numpy = os.path.dirname(np.__file__)
    for folder in (f"{numpy}.libs", os.path.join(numpy, ".dylibs")):
        for name in sorted(os.listdir(folder) if os.path.isdir(folder) else ()):
            if "openblas" in name:
                yield CDLL(os.path.join(folder, name))  # already loaded by NumPy


def _openblas_library(library: Any) -> Optional[Library]:
    for start, end in (("scipy_", "64_"), ("scipy_", ""), ("", "64_"), ("", "")):
        if hasattr(library, f"{start}openblas_set_num_threads{end}"):
            get = getattr(library, f"{start}openblas_get_num_threads{end}")
            put = getattr(library, f"{start}openblas_set_num_threads{end}")
            return Library(get, put)
    return None
