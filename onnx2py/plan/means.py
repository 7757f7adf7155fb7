"""Means of whole images.

C6  ``np.mean`` over all axes but the first two, which are kept -> ``global_average_pool``: a
    product sums several times as fast.
"""

from __future__ import annotations

import numpy as np

from ..ir.patterns import Options
from ..ir.program import Call, Program
from ..kernels.pool import global_average_pool
from .rewrite import Block, Match, Rewrite, rewritten


def pool_means(program: Program) -> Program:
    """Let means of images be taken by global average pooling (rule C6), in bodies too."""
    return rewritten(program, Rewrite((np.mean, "x", Options("how")), _of_image))


def _of_image(block: Block, match: Match) -> Call | None:
    axes, rank = match["how"].get("axis"), len(block.values.shape(match["x"]))
    if rank < 3 or not match["how"].get("keepdims") or not isinstance(axes, tuple):
        return None
    others = {axis % rank for axis in axes} == set(range(2, rank))
    return Call(global_average_pool, (match["x"],)) if others else None
