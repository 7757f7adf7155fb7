"""The command ``bench``: the time of loading and of calling the model."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from time import perf_counter
from typing import Any, Optional

import torch

from .arrays import Model, as_tensor
from .files import read_inputs
from .records import some_inputs


def bench(
    inputs: Sequence[str], scale: Optional[float], repeat: int, compiles: bool
) -> None:
    """Print the time of loading and of calling the model, compiled too if asked for."""
    start = perf_counter()
    model = Model().module
    loading = perf_counter() - start
    arrays = some_inputs(read_inputs(inputs, scale))
    given = {name: as_tensor(value) for name, value in arrays.items()}
    usual = torch.get_num_threads()
    with torch.inference_mode():
        (first,) = times_of(model, given, 1)
        print(f"loading {milliseconds(loading)}, first call {milliseconds(first)}")
        for threads in dict.fromkeys((usual, 1)):
            torch.set_num_threads(threads)
            times = times_of(model, given, repeat)
            plural = "s" if threads > 1 else ""
            print(f"{threads} thread{plural}: {repeat} calls: {spread(times)}")
        torch.set_num_threads(usual)
        if compiles:
            bench_compiled(model, given, repeat)


def bench_compiled(model: Any, inputs: dict[str, Any], repeat: int) -> None:
    """Print the time of ``torch.compile``, which needs a C++ compiler, and of calls then."""
    compiled = torch.compile(model)
    try:
        (first,) = times_of(compiled, inputs, 1)
    except RuntimeError as error:  # of many kinds: PyTorch's own are below it
        print(
            f"torch.compile fails: {type(error).__name__}: {str(error).splitlines()[0]}"
        )
        return
    times = times_of(compiled, inputs, repeat)
    print(f"torch.compile: first call {milliseconds(first)}, then {spread(times)}")


def times_of(model: Any, inputs: dict[str, Any], repeat: int) -> list[float]:
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


def milliseconds(seconds: float) -> str:
    """Format a time."""
    return f"{seconds * 1e3:.3f} ms"
