"""Operators of ONNX 1.0 that were experimental and removed; old models have them."""

from __future__ import annotations

from ..ir.program import Call
from ..kernels import legacy
from .context import NodeContext
from .registry import lowers


@lowers("Affine")
def affine(node: NodeContext) -> Call:
    """1."""
    alpha, beta = node.float("alpha", 1.0), node.float("beta", 0.0)
    return node.call(legacy.affine, node.input(0), alpha=alpha, beta=beta)


@lowers("Scale")
def scale(node: NodeContext) -> Call:
    """1."""
    return node.call(legacy.affine, node.input(0), alpha=node.float("scale", 1.0))


@lowers("ParametricSoftplus")
def parametric_softplus(node: NodeContext) -> Call:
    """1."""
    alpha, beta = node.float("alpha"), node.float("beta")
    return node.call(legacy.parametric_softplus, node.input(0), alpha=alpha, beta=beta)


@lowers("ScaledTanh")
def scaled_tanh(node: NodeContext) -> Call:
    """1."""
    alpha, beta = node.float("alpha"), node.float("beta")
    return node.call(legacy.scaled_tanh, node.input(0), alpha=alpha, beta=beta)


@lowers("ImageScaler")
def image_scaler(node: NodeContext) -> Call:
    """1."""
    bias, factor = node.floats("bias"), node.float("scale", 1.0)
    return node.call(legacy.image_scaler, node.input(0), bias=bias, scale=factor)


@lowers("Crop")
def crop(node: NodeContext) -> Call:
    """1."""
    border, size = node.ints("border"), node.ints("scale", None)
    if len(border) != 4 or size is not None and len(size) != 2:
        raise node.unsupported(
            f"attributes border, scale: expected 4 and 2 numbers, got {border}, {size}"
        )
    return node.call(legacy.crop, node.input(0), border=border, scale=size)
