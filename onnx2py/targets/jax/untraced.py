"""The calls that JAX cannot trace, since data decides a shape or the way: they work eagerly."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from ...emit.blocks import lengths_of
from ...ir.program import Branch, Call, Loop, Program, Ref, Statement
from ...ir.symbols import kernel_of
from ...kernels import selection
from ...kernels.boxes import non_max_suppression
from ...kernels.signal_time_warping import dynamic_time_warping
from .flow import is_traceable

BY_DATA: frozenset[Any] = frozenset(
    {
        *(selection.non_zero, selection.unique, selection.unique_in_order),
        *(selection.compress, np.compress, non_max_suppression, dynamic_time_warping),
    }
)
"""Functions whose results have as many elements as data says."""
_SHAPES = """
    shape axes axis pads starts ends steps repeats tiles sizes scales depth split size
    crop_size image_shape block_shape output_shape position dft_length frame_length frame_step
    total_sequence_length past_sequence_length start limit delta reps
"""
BY_ARGUMENT = frozenset(_SHAPES.split())
"""Parameters that decide a shape."""


def untraced(program: Program) -> tuple[str, ...]:
    """Return the nodes that ``jax.jit`` cannot trace, each as ``name: Operator``."""
    lengths = lengths_of(program)
    found: dict[str, None] = {}
    for statement in program.walk():
        if _is_untraced(program, statement, lengths):
            found.update(dict.fromkeys(statement.nodes[:1]))
    return tuple(found)


def _is_untraced(program: Program, statement: Statement, lengths: set[str]) -> bool:
    operation = statement.operation
    if isinstance(operation, Branch):
        condition = operation.condition
        is_length = not isinstance(condition, Ref) or condition.name in lengths
        return not is_length and not is_traceable(operation, program.types)
    if isinstance(operation, Loop):
        count = len(operation.body.outputs) - 1 - len(operation.state)
        is_open = isinstance(operation.condition, Ref) or operation.condition is True
        is_open |= _is_data(program, operation.trip_count, lengths)
        return count > 0 and is_open
    if not isinstance(operation, Call):
        return False
    kernel = kernel_of(operation.function)
    if isinstance(kernel, str):
        return False
    if kernel in BY_DATA:
        return True
    given = {**dict(zip(_parameters(kernel), operation.args)), **operation.kwargs}
    counts = BY_ARGUMENT | ({"k"} if kernel is selection.top_k else set())
    return any(
        _is_data(program, value, lengths)
        for name, value in given.items()
        if name in counts
    )


def _is_data(program: Program, value: Any, lengths: set[str]) -> bool:
    """Whether a number, or one in a tuple, is known only when the model runs."""
    if isinstance(value, tuple):
        return any(_is_data(program, each, lengths) for each in value)
    if not isinstance(value, Ref) or value.name in lengths:
        return False
    is_constant = value.name in program.weights and value.name not in program.defaults
    return not is_constant


@lru_cache(maxsize=None)
def _parameters(kernel: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of the positional parameters of a function, none if it says none."""
    try:
        found = inspect.signature(kernel).parameters.values()
    except (TypeError, ValueError):
        return ()
    return tuple(p.name for p in found if p.kind is not p.KEYWORD_ONLY)
