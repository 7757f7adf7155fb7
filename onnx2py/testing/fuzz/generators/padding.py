"""Pad, in all its versions."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import NodeCase
from ..draw import Draw
from ..registry import Target, generates
from ._types import a_type, at_least, values


@generates("Pad")
def pad(draw: Draw, target: Target) -> NodeCase:
    """Every mode; negative pads crop."""
    dtype = a_type(
        draw,
        target,
        ("float32", "float64", "int32", "int64", "uint8", "bool"),
        rare=0.05,
    )
    x = values(draw, dtype, draw.shape(1, 4, zero=0.02))
    modes = ("constant", "constant", "reflect", "edge", "wrap")
    mode = draw.one_of(modes if target.since >= 19 else modes[:-1])
    if 0 in x.shape and mode != "constant":
        mode = "constant"
    axes = draw.axes(x.ndim, 1) if target.since >= 18 and draw.chance(0.4) else None
    chosen = list(range(x.ndim)) if axes is None else axes
    sides: list[list[int]] = [[], []]
    for axis in chosen:
        length = x.shape[axis]
        most = length - 1 if mode == "reflect" else length if mode == "wrap" else 4
        for side in sides:
            crop = draw.chance(0.15) and mode == "constant" and length > 3
            side.append(-1 if crop else draw.integer(0, max(most, 0)))
    pads = [*sides[0], *sides[1]]
    attributes: dict[str, Any] = (
        {"mode": mode} if mode != "constant" or draw.chance() else {}
    )
    if target.since < 11:
        if draw.chance() and mode == "constant":
            attributes["value"] = draw.number(-2, 2)
        name = "pads" if target.since >= 2 else "paddings"
        case = NodeCase([x], {**attributes, name: pads})
        return at_least(case, target, 2, attributes={**attributes, "pads": pads})
    inputs: list[Any] = [x, np.array(pads, np.int64)]
    if mode == "constant" and draw.chance():
        inputs.append(values(draw, dtype, ()))
    if axes is not None:
        inputs += [None] * (3 - len(inputs))
        inputs.append(np.array(axes, draw.one_of((np.int64, np.int32))))
    return NodeCase(inputs, attributes)
