"""onnxruntime's own products, convolution and activations, as its optimizer writes them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import NodeCase
from ..deviations import deviates
from ..draw import Draw
from ..registry import Target, generates
from .microsoft_quantized import OWN, window_attributes

NUMBERS = {
    "LeakyRelu": 1, "HardSigmoid": 2, "Elu": 1, "ThresholdedRelu": 1, "Celu": 1,
    "ScaledTanh": 2, "ParametricSoftplus": 2, "Selu": 2,
}  # fmt: skip
"""How many numbers the activations that FusedGemm knows have, where they have any."""


@generates("FusedGemm", domain=OWN)
def fused_gemm(draw: Draw, target: Target) -> NodeCase:
    """Every activation and transposition; C of every shape that broadcasts, or absent."""
    m, k, n = draw.length(5, 0.01), draw.length(6, 0.01), draw.length(5, 0.01)
    trans_a, trans_b = draw.chance(0.4), draw.chance(0.4)
    plain = ("Relu", "Sigmoid", "Tanh", "Softsign", "Softplus")
    activation = draw.one_of((*plain, *NUMBERS))
    attributes: dict[str, Any] = {"activation": activation}
    names = ["activation_alpha", "activation_beta"]
    if activation == "Selu":
        names[1] = "activation_gamma"
    for name in names[: NUMBERS.get(activation, draw.one_of((0, 0, 0, 2)))]:
        attributes[name] = draw.number(0.1, 2)
    if trans_a or draw.chance():
        attributes["transA"] = int(trans_a)
    if trans_b or draw.chance():
        attributes["transB"] = int(trans_b)
    for name in ("alpha", "beta"):
        if draw.chance():
            attributes[name] = draw.one_of((0.0, 1.0, draw.number(-2, 2)))
    shapes = ((m, n), (1, n), (n,), (m, 1), (1, 1), (1,), ())
    inputs = [
        draw.array("float32", (k, m) if trans_a else (m, k)),
        draw.array("float32", (n, k) if trans_b else (k, n)),
        draw.array("float32", draw.one_of(shapes)) if draw.chance(0.7) else None,
    ]
    return NodeCase(inputs, attributes)


@generates("FusedMatMul", domain=OWN)
def fused_matmul(draw: Draw, target: Target) -> NodeCase:
    """Every transposition, of batches too; vectors; float64."""
    dtype = draw.one_of(("float32", "float32", "float64"))
    m, k, n = draw.length(5, 0.01), draw.length(5, 0.01), draw.length(5, 0.01)
    attributes: dict[str, Any] = {}
    if draw.chance(0.7):
        attributes["alpha"] = draw.number(-2, 2)
    left, right = draw.broadcast_shapes(2, most=2)
    inputs = []
    for name, batch, shape in (("A", left, (m, k)), ("B", right, (k, n))):
        swapped = draw.chance(0.4)
        if swapped or draw.chance(0.3):
            attributes[f"trans{name}"] = int(swapped)
        x = draw.array(dtype, (*batch, *(shape[::-1] if swapped else shape)))
        if x.ndim > 2 and draw.chance(0.3):
            attributes[f"transBatch{name}"] = 1
            x = np.ascontiguousarray(np.moveaxis(x, -2, 0))
        elif draw.chance(0.1):
            attributes[f"transBatch{name}"] = 0
        inputs.append(x)
    if draw.chance(0.1):  # a vector
        which = draw.integer(0, 1)
        inputs[which] = draw.array(dtype, (k,))
    return NodeCase(inputs, attributes)


@deviates(
    "FusedMatMul",
    reason="where one operand is a vector, onnxruntime reads the other as if it were not "
    "transposed: an error, or the products of other numbers; we multiply by what is "
    "transposed, as the definition says",
)
def _vector_and_transposed(case: NodeCase) -> bool:
    ranks = [np.ndim(x) for x in case.inputs]  # type: ignore[arg-type]
    turned = [
        any(case.attributes.get(f"{kind}{name}") for kind in ("trans", "transBatch"))
        for name in "AB"
    ]
    return any(
        ranks[1 - i] == 1 and ranks[i] > 1 and turned[i] for i in range(len(ranks))
    )


@generates("FusedConv", domain=OWN)
def fused_conv(draw: Draw, target: Target) -> NodeCase:
    """Every activation; with and without a sum; every kind of window."""
    spatial, group = draw.one_of((1, 2, 2, 3)), draw.one_of((1, 1, 2, 3))
    inner, outer = draw.integer(1, 3), draw.integer(1, 3)
    kernel = [draw.integer(1, 3) for _ in range(spatial)]
    attributes = {
        k: v
        for k, v in window_attributes(draw, spatial).items()
        if k in ("strides", "pads", "auto_pad")
    }
    if draw.chance(0.3):
        attributes["dilations"] = [draw.integer(1, 2) for _ in kernel]
    if draw.chance():
        attributes["kernel_shape"] = kernel
    if group > 1 or draw.chance():
        attributes["group"] = group
    activations: dict[str | None, int] = {
        None: 0, "Relu": 0, "Sigmoid": 0, "Tanh": 0, "HardSwish": 0, "LeakyRelu": 1,
        "HardSigmoid": 2, "Clip": 2,
    }  # fmt: skip
    attributes["activation"] = activation = draw.one_of(list(activations))
    numbers = sorted(draw.number(-1, 1) for _ in range(activations[activation]))
    if numbers:
        attributes["activation_params"] = numbers
    length = draw.integer(5, 8)
    x = draw.array("float32", (draw.integer(1, 2), group * inner, *(length,) * spatial))
    w = draw.array("float32", (group * outer, inner, *kernel))
    bias = draw.array("float32", (group * outer,)) if draw.chance(0.7) else None
    z = None
    if "auto_pad" not in attributes and draw.chance(0.4):
        pads = attributes.get("pads", [0] * 2 * spatial)
        steps = attributes.get("strides", [1] * spatial)
        apart = attributes.get("dilations", [1] * spatial)
        sizes = (
            (length + before + after - (k - 1) * d - 1) // step + 1
            for before, after, k, d, step in zip(
                pads, pads[spatial:], kernel, apart, steps
            )
        )
        z = draw.array("float32", (len(x), len(w), *sizes))
    return NodeCase([x, w, bias, z], attributes)


@generates("Gelu", "QuickGelu", domain=OWN)
def gelu(draw: Draw, target: Target) -> NodeCase:
    """Any shape."""
    x = draw.one_of((draw.array, draw.special))("float32", draw.shape())
    attributes = {}
    if target.operator == "QuickGelu" and draw.chance(0.7):
        attributes["alpha"] = draw.one_of((0.0, 1.0, 1.702, draw.number(-2, 2)))
    # onnxruntime's sigmoid differs by 2e-7, times x.
    return NodeCase([x], attributes, ulp=True, atol=4e-6)


@generates("BiasGelu", "FastGelu", domain=OWN)
def gelu_of_sum(draw: Draw, target: Target) -> NodeCase:
    """A bias along the last axis, which FastGelu may lack."""
    x = draw.array("float32", draw.shape(1))
    bias = draw.array("float32", x.shape[-1:])
    absent = target.operator == "FastGelu" and draw.chance(0.4)
    return NodeCase([x, None if absent else bias], ulp=True)


@generates("MoE", domain=OWN)
def mixture_of_experts(draw: Draw, target: Target) -> NodeCase:
    """Each activation; equally likely experts; one of several, and all."""
    kind = draw.one_of((None, "relu", "gelu", "silu", "swiglu", "identity"))
    count, size, inner = draw.integer(1, 5), draw.integer(1, 5), draw.integer(1, 5)
    shape = (*draw.shape(1, 2), size)
    attributes: dict[str, Any] = {"activation_type": kind}
    if draw.chance(0.8):
        attributes["k"] = draw.integer(1, count)
    if draw.chance():
        attributes["normalize_routing_weights"] = draw.integer(0, 1)
    outer = inner
    if kind == "swiglu":
        outer, attributes["swiglu_fusion"] = 2 * inner, 1
        for name in ("activation_alpha", "activation_beta", "swiglu_limit"):
            if draw.chance():
                attributes[name] = draw.number(0.2, 2)
    make = draw.ties if draw.chance(0.3) else draw.array
    inputs = [
        draw.array("float32", shape),
        make("float32", (int(np.prod(shape[:-1])), count)),
        draw.array("float32", (count, outer, size)),
        draw.array("float32", (count, outer)) if draw.chance(0.7) else None,
        draw.array("float32", (count, size, inner)),
        draw.array("float32", (count, size)) if draw.chance(0.7) else None,
    ]
    return NodeCase(inputs, attributes)
