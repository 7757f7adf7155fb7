"""Parts of tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import NodeCase
from ..deviations import deviates
from ..draw import Draw
from ..registry import Target, generates
from ._types import a_type, values

_USUAL = ("float32", "float64", "int64", "int32", "bool", "uint8", "float16")
_FAR = np.iinfo(np.int64).max


@generates("Slice")
def slicing(draw: Draw, target: Target) -> NodeCase:
    """Bounds before, in and behind the tensor; steps of both signs."""
    dtype = a_type(draw, target, _USUAL, rare=0.1)
    x = values(draw, dtype, draw.shape(1, 5))
    axes = draw.axes(x.ndim, 1, negative=target.since >= 10)
    starts, ends, steps = [], [], []
    for _axis in axes:
        far = [-_FAR, _FAR] if draw.chance(0.2) else [-8, 8]
        starts.append(draw.one_of((draw.integer(-8, 8), draw.integer(0, 3), far[0])))
        ends.append(draw.one_of((draw.integer(-8, 8), draw.integer(1, 8), far[1])))
        steps.append(draw.one_of((1, 1, 2, 3, -1, -2, _FAR, -_FAR)))
    whole = draw.chance(0.3)
    if whole:  # without axes, all of the first are meant
        axes = list(range(len(axes)))
    if target.since < 10:
        attributes: dict[str, Any] = {"starts": starts, "ends": ends}
        return NodeCase([x], attributes if whole else {**attributes, "axes": axes})
    kind: Any = draw.one_of((np.int64, np.int64, np.int32))
    limit = np.iinfo(kind)

    def array(items: list[int]) -> Any:
        return np.array([min(max(i, limit.min + 1), limit.max) for i in items], kind)

    inputs: list[Any] = [x, array(starts), array(ends), None if whole else array(axes)]
    if draw.chance(0.7):
        inputs.append(array(steps))
    return NodeCase(inputs)


@deviates(
    "Slice",
    reason="the largest int32 or int64 as the end of a backward slice: onnxruntime takes it "
    "for the beginning of the axis; the text clamps it to the last element, as we do",
)
def _backwards_to_the_far_end(case: NodeCase) -> bool:
    if len(case.inputs) < 5:
        return False
    ends, steps = (np.asarray(case.inputs[i]) for i in (2, 4))
    far = (ends == np.iinfo(np.int32).max) | (ends == np.iinfo(np.int64).max)
    return bool((far & (steps < 0)).any())


@generates("Trilu")
def trilu(draw: Draw, target: Target) -> NodeCase:
    """Diagonals far out too."""
    dtype = a_type(draw, target, ("float32", "float64", "int64", "bool"), rare=0.1)
    x = values(draw, dtype, draw.shape(2, 5))
    attributes = {"upper": draw.integer(0, 1)} if draw.chance(0.7) else {}
    return NodeCase(
        [x, np.array(draw.integer(-8, 8))] if draw.chance(0.7) else [x], attributes
    )


@generates("CenterCropPad")
def center_crop_pad(draw: Draw, target: Target) -> NodeCase:
    """Some axes cropped, some padded, odd differences."""
    dtype = a_type(draw, target, ("float32", "int64", "uint8"), rare=0.05)
    x = values(draw, dtype, draw.shape(1, 4))
    axes = draw.axes(x.ndim, 1) if draw.chance() else None
    count = x.ndim if axes is None else len(axes)
    shape = np.array([draw.integer(0, 8) for _ in range(count)], np.int64)
    return NodeCase([x, shape], {} if axes is None else {"axes": axes})
