"""Layers of activation, and dropout."""

from __future__ import annotations

import numpy as np

from ...ir.program import Call, Statement
from .layer import Fit
from .layers_linear import flat
from .sites import Site


def prelu(site: Site, statement: Statement, call: Call) -> Fit | None:
    """L8: PReLU with one finite slope for all, or one for each channel."""
    x, slope = call.args
    found, shape = site.parameters({"weight": slope}, x), site.shape(x)
    if not found or not shape or not np.isfinite(found[0].array).all():
        return None
    array = found[0].array
    if array.ndim > len(shape):
        return None
    aligned = (1,) * (len(shape) - array.ndim) + array.shape
    is_of_channels = len(shape) > 1 and aligned[1] == array.size == shape[1]
    if array.size != 1 and not is_of_channels:
        return None
    count = () if array.size == 1 else (array.size,)
    return Fit("PReLU", (x,), (flat(found[0]),), count)


def dropout(site: Site, statement: Statement, call: Call) -> Fit | None:
    """L9: dropout by a constant ratio, whose mask is not read; it draws in training alone."""
    if len(call.args) != 3 or call.args[2] is not True or call.kwargs.get("seed"):
        return None
    data, ratio, _ = call.args
    y, *mask = statement.outputs
    if any(mask) or not isinstance(ratio, float) or not 0 <= ratio <= 1:
        return None
    return Fit("Dropout", (data,), (), (), {"p": ratio}, outputs=(y,))
