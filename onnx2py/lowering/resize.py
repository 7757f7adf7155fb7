"""Resize and its predecessor Upsample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..ir.program import Argument, Call
from ..kernels import (
    resize_antialias,
    resize_integers,
    resize_linear,
    resize_nearest,
)
from .context import NodeContext
from .registry import lowers

_TRANSFORMATIONS = (
    *("half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners"),
    *("asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize"),
)
_ROUNDINGS = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
_POLICIES = ("stretch", "not_larger", "not_smaller")


@lowers("Upsample", since=1)
def upsample_by_attributes(node: NodeContext) -> Call:
    """1: a factor each for height and width of [N, C, H, W]."""
    scales = (1.0, 1.0, node.float("height_scale"), node.float("width_scale"))
    return _asymmetric(node, node.choice("mode", "nearest", _old_modes(node)), scales)


@lowers("Upsample", since=7)
def upsample_by_scales(node: NodeContext) -> Call:
    """7: ``scales`` are an attribute."""
    mode = node.choice("mode", "nearest", _old_modes(node))
    return _asymmetric(node, mode, node.floats("scales"))


@lowers("Upsample", since=9)
@lowers("Resize", since=10)
def upsample_by_input(node: NodeContext) -> Call:
    """Upsample 9, Resize 10: ``scales`` are an input."""
    mode = node.choice("mode", "nearest", _old_modes(node))
    return _asymmetric(node, mode, node.literal(1))


def _old_modes(node: NodeContext) -> tuple[str, ...]:
    return ("nearest", "linear", *(("bilinear",) if node.version < 7 else ()))


def _asymmetric(node: NodeContext, mode: str, scales: Argument) -> Call:
    options: dict[str, Argument] = {"coordinate_transformation_mode": "asymmetric"}
    kernel = _linear_kernel(node)
    if mode == "nearest":
        kernel = resize_nearest.resize_nearest
        options["nearest_mode"] = "toward_zero"
    return node.call(kernel, node.input(0), None, scales, **options)


@lowers("Resize", since=11)
def resize(node: NodeContext) -> Call:
    """11: modes, ``roi``, ``sizes``. 18: ``axes``, ``antialias``, policies."""
    mode = node.choice("mode", "nearest", ("nearest", "linear", "cubic"))
    transformation = node.choice(
        "coordinate_transformation_mode", "half_pixel", _TRANSFORMATIONS
    )
    options: dict[str, Argument] = {
        "axes": node.ints("axes", None),
        "coordinate_transformation_mode": transformation,
        "keep_aspect_ratio_policy": node.choice(
            "keep_aspect_ratio_policy", "stretch", _POLICIES
        ),
        "extrapolation_value": node.float("extrapolation_value", 0.0),
    }
    crops = transformation == "tf_crop_and_resize"
    return node.call(
        _kernel(node, mode, options),
        node.input(0),
        node.literal(1) if crops else None,
        _given(node, 2),
        _given(node, 3),
        **options,
    )


def _kernel(
    node: NodeContext, mode: str, options: dict[str, Argument]
) -> Callable[..., Any]:
    """Choose the kernel, and add the options that it has of its own."""
    rounding = node.choice("nearest_mode", "round_prefer_floor", _ROUNDINGS)
    a = node.float("cubic_coeff_a", -0.75)
    exclude_outside = bool(node.int("exclude_outside", 0))
    antialias = bool(node.int("antialias", 0))
    if mode == "nearest":
        options["nearest_mode"] = rounding
        return resize_nearest.resize_nearest
    if antialias:
        options["cubic_coeff_a"] = a if mode == "cubic" else None
        options["exclude_outside"] = exclude_outside
        return resize_antialias.resize_antialiased
    if mode == "cubic":
        options |= {"cubic_coeff_a": a, "exclude_outside": exclude_outside}
        return resize_linear.resize_cubic
    return _linear_kernel(node)


def _linear_kernel(node: NodeContext) -> Callable[..., Any]:
    if "int" in (node.dtype(0) or ""):
        return resize_integers.resize_linear_integers
    return resize_linear.resize_linear


def _given(node: NodeContext, index: int) -> Argument:
    """Return scales or sizes; an empty tensor is as good as none."""
    value = node.literal(index)
    return None if value == () or node.shape(index) == (0,) else value
