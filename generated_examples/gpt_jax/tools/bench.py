"""The command ``bench``: the time of loading and of calling the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter
from typing import Any, Optional

import jax

from ..model import forward, load_params
from .arrays import as_array, x64
from .files import read_inputs
from .records import some_inputs


def bench(inputs: Sequence[str], scale: Optional[float], repeat: int) -> None:
    """Print the time of loading and of calling the model, by itself and compiled."""
    arrays = some_inputs(read_inputs(inputs, scale))
    with x64():
        given = {name: as_array(value) for name, value in arrays.items()}
        start = perf_counter()
        params = jax.block_until_ready(load_params())
        loading = perf_counter() - start
        print(f"{jax.devices()[0].platform}: loading {milliseconds(loading)}")
        print(f"forward: {measured(forward, params, given, repeat)}")
        try:
            print(
                f"jax.jit(forward): {measured(jax.jit(forward), params, given, repeat)}"
            )
        except (TypeError, ValueError, IndexError) as error:  # JAX's own are below them
            about = (str(error).splitlines() or [""])[0]
            print(f"jax.jit(forward) fails: {type(error).__name__}: {about}")


def measured(
    function: Callable[..., Any], params: Any, inputs: dict[str, Any], repeat: int
) -> str:
    """Describe the time of the first call, which compiles, and of ``repeat`` others."""
    (first,) = times_of(function, params, inputs, 1)
    times = times_of(function, params, inputs, repeat)
    return f"first call {milliseconds(first)}, {repeat} calls: {spread(times)}"


def times_of(
    function: Callable[..., Any], params: Any, inputs: dict[str, Any], repeat: int
) -> list[float]:
    """Time ``repeat`` calls and their computations, in seconds."""
    times = []
    for _ in range(repeat):
        start = perf_counter()
        jax.block_until_ready(function(params, **inputs))
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
