"""Convolutions."""

from __future__ import annotations

from ..ir.program import Call
from ..kernels import col2im as columns
from ..kernels import conv as kernels
from ..kernels import conv_deform, conv_fused
from ..kernels import conv_integer as integer
from ..kernels import conv_transpose as transposed
from ._conv_windows import convolution_windows
from .context import NodeContext
from .quantization import scalar_literal
from .registry import lowers


@lowers("Conv")
def conv(node: NodeContext) -> Call:
    """1, 11, 22: only types were added, and defaults of strides and dilations stated."""
    return node.call(
        kernels.conv,
        node.input(0),
        node.input(1),
        node.optional(2),
        **convolution_windows(node),
        group=node.int("group", 1),
    )


@lowers("ConvInteger", since=10)
def conv_integer(node: NodeContext) -> Call:
    """10."""
    return node.call(
        integer.conv_integer,
        node.input(0),
        node.input(1),
        scalar_literal(node, 2),
        scalar_literal(node, 3),
        **convolution_windows(node),
        group=node.int("group", 1),
    )


@lowers("QLinearConv", since=10)
def qlinear_conv(node: NodeContext) -> Call:
    """The zero point of y stays an array: its dtype is the result's."""
    return node.call(
        integer.qlinear_conv,
        node.input(0),
        scalar_literal(node, 1),
        scalar_literal(node, 2),
        node.input(3),
        scalar_literal(node, 4),
        scalar_literal(node, 5),
        scalar_literal(node, 6),
        node.input(7),
        node.optional(8),
        **convolution_windows(node, weight=3),
        group=node.int("group", 1),
    )


@lowers("ConvTranspose")
def conv_transpose(node: NodeContext) -> Call:
    """1, 11, 22: only types were added, and defaults of strides and dilations stated."""
    windows = convolution_windows(node, transposed=True)
    output_shape = node.ints("output_shape", ()) or None
    if output_shape and not isinstance(windows["pads"], str):
        windows["pads"] = None  # they follow from output_shape
    output_padding = node.ints("output_padding", ())
    return node.call(
        transposed.conv_transpose,
        node.input(0),
        node.input(1),
        node.optional(2),
        **windows,
        group=node.int("group", 1),
        output_padding=output_padding if any(output_padding) else None,
        output_shape=output_shape,
    )


@lowers("DeformConv", since=19)
def deformable_conv(node: NodeContext) -> Call:
    """19, 22: only types were added."""
    return node.call(
        conv_deform.deform_conv,
        node.input(0),
        node.input(1),
        node.input(2),
        node.optional(3),
        node.optional(4),
        **convolution_windows(node),
        group=node.int("group", 1),
        offset_group=node.int("offset_group", 1),
    )


@lowers("Col2Im", since=18)
def col2im(node: NodeContext) -> Call:
    """18."""
    return node.call(
        columns.col2im,
        node.input(0),
        node.literal(1),
        node.literal(2),
        strides=node.ints("strides", None),
        pads=node.ints("pads", None),
        dilations=node.ints("dilations", None),
    )


_FUSED = {
    "Relu": 0, "Sigmoid": 0, "Tanh": 0, "HardSwish": 0, "LeakyRelu": 1, "HardSigmoid": 2,
    "Clip": 2,
}  # fmt: skip
"""The activations that onnxruntime fuses, and how many parameters each has."""


@lowers("FusedConv", domain="com.microsoft")
def conv_with_activation(node: NodeContext) -> Call:
    """1: the only version. Without an activation, it is a convolution plus ``z``."""
    activation = node.choice("activation", "Identity", ("Identity", *_FUSED))
    parameters = node.floats("activation_params", ())
    if len(parameters) != _FUSED.get(activation, 0):
        raise node.unsupported(
            f"attribute activation_params: expected {_FUSED.get(activation, 0)} numbers "
            f"for {activation}, got {parameters}"
        )
    return node.call(
        conv_fused.fused_conv,
        node.input(0),
        node.input(1),
        node.optional(2),
        node.optional(3),
        **convolution_windows(node),
        group=node.int("group", 1),
        activation=activation,
        activation_params=parameters,
    )
