"""Activation functions."""

from __future__ import annotations

from ..ir.program import Call
from ..kernels import activation, activation_exponential, activation_gelu
from .context import NodeContext
from .registry import lowers


@lowers("Relu")
def relu(node: NodeContext) -> Call:
    """1, 6, 13, 14: only types were added."""
    node.ignore("consumed_inputs")  # a memory hint of opset 1
    return node.call(activation.relu, node.input(0))


@lowers("LeakyRelu")
def leaky_relu(node: NodeContext) -> Call:
    """1, 6, 16: only types were added."""
    node.ignore("consumed_inputs")
    return node.call(
        activation.leaky_relu, node.input(0), alpha=node.float("alpha", 0.01)
    )


@lowers("PRelu")
def prelu_per_channel(node: NodeContext) -> Call:
    """1, 6: one slope for all, or one for each channel."""
    node.ignore("consumed_inputs")
    x, slope = node.input(0), node.input(1)
    rank, slopes = node.rank(0), node.constant(1)
    if slopes is not None and rank is not None:
        if slopes.size > 1 and rank > slopes.ndim + 1:
            shape = slopes.shape + (1,) * (rank - slopes.ndim - 1)
            slope = node.weight("slope", slopes.reshape(shape))
        return node.call(activation.prelu, x, slope)
    return node.call(activation.prelu_per_channel, x, slope)


@lowers("PRelu", since=7)
def prelu(node: NodeContext) -> Call:
    """7, 9, 16: the slope is broadcast as in NumPy."""
    return node.call(activation.prelu, node.input(0), node.input(1))


@lowers("ThresholdedRelu")
def thresholded_relu(node: NodeContext) -> Call:
    """1 (experimental), 10, 22."""
    alpha = node.float("alpha", 1.0)
    return node.call(activation.thresholded_relu, node.input(0), alpha=alpha)


@lowers("Shrink", since=9)
def shrink(node: NodeContext) -> Call:
    """9."""
    bias, lambd = node.float("bias", 0.0), node.float("lambd", 0.5)
    return node.call(activation.shrink, node.input(0), bias=bias, lambd=lambd)


@lowers("HardSigmoid")
def hard_sigmoid(node: NodeContext) -> Call:
    """1, 6, 22: only types were added."""
    node.ignore("consumed_inputs")
    alpha, beta = node.float("alpha", 0.2), node.float("beta", 0.5)
    return node.call(activation.hard_sigmoid, node.input(0), alpha=alpha, beta=beta)


@lowers("HardSwish", since=14)
def hard_swish(node: NodeContext) -> Call:
    """14, 22: only types were added."""
    return node.call(activation.hard_swish, node.input(0))


@lowers("Sigmoid")
def sigmoid(node: NodeContext) -> Call:
    """1, 6, 13: only types were added."""
    node.ignore("consumed_inputs")
    return node.call(activation_exponential.sigmoid, node.input(0))


@lowers("Swish", since=24)
def swish(node: NodeContext) -> Call:
    """24."""
    return node.call(
        activation_exponential.swish, node.input(0), alpha=node.float("alpha", 1.0)
    )


@lowers("SwiGLU", since=28)
def swiglu(node: NodeContext) -> Call:
    """28."""
    return node.call(
        activation_exponential.swiglu,
        node.input(0),
        node.input(1),
        alpha=node.float("alpha", 1.0),
    )


@lowers("Softplus")
def softplus(node: NodeContext) -> Call:
    """1, 22: only types were added."""
    return node.call(activation_exponential.softplus, node.input(0))


@lowers("Softsign")
def softsign(node: NodeContext) -> Call:
    """1, 22: only types were added."""
    return node.call(activation_exponential.softsign, node.input(0))


@lowers("Mish", since=18)
def mish(node: NodeContext) -> Call:
    """18, 22: only types were added."""
    return node.call(activation_exponential.mish, node.input(0))


@lowers("Elu")
def elu(node: NodeContext) -> Call:
    """1, 6, 22: only types were added."""
    node.ignore("consumed_inputs")
    return node.call(
        activation_exponential.elu, node.input(0), alpha=node.float("alpha", 1.0)
    )


@lowers("Selu")
def selu_rounded(node: NodeContext) -> Call:
    """1: the defaults had fewer digits."""
    node.ignore("consumed_inputs")
    alpha, gamma = node.float("alpha", 1.6732), node.float("gamma", 1.0507)
    return node.call(
        activation_exponential.selu, node.input(0), alpha=alpha, gamma=gamma
    )


@lowers("Selu", since=6)
def selu(node: NodeContext) -> Call:
    """6, 22: only types were added."""
    alpha, gamma = node.float("alpha", 1.6732632), node.float("gamma", 1.050701)
    return node.call(
        activation_exponential.selu, node.input(0), alpha=alpha, gamma=gamma
    )


@lowers("Celu", since=12)
def celu(node: NodeContext) -> Call:
    """12, 28: only types were added."""
    return node.call(
        activation_exponential.celu, node.input(0), alpha=node.float("alpha", 1.0)
    )


@lowers("Erf", since=9)
def erf(node: NodeContext) -> Call:
    """9, 13: only types were added."""
    return node.call(activation_gelu.erf, node.input(0))


@lowers("Gelu", since=20)
def gelu_either(node: NodeContext) -> Call:
    """20."""
    form = node.choice("approximate", "none", ("none", "tanh"))
    kernel = activation_gelu.gelu if form == "none" else activation_gelu.gelu_tanh
    return node.call(kernel, node.input(0))


@lowers("Gelu", domain="com.microsoft")
@lowers("BiasGelu", domain="com.microsoft")
def gelu_with_bias(node: NodeContext) -> Call:
    """1: BiasGelu has a second input, which is added first."""
    return node.call(activation_gelu.gelu, node.input(0), node.optional(1))


@lowers("FastGelu", domain="com.microsoft")
def fast_gelu(node: NodeContext) -> Call:
    """1: the form with tanh."""
    return node.call(activation_gelu.gelu_tanh, node.input(0), node.optional(1))


@lowers("QuickGelu", domain="com.microsoft")
def quick_gelu(node: NodeContext) -> Call:
    """1: another name of Swish."""
    return node.call(
        activation_exponential.swish, node.input(0), alpha=node.float("alpha", 1.702)
    )
