"""Softmax and its kin, which changed their meaning in version 13."""

from __future__ import annotations

from ..case import NodeCase
from ..draw import Draw
from ..registry import Target, generates
from ._types import a_type


@generates("Softmax", "LogSoftmax", "Hardmax")
def softmax(draw: Draw, target: Target) -> NodeCase:
    """Until version 12 the input is made a matrix at the axis; from 13 on it is one axis."""
    dtype = a_type(draw, target, ("float32", "float32", "float64"), rare=0.05)
    x = draw.array(dtype, draw.shape(1, 4, zero=0.02))
    if target.operator == "Hardmax" and draw.chance():
        x = draw.ties(dtype, x.shape)
    axis = draw.axis(x.ndim, negative=target.since >= 11)
    given = draw.chance(0.8) or (x.ndim < 2 and target.since < 13)
    return NodeCase([x], {"axis": axis} if given else {}, rtol=1e-5)
