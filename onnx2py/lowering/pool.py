"""Pooling, and the normalization over neighboring channels."""

from __future__ import annotations

from ..ir.program import Argument, Call
from ..kernels import pool, pool_max, pool_roi, quantized_pool
from ._conv_windows import pooling_windows
from .context import NodeContext
from .quantization import scalar_literal
from .registry import lowers


@lowers("MaxPool")
def max_pool(node: NodeContext) -> Call:
    """1, 8, 10, 11, 12, 22: attributes, an output and types were added.

    22 says that windows are dropped that start in the padding at the end; onnxruntime
    drops them in all versions.
    """
    windows = pooling_windows(node)
    order = node.int("storage_order", 0)  # of the indices alone
    if not node.has_output(1):
        return node.call(pool_max.max_pool, node.input(0), **windows)
    return node.call(
        pool_max.max_pool_with_indices,
        node.input(0),
        **windows,
        storage_order=order,
        results=2,
    )


@lowers("AveragePool")
def average_pool(node: NodeContext) -> Call:
    """1, 7, 10, 11, 19, 22: attributes and types were added; see MaxPool for 22."""
    return node.call(
        pool.average_pool,
        node.input(0),
        **pooling_windows(node),
        count_include_pad=bool(node.int("count_include_pad", 0)),
    )


@lowers("LpPool")
def lp_pool_of_float_order(node: NodeContext) -> Call:
    """1: p is a float."""
    return node.call(
        pool.lp_pool, node.input(0), p=node.float("p", 2.0), **pooling_windows(node)
    )


@lowers("LpPool", since=2)
def lp_pool(node: NodeContext) -> Call:
    """2, 11, 18, 22: attributes and types were added."""
    return node.call(
        pool.lp_pool, node.input(0), p=node.int("p", 2), **pooling_windows(node)
    )


@lowers("GlobalAveragePool")
def global_average_pool(node: NodeContext) -> Call:
    """1, 22: only types were added."""
    return node.call(pool.global_average_pool, node.input(0))


@lowers("GlobalMaxPool")
def global_max_pool(node: NodeContext) -> Call:
    """1, 22: only types were added."""
    return node.call(pool_max.global_max_pool, node.input(0))


@lowers("GlobalLpPool")
def global_lp_pool_of_float_order(node: NodeContext) -> Call:
    """1: p is a float."""
    return node.call(pool.global_lp_pool, node.input(0), p=node.float("p", 2.0))


@lowers("GlobalLpPool", since=2)
def global_lp_pool(node: NodeContext) -> Call:
    """2, 22: only types were added."""
    return node.call(pool.global_lp_pool, node.input(0), p=node.int("p", 2))


@lowers("LRN")
def local_response_normalization(node: NodeContext) -> Call:
    """1, 13: only types were added."""
    return node.call(
        pool.local_response_normalization,
        node.input(0),
        size=node.int("size"),
        alpha=node.float("alpha", 0.0001),
        beta=node.float("beta", 0.75),
        bias=node.float("bias", 1.0),
    )


@lowers("MaxUnpool", since=9)
def max_unpool(node: NodeContext) -> Call:
    """9, 11, 22: only types were added."""
    windows = pooling_windows(node)
    return node.call(
        pool_max.max_unpool,
        node.input(0),
        node.input(1),
        node.literal(2),
        kernel_shape=windows["kernel_shape"],
        strides=windows["strides"],
        pads=windows["pads"],
    )


@lowers("MaxRoiPool")
def max_roi_pool(node: NodeContext) -> Call:
    """1, 22: only types were added."""
    return node.call(
        pool_roi.max_roi_pool,
        node.input(0),
        node.input(1),
        pooled_shape=node.ints("pooled_shape"),
        spatial_scale=node.float("spatial_scale", 1.0),
    )


@lowers("RoiAlign", since=10)
def roi_align_of_whole_pixels(node: NodeContext) -> Call:
    """10: corners count from the center of the first pixel."""
    return _roi_align(node, half_pixel=False)


@lowers("RoiAlign", since=16)
def roi_align(node: NodeContext) -> Call:
    """16: the attribute coordinate_transformation_mode. 22: types."""
    modes = ("half_pixel", "output_half_pixel")
    mode = node.choice("coordinate_transformation_mode", "half_pixel", modes)
    return _roi_align(node, half_pixel=mode == "half_pixel")


def _roi_align(node: NodeContext, *, half_pixel: bool) -> Call:
    return node.call(
        pool_roi.roi_align,
        node.input(0),
        node.input(1),
        node.input(2),
        mode=node.choice("mode", "avg", ("avg", "max")),
        output_height=node.int("output_height", 1),
        output_width=node.int("output_width", 1),
        sampling_ratio=node.int("sampling_ratio", 0),
        spatial_scale=node.float("spatial_scale", 1.0),
        half_pixel=half_pixel,
    )


@lowers("NhwcMaxPool", domain="com.microsoft")
def max_pool_of_channels_last(node: NodeContext) -> Call:
    """1: the only version."""
    windows = pooling_windows(node, channels_last=True)
    return node.call(pool_max.max_pool_channels_last, node.input(0), **windows)


@lowers("QLinearAveragePool", domain="com.microsoft")
def qlinear_average_pool(node: NodeContext) -> Call:
    """1: the only version."""
    channels_last = bool(node.int("channels_last", 0))
    windows = pooling_windows(node, channels_last=channels_last)
    count_include_pad = bool(node.int("count_include_pad", 0))
    return node.call(
        quantized_pool.qlinear_average_pool,
        *_quantized_inputs(node),
        **windows,
        count_include_pad=count_include_pad,
        channels_last=channels_last,
    )


@lowers("QLinearGlobalAveragePool", domain="com.microsoft")
def qlinear_global_average_pool(node: NodeContext) -> Call:
    """1: the only version."""
    return node.call(
        quantized_pool.qlinear_global_average_pool,
        *_quantized_inputs(node),
        channels_last=bool(node.int("channels_last", 0)),
    )


def _quantized_inputs(node: NodeContext) -> tuple[Argument, ...]:
    """Return x, its scale and zero point, and those of the result."""
    scalars = [scalar_literal(node, index) for index in range(1, 5)]
    return (node.input(0), *(0 if value is None else value for value in scalars))
