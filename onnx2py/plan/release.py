"""Early release of memory: after the last read of a large value, not when a call returns.

M1  The last statement that reads a large value -> it frees the value.

The next results then take the same memory, which is still in the cache. Small values are left
alone, and so are inputs, which the caller holds, and what is returned.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import prod

from ..ir.program import Program, Statement
from ..ir.types import DTYPES, TensorType, ValueType
from .traverse import read_in_calls, reads_of, with_blocks

LARGE = 1 << 16
"""In bytes; smaller values are not worth a line."""
OPEN_LENGTH = 64
"""What a length is taken for that is open, but for the first axis: a batch may be of one."""
OPEN_RECORDING = 4096
"""What the length of the last axis is taken for, after others: it may be that of a recording."""


def free_values(program: Program) -> Program:
    """Let statements free what they are the last to read (rule M1), in bodies too."""
    setup = _freeing(program.setup, read_in_calls(program), program.types)
    program = with_blocks(
        program, lambda statements, kept: _freeing(statements, kept, program.types)
    )
    return replace(program, setup=setup)


def _freeing(
    statements: tuple[Statement, ...],
    kept: Iterable[str],
    types: Mapping[str, ValueType],
) -> tuple[Statement, ...]:
    own = {name for s in statements for name in s.outputs if name}
    waiting = {name for name in own if _may_be_large(types.get(name))} - set(kept)
    found: list[Statement] = []
    for statement in reversed(statements):
        last = dict.fromkeys((*statement.outputs, *reads_of(statement.operation)))
        frees = tuple(name for name in last if name in waiting)
        waiting.difference_update(frees)
        found.append(replace(statement, frees=frees))
    return tuple(reversed(found))


def _may_be_large(kind: ValueType | None) -> bool:
    """Whether a value is large, or nothing is known of it, as after some old operators."""
    return kind is None or is_large(kind)


def is_large(kind: ValueType | None, least: int = LARGE) -> bool:
    """Whether a value may be large enough to be worth freeing."""
    if not isinstance(kind, TensorType):
        return False
    size = estimated_bytes(kind)
    # others of no known rank are mostly shapes
    return "float" in kind.dtype if size is None else size >= least


def estimated_bytes(kind: ValueType | None) -> int | None:
    """Return about how many bytes a value takes, None if that is unknown."""
    if not isinstance(kind, TensorType) or kind.shape is None:
        return None
    lengths = [d if isinstance(d, int) else OPEN_LENGTH for d in kind.shape]
    if kind.shape and not isinstance(kind.shape[-1], int):
        lengths[-1] = OPEN_RECORDING
    if kind.shape and not isinstance(kind.shape[0], int):
        lengths[0] = 1
    return prod(lengths) * DTYPES[kind.dtype].itemsize
