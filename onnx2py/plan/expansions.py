"""Expansions that change nothing.

H3  Expand to the lengths that a reshape has just given -> the reshape alone.

JAX writes both for each axis of length 1. A length that is computed might be negative, which a
reshape takes for what is left over: such calls stay.
"""

from __future__ import annotations

import numpy as np

from ..ir.program import Call, Program, Ref
from ..kernels.shape import expand
from .rewrite import Block, Made, Match, Rewrite, rewritten


def drop_expansions(program: Program) -> Program:
    """Drop expansions to the shape that a value has (rule H3), in bodies too."""
    pattern = (expand, (np.reshape, "x", "lengths"), "wanted")
    return rewritten(program, Rewrite(pattern, _reshape))


def _reshape(block: Block, match: Match) -> Made:
    lengths = match["lengths"]
    if not isinstance(lengths, tuple) or match["wanted"] != lengths:
        return None
    if not all(isinstance(n, Ref) or (isinstance(n, int) and n > 0) for n in lengths):
        return None
    return Call(np.reshape, (match["x"], lengths))
