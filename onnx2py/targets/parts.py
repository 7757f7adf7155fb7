"""Parts of arrays by their numbers: ``x[2]`` in place of ``x[2:3].squeeze(0)``."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..ir.patterns import Options
from ..ir.program import Call, Program
from ..plan.rewrite import Block, Made, Match, Rewrite, rewritten


def take_parts(program: Program) -> Program:
    """Let one number stand for a slice of length 1 whose axis is removed, in bodies too."""

    def made(block: Block, match: Match) -> Made:
        index: Any = match["index"]
        axis = dict(match["how"]).get("axis")
        axes = axis if isinstance(axis, tuple) else (axis,)
        if (
            not isinstance(index, tuple)
            or len(axes) != 1
            or set(match["how"]) != {"axis"}
        ):
            return None
        sliced = [(i, part) for i, part in enumerate(index) if part != slice(None)]
        if len(sliced) != 1 or Ellipsis in index or sliced[0][0] != axes[0]:
            return None
        place, part = sliced[0]
        start = 0 if part.start is None else part.start
        is_one = isinstance(start, int) and part.stop == start + 1 and start >= 0
        if not is_one or part.step not in (None, 1):
            return None
        shape = block.values.shape(match["x"])
        length = shape[place] if place < len(shape) else None
        if not isinstance(length, int) or start >= length:
            return None
        return Call(np.take, (match["x"], start), {"axis": place} if place else {})

    pattern = (np.squeeze, (operator.getitem, "x", "index"), Options("how"))
    return rewritten(program, Rewrite(pattern, made))
