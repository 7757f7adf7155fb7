"""The command ``bench``: the time of loading and of calling the model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, Optional

from .._threads import ADVICE, openblas, state
from ..model import Model
from .files import read_inputs
from .records import some_inputs

BLOCK = 5
"""Consecutive calls with the same number of threads."""
MARGIN = 0.1
"""Smaller relative differences between medians are ignored."""

AVX2_KERNELS = {"Sandybridge", "Haswell", "Zen", "Excavator"}
"""OpenBLAS kernels whose vectors are half as wide as those of AVX-512."""


def bench(inputs: Sequence[str], scale: Optional[float], repeat: int) -> None:
    """Print the time of loading and of calling the model."""
    start = perf_counter()
    model = Model()
    loading = perf_counter() - start
    given = some_inputs(read_inputs(inputs, scale))
    (first,) = times_of(model, given, 1)
    print(f"loading {milliseconds(loading)}, first call {milliseconds(first)}")
    usual = max((library.get() for library in state().libraries), default=0)
    limits = [None, 1] if usual > 1 else [None]
    times: dict[Optional[int], list[float]] = {threads: [] for threads in limits}
    for done in range(0, repeat, BLOCK):  # alternate, so that other load affects both
        for threads in limits:
            model.threads = threads
            times[threads] += times_of(model, given, min(BLOCK, repeat - done))
    for threads in limits:
        number = counted_threads(threads or usual)
        print(f"{number}{repeat} calls: {spread(times[threads])}")
    print(verdict(usual, times), end="")
    print(advice(processor_flags(), blas_kernels()), end="")


def times_of(model: Model, inputs: dict[str, Any], repeat: int) -> list[float]:
    """Time ``repeat`` calls, in seconds."""
    times = []
    for _ in range(repeat):
        start = perf_counter()
        model(**inputs)
        times.append(perf_counter() - start)
    return times


def spread(times: Sequence[float]) -> str:
    """Format the median, minimum and maximum of times."""
    return (
        f"median {milliseconds(median(times))}, min {milliseconds(min(times))}, "
        f"max {milliseconds(max(times))}"
    )


def counted_threads(number: int) -> str:
    """Format a number of threads, '' if it is unknown (0)."""
    return f"{number} thread{'s' if number > 1 else ''}: " if number else ""


def verdict(usual: int, times: dict[Optional[int], list[float]]) -> str:
    """Compare the times with one thread to those with all."""
    if not usual:
        return f"one thread: not measured ({ADVICE})\n"
    if len(times) < 2:
        return ""
    ratio = median(times[None]) / (median(times[1]) or 1e-12)
    if ratio > 1 + MARGIN:
        return f"recommended: Model(threads=1), {ratio:.1f} times as fast\n"
    if ratio < 1 / (1 + MARGIN):
        return f"recommended: all threads, {1 / ratio:.1f} times as fast\n"
    return "one thread is as fast as all: Model(threads=1) leaves other cores free\n"


def advice(flags: str, kernels: str) -> str:
    """Return a hint if NumPy's OpenBLAS does not use the processor's AVX-512."""
    if "avx512f" not in flags.split() or kernels not in AVX2_KERNELS:
        return ""
    return (
        f"OpenBLAS uses its {kernels} kernels, but this processor has AVX-512: matrix "
        "products may take\nhalf the time with OPENBLAS_CORETYPE=SkylakeX in the "
        "environment (set it before NumPy is imported)\n"
    )


def processor_flags() -> str:
    """Return the processor's flags as Linux reports them, '' on other systems."""
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    except OSError:
        return ""
    return text.partition("flags")[2].partition("\n")[0]


def blas_kernels() -> str:
    """Return the name of the kernels that NumPy's OpenBLAS uses, '' if it has none."""
    from ctypes import c_char_p

    for library in openblas():
        for name in ("scipy_openblas_get_corename64_", "openblas_get_corename64_"):
            if hasattr(library, name):
                get = getattr(library, name)
                get.restype = c_char_p
                return str(get().decode("ascii", "replace"))
    return ""


def milliseconds(seconds: float) -> str:
    """Format a time."""
    return f"{seconds * 1e3:.3f} ms"
