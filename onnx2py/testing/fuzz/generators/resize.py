"""Resize and Upsample."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import NodeCase
from ..deviations import deviates
from ..draw import Draw
from ..registry import Target, generates
from ._types import a_type, at_least, at_most

_COORDINATES = (
    "half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_crop_and_resize",
)  # fmt: skip
_ROUNDINGS = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
_FACTORS = (0.3, 0.5, 0.6, 0.75, 0.8, 1.0, 1.0, 1.3, 1.5, 2.0, 2.0, 2.5, 3.0, 4.0)


def _image(draw: Draw, dtype: str, mode: str) -> tuple[Any, list[int]]:
    """Return a tensor and the axes that onnxruntime can resize in that mode."""
    if mode == "nearest":
        shape = draw.shape(1, 5, zero=0.02)
        return _values(draw, dtype, shape), list(range(len(shape)))
    layout = draw.one_of(("NCHW",) * 5 + ("HW", "NHWC", "NCDHW", "DHW"))
    if mode == "cubic":
        layout = draw.one_of(("NCHW", "NCHW", "NCHW", "HW"))
    lengths = [draw.integer(1, 2 if name in "NC" else 6) for name in layout]
    axes = [i for i, name in enumerate(layout) if name not in "NC"]
    return _values(draw, dtype, lengths), axes


def _values(draw: Draw, dtype: str, shape: Any) -> Any:
    x = draw.array(dtype, shape)
    return x if np.dtype(dtype).kind != "f" else x * x.dtype.type(10)


@generates("Upsample")
def upsample(draw: Draw, target: Target) -> NodeCase:
    """Scales of 1 and more, as attributes or as an input."""
    mode = draw.one_of(("nearest", "linear"))
    dtype = a_type(draw, target, ("float32",) * 4 + ("int32", "uint8", "int8"), rare=0)
    attributes: dict[str, Any] = {}
    if mode != "nearest" or draw.chance():
        attributes["mode"] = mode
    if target.since < 7:
        x = _values(draw, "float32", draw.image(2, longest=5))
        named = {"height_scale": draw.one_of(_UP), "width_scale": draw.one_of(_UP)}
        old = {"mode": "bilinear"} if mode == "linear" else attributes
        later = {**attributes, "scales": [1.0, 1.0, *named.values()]}
        return at_least(NodeCase([x], {**old, **named}), target, 7, attributes=later)
    x, axes = _image(draw, dtype, mode)
    scales = [draw.one_of(_UP) if i in axes else 1.0 for i in range(x.ndim)]
    off_by = 1 if x.dtype.kind in "iu" else 0  # see Resize
    if target.since < 9:
        case = NodeCase([x], {**attributes, "scales": scales}, rtol=1e-5)
    else:
        case = NodeCase([x, np.array(scales, "float32")], attributes, rtol=1e-5)
    case.off_by = off_by if mode == "linear" else 0
    return at_most(case, target, 9)


_UP = (1.0, 1.5, 2.0, 2.0, 2.6, 3.0)


@generates("Resize")
def resize(draw: Draw, target: Target) -> NodeCase | None:
    """Every mode and kind of coordinates, by scales or by sizes, of all axes or some."""
    since = target.since
    modes = ("nearest", "nearest", "linear", "linear", "cubic")
    mode = draw.one_of(modes[: 5 if since >= 11 else 4])
    usual: tuple[str, ...] = ("float32",) * 5 + ("uint8", "int8", "int32")
    if mode == "cubic":  # which onnxruntime computes of integers only with antialias
        usual = ("float32",) * 8 + (("uint8", "int8") if since >= 18 else ())
    dtype = a_type(draw, target, usual, rare=0)
    x, axes = _image(draw, dtype, mode)
    attributes: dict[str, Any] = {}
    if mode != "nearest" or draw.chance():
        attributes["mode"] = mode
    if since < 11:
        scales = [draw.one_of(_FACTORS) if i in axes else 1.0 for i in range(x.ndim)]
        return NodeCase([x, np.array(scales, "float32")], attributes, rtol=1e-5)
    coordinates = draw.one_of(_coordinates(since, mode))
    if coordinates != "half_pixel" or draw.chance():
        attributes["coordinate_transformation_mode"] = coordinates
    _add_options(draw, attributes, mode, coordinates, since)
    return _with_lengths(draw, x, attributes, since, axes)


def _coordinates(since: int, mode: str) -> tuple[str, ...]:
    if since < 13 and mode == "nearest":
        return (*_COORDINATES, "tf_half_pixel_for_nn")
    return (*_COORDINATES, "half_pixel_symmetric") if since >= 19 else _COORDINATES


def _add_options(
    draw: Draw, attributes: dict[str, Any], mode: str, coordinates: str, since: int
) -> None:
    if mode == "nearest" and draw.chance(0.7):
        attributes["nearest_mode"] = draw.one_of(_ROUNDINGS)
    if mode == "cubic" and draw.chance():
        attributes["cubic_coeff_a"] = draw.one_of((-0.5, -0.75, -1.0))
    if mode == "cubic" and draw.chance():
        attributes["exclude_outside"] = draw.integer(0, 1)
    if coordinates == "tf_crop_and_resize" and draw.chance():
        attributes["extrapolation_value"] = draw.number(-1, 1)
    smooth = mode != "nearest" and coordinates != "tf_crop_and_resize"
    if since >= 18 and smooth and draw.chance(0.3):
        attributes["antialias"] = 1
        if draw.chance(0.3):
            attributes["exclude_outside"] = 1


def _with_lengths(
    draw: Draw, x: Any, attributes: dict[str, Any], since: int, axes: list[int]
) -> NodeCase:
    """Choose axes, regions and scales or sizes."""
    chosen = list(range(x.ndim))
    if since >= 18 and draw.chance():
        chosen = draw.some_of(draw.one_of((axes, chosen)), 1)
        attributes["axes"] = [a - x.ndim if draw.chance(0.3) else a for a in chosen]
    free = [axis in axes and draw.chance(0.9) for axis in chosen]
    roi = None
    if attributes.get("coordinate_transformation_mode") == "tf_crop_and_resize":
        starts = [draw.number(-0.1, 0.4) if is_free else 0.0 for is_free in free]
        ends = [draw.number(0.6, 1.2) if is_free else 1.0 for is_free in free]
        roi = np.array([*starts, *ends], "float32")
    empty = np.zeros(0, np.float32) if since < 13 else None
    roi = empty if roi is None else roi
    if draw.chance():
        scales = [
            _factor(draw, x.shape[axis]) if is_free else 1.0
            for axis, is_free in zip(chosen, free)
        ]
        return NodeCase([x, roi, np.array(scales, "float32")], attributes, rtol=1e-5)
    sizes = [
        draw.integer(1, 9) if is_free else x.shape[axis]
        for axis, is_free in zip(chosen, free)
    ]
    if since >= 18 and draw.chance(0.4):
        attributes["keep_aspect_ratio_policy"] = draw.one_of(
            ("stretch", "not_larger", "not_smaller")
        )
    return NodeCase([x, roi, empty, np.array(sizes)], attributes, rtol=1e-5)


def _factor(draw: Draw, length: int) -> float:
    """Return a scale that leaves at least one element."""
    factor = draw.one_of(_FACTORS) if draw.chance(0.8) else draw.number(0.3, 3)
    return max(factor, 1 / max(length, 1))


@deviates(
    "Resize",
    reason="keep_aspect_ratio_policy with negative axes: onnxruntime leaves those axes as they "
    "are; they are counted from the end, as elsewhere, and so in ours",
)
def _policy_of_negative_axes(case: NodeCase) -> bool:
    policy = case.attributes.get("keep_aspect_ratio_policy", "stretch")
    return policy != "stretch" and any(a < 0 for a in case.attributes.get("axes", ()))


@deviates(
    "Resize",
    reason="antialias of int8: onnxruntime limits results to those of uint8, so that what is "
    "negative becomes 0; ours to those of int8, as it does for int32",
)
def _antialias_of_negative_bytes(case: NodeCase) -> bool:
    x = np.asarray(case.inputs[0])
    return x.dtype == np.int8 and bool(case.attributes.get("antialias"))
