"""Groups of channels that are interleaved.

C7  A reshape of channels to groups, their transposition and a reshape back -> ``shuffle_channels``,
    whose result is channels-last in memory, as convolutions want it.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from ..ir.patterns import Rest
from ..ir.program import Call, Program, Ref
from ..kernels.rearrange import shuffle_channels
from ..kernels.shape import reshape
from .rewrite import Block, Made, Match, Rewrite, rewritten

_RESHAPES = (np.reshape, reshape)


def shuffle_groups(program: Program) -> Program:
    """Let groups of channels be interleaved by one call (rule C7), in bodies too."""
    rules = [
        Rewrite(
            (
                last,
                (np.transpose, (first, "x", Rest("groups")), "order"),
                Rest("whole"),
            ),
            _shuffled,
        )
        for first, last in product(_RESHAPES, repeat=2)
    ]
    return rewritten(program, *rules)


def _shuffled(block: Block, match: Match) -> Made:
    whole, _, parts = (block.values.shape(Ref(s.outputs[0])) for s in match.steps)
    before = block.values.shape(match["x"])
    if len(before) < 3 or None in before or whole != before:
        return None
    batch, channels, *places = before
    if len(parts) != len(before) + 1 or not isinstance(parts[1], int):
        return None
    if (parts[0], *parts[3:]) != (batch, *places) or not isinstance(channels, int):
        return None
    order = (0, 2, 1, *range(3, len(parts)))
    if parts[1] < 1 or channels != parts[1] * (channels // parts[1]):
        return None
    if match["order"] != order:
        return None
    return Call(shuffle_channels, (match["x"],), {"groups": parts[1]})
