"""Other operators of onnxruntime's own: com.microsoft."""

from __future__ import annotations

from ..ir.program import Call
from ..kernels import (
    arithmetic,
    conv_transpose_dynamic,
    indexing,
    pool_masked,
    rearrange,
    resize_crops,
    signal_time_warping,
)
from ..kernels import conv_transpose as transposed
from ._conv_windows import convolution_windows, pooling_windows
from .context import NodeContext
from .matmul_microsoft import fused_matmul_rule
from .registry import lowers

_OWN = "com.microsoft"

lowers("TransposeMatMul", domain=_OWN)(fused_matmul_rule)  # an older name


@lowers("SampleOp", domain=_OWN)
def sample_op(node: NodeContext) -> Call:
    """1: the only version."""
    return node.call(arithmetic.identity, node.input(0))


@lowers("ConvTransposeWithDynamicPads", domain=_OWN)
def conv_transpose_with_dynamic_pads(node: NodeContext) -> Call:
    """1: the only version."""
    windows = convolution_windows(node, transposed=True)
    pads = node.literal(2)
    output_padding = node.ints("output_padding", ())
    options = {
        "strides": windows["strides"],
        "dilations": windows["dilations"],
        "group": node.int("group", 1),
        "output_padding": output_padding if any(output_padding) else None,
    }
    inputs = (node.input(0), node.input(1))
    if pads is None or isinstance(pads, tuple) or windows["pads"]:
        known = windows["pads"] or pads
        plain = transposed.conv_transpose
        return node.call(plain, *inputs, node.optional(3), pads=known, **options)
    kernel = conv_transpose_dynamic.conv_transpose_with_dynamic_pads
    return node.call(kernel, *inputs, pads, node.optional(3), **options)


@lowers("MaxpoolWithMask", domain=_OWN)
def max_pool_with_mask(node: NodeContext) -> Call:
    """1: the only version."""
    node.ignore("storage_order")  # of indices, which it does not return
    windows = pooling_windows(node)
    if windows.pop("ceil_mode") or windows.pop("dilations"):
        raise node.unsupported("attributes ceil_mode, dilations: expected none")
    return node.call(
        pool_masked.max_pool_with_mask, node.input(0), node.input(1), **windows
    )


@lowers("CropAndResize", domain=_OWN)
def crop_and_resize(node: NodeContext) -> Call:
    """1: the only version."""
    return node.call(
        resize_crops.crop_and_resize,
        *(node.input(index) for index in range(3)),
        node.literal(3),
        mode=node.choice("mode", "bilinear", ("bilinear", "nearest")),
        extrapolation_value=node.float("extrapolation_value", 0.0),
    )


@lowers("GatherND", domain=_OWN)
def gather_nd(node: NodeContext) -> Call:
    """1: the only version; ONNX has it from opset 11 on."""
    return node.call(indexing.gather_nd, node.input(0), node.input(1))


@lowers("UnfoldTensor", domain=_OWN)
def unfold_tensor(node: NodeContext) -> Call:
    """1: the only version."""
    return node.call(
        rearrange.unfold_tensor,
        node.input(0),
        dim=node.int("dim", -1),
        size=node.int("size"),
        step=node.int("step", 1),
    )


@lowers("DynamicTimeWarping", domain=_OWN)
def dynamic_time_warping(node: NodeContext) -> Call:
    """1: the only version."""
    return node.call(signal_time_warping.dynamic_time_warping, node.input(0))
