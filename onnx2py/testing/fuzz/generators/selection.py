"""Running sums, and the like."""

from __future__ import annotations

import numpy as np

from ..case import NodeCase
from ..draw import Draw
from ..registry import Target, generates
from ._types import a_type


@generates("CumSum", "CumProd")
def cumulative(draw: Draw, target: Target) -> NodeCase:
    """Exclusive, backwards, and both."""
    dtype = a_type(draw, target, ("float32", "float64", "int32", "int64"), rare=0.02)
    x = draw.array(dtype, draw.shape(1, 4), -3, 3)
    axis = np.array(draw.axis(x.ndim), draw.one_of((np.int64, np.int32)))
    names = [name for name in ("exclusive", "reverse") if draw.chance(0.6)]
    return NodeCase([x, axis], {name: draw.integer(0, 1) for name in names})
