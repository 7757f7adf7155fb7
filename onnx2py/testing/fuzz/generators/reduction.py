"""Reductions, and where the extremes are."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import NodeCase
from ..deviations import deviates
from ..draw import Draw
from ..registry import Target, generates
from ._types import a_type

_AXES_AS_INPUT = {"ReduceSum": 13}
"""From which version the axes are an input; 18 for the others."""
_ODD = (np.inf, -np.inf, np.nan, 0.0, -0.0, 1.0, -1.0)


def odd_floats(draw: Draw, dtype: str, shape: tuple[int, ...]) -> Any:
    """Return floats, few of them infinite or NaN.

    None is so great that a partial sum is infinite for one order of adding only.
    """
    x = draw.array(dtype, shape)
    chosen = draw.rng.random(shape) < draw.one_of((0.02, 0.3))
    return np.where(chosen, draw.rng.choice(np.array(_ODD, dtype), shape), x)


def _values(draw: Draw, target: Target, dtype: str, shape: tuple[int, ...]) -> Any:
    if target.operator in ("ReduceMax", "ReduceMin", "ArgMax", "ArgMin"):
        if "float" in dtype and draw.chance(0.3):
            return odd_floats(draw, dtype, shape)
        return draw.one_of((draw.array, draw.ties))(dtype, shape)
    if "float" not in dtype:
        low, high = (0 if "u" in dtype else -9), 9
        if target.operator.startswith("ReduceLog"):
            low, high = 1, 3
        if target.operator == "ReduceProd":  # what overflows is nobody's business
            x = draw.array(dtype, shape, 1, 1).ravel()
            x[:9] = draw.array(dtype, x[:9].shape, low, high)
            return draw.rng.permutation(x).reshape(shape)
        return draw.array(dtype, shape, low, high)
    if target.operator == "ReduceProd":
        return draw.array(dtype, shape, 0.5, 1.5)
    if draw.chance(0.2):
        return odd_floats(draw, dtype, shape)
    if target.operator == "ReduceLogSum":
        return draw.array(dtype, shape, 0, 2)
    return draw.array(dtype, shape)


@generates(
    "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean",
    "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare",
)  # fmt: skip
def reduction(draw: Draw, target: Target) -> NodeCase:
    """Axes given in either way, none, or an empty list of them."""
    usual = ["float32", "float32", "float64", "int32", "int64"]
    if target.operator in ("ReduceMax", "ReduceMin"):
        usual += ["int8", "uint8"] if target.since >= 12 else []
        usual += ["bool", "bool"] if target.since >= 20 else []
    dtype = a_type(draw, target, usual, rare=0.1)
    x = _values(draw, target, dtype, draw.shape(0, 5, zero=0.05))
    axes = draw.axes(x.ndim, negative=target.since >= 11) if draw.chance(0.8) else None
    attributes: dict[str, Any] = (
        {"keepdims": draw.integer(0, 1)} if draw.chance(0.7) else {}
    )
    inputs: list[Any] = [x]
    if target.since < _AXES_AS_INPUT.get(target.operator, 18):
        if axes:
            attributes["axes"] = axes
    else:
        if axes is not None:
            inputs.append(np.array(axes, np.int64))
        elif draw.chance(0.3):
            inputs.append(None)
        if draw.chance(0.4):
            attributes["noop_with_empty_axes"] = draw.integer(0, 1)
    case = NodeCase(inputs, attributes, rtol=1e-5 if dtype != "float64" else 1e-11)
    if target.operator == "ReduceLogSumExp" and "int" in dtype:
        case.off_by = 1  # the logarithm is rounded down, and may be just below a number
    return case


@deviates(
    "ReduceMax", "ReduceMin",
    reason="The specification orders no NaN. NumPy returns it; onnxruntime does or does not, "
    "depending on where it stands.",
)  # fmt: skip
def _unordered(case: NodeCase) -> bool:
    return _not_a_number(case)


@deviates(
    "ReduceMean",
    reason="The mean of nothing is undefined. NumPy returns NaN; onnxruntime 0 where all axes "
    "are reduced, else NaN.",
)
def _nothing(case: NodeCase) -> bool:
    return np.asarray(case.inputs[0]).size == 0


@generates("ArgMax", "ArgMin")
def extreme(draw: Draw, target: Target) -> NodeCase:
    """Ties, and which of them is taken."""
    dtype = a_type(
        draw, target, ("float32", "int32", "float64", "int8", "uint8"), rare=0.1
    )
    x = _values(draw, target, dtype, draw.shape(0 if draw.chance(0.1) else 1, 5))
    attributes: dict[str, Any] = {}
    if draw.chance(0.8):
        attributes["axis"] = draw.axis(max(x.ndim, 1), negative=target.since >= 11)
    if draw.chance(0.7):
        attributes["keepdims"] = draw.integer(0, 1)
    if target.since >= 12 and draw.chance(0.6):
        attributes["select_last_index"] = draw.integer(0, 1)
    return NodeCase([x], attributes)


@deviates(
    "ArgMax", "ArgMin",
    reason="The specification orders no NaN. NumPy takes the first one as the extreme; "
    "onnxruntime skips it, unless it stands first.",
)  # fmt: skip
def _not_a_number(case: NodeCase) -> bool:
    x = np.asarray(case.inputs[0])
    return x.dtype.kind == "f" and bool(np.isnan(x).any())
