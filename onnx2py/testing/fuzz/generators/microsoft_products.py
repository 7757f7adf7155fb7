"""onnxruntime's products, recurrence and attention with weights of 8 bits."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import NodeCase
from ..deviations import deviates
from ..draw import Draw
from ..registry import Target, generates
from .microsoft_quantized import BYTES, OWN, scale, whole_range, zero_point

_GATES = ("Sigmoid", "Tanh", "Relu", "HardSigmoid", "Softsign", "LeakyRelu")


def matrices(draw: Draw) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return shapes [D..., M, K] and [D..., K, N]."""
    left, right = draw.broadcast_shapes(2, most=2)
    m, n = draw.integer(1, 6), draw.integer(1, 6)
    k = draw.one_of((1, 3, 8, 20, 300))
    while np.prod(left) * m * k > 3000 or np.prod(right) * n * k > 3000:
        left, right = left[1:], right[1:]
        k = min(k, 300)
        if not left and not right:
            break
    return (*left, m, k), (*right, k, n)


@generates("DynamicQuantizeMatMul", "MatMulIntegerToFloat", domain=OWN)
def matmul_to_float(draw: Draw, target: Target) -> NodeCase:
    """Matrices in batches; one scale, or one for each column."""
    left, right = matrices(draw)
    dtype = draw.one_of(BYTES)
    columns = (right[-1],) if draw.chance() else ()
    b = whole_range(draw, dtype, right)
    b_zero = zero_point(draw, dtype, columns) if draw.chance() else None
    bias = draw.array("float32", right[-1:]) if draw.chance() else None
    b_scale = scale(draw, columns)
    if target.operator == "DynamicQuantizeMatMul":
        a: Any = draw.array("float32", left)
        # Bytes are halfway now and then: a step of ``a`` is then rounded otherwise.
        return NodeCase([a, b, b_scale, b_zero, bias], rtol=1e-3)
    kind = draw.one_of(BYTES) if dtype == "int8" else "uint8"
    a = whole_range(draw, kind, left)
    a_zero = zero_point(draw, kind) if draw.chance() else None
    return NodeCase([a, b, scale(draw), b_scale, a_zero, b_zero, bias])


@deviates(
    *("DynamicQuantizeMatMul", "MatMulIntegerToFloat"),
    reason="onnxruntime multiplies the bias by the scales of columns, too, if there are "
    "several matrices b; here it is only added",
)
def bias_is_scaled(case: NodeCase) -> bool:
    """Several matrices, a scale for each column, and a bias."""
    inputs: Any = case.inputs
    b_scale = inputs[2] if case.operator == "DynamicQuantizeMatMul" else inputs[3]
    b, bias = inputs[1], inputs[-1]
    return bias is not None and b.ndim > 2 and b_scale.size > 1


@generates("MatMulInteger16", domain=OWN)
def matmul_words(draw: Draw, target: Target) -> NodeCase:
    """Matrices of 16-bit integers in batches."""
    left, right = matrices(draw)
    return NodeCase([draw.array("int16", left, -999, 999), draw.array("int16", right)])


@generates("QGemm", domain=OWN)
def gemm(draw: Draw, target: Target) -> NodeCase:
    """Every transposition, with and without bias and scale of the result."""
    m, n = draw.integer(1, 6), draw.integer(1, 6)
    k = draw.one_of((1, 3, 8, 20, 300))
    trans_a, trans_b = draw.chance(), draw.chance()
    a_dtype, b_dtype = draw.one_of(
        (("uint8", "uint8"), ("uint8", "int8"), ("int8",) * 2)
    )
    columns = (n,) if draw.chance() else ()
    attributes: dict[str, Any] = {"transA": int(trans_a), "transB": int(trans_b)}
    if draw.chance():
        attributes["alpha"] = draw.number(-2, 2)
    c_shape = draw.one_of(((), (1,), (n,), (m, 1), (1, n), (m, n)))
    inputs = [
        whole_range(draw, a_dtype, (k, m) if trans_a else (m, k)),
        scale(draw),
        zero_point(draw, a_dtype),
        whole_range(draw, b_dtype, (n, k) if trans_b else (k, n)),
        scale(draw, columns),
        zero_point(draw, b_dtype, columns),
        draw.array("int32", c_shape, -9999, 9999) if draw.chance() else None,
    ]
    if draw.chance():
        y_scale = np.asarray(scale(draw) * 100, np.float32)
        inputs += [y_scale, zero_point(draw, a_dtype)]
    return NodeCase(inputs, attributes)


@generates("DynamicQuantizeLSTM", domain=OWN)
def lstm(draw: Draw, target: Target) -> NodeCase:
    """Every direction, activation and optional input."""
    direction = draw.one_of(("forward", "reverse", "bidirectional"))
    d = 2 if direction == "bidirectional" else 1
    t, b, i, h = (draw.integer(1, most) for most in (5, 3, 5, 4))
    attributes: dict[str, Any] = {"direction": direction, "hidden_size": h}
    if direction == "forward" and draw.chance():
        del attributes["direction"]
    if draw.chance(0.2):
        names = [draw.one_of(_GATES) for _ in range(3 * d)]
        attributes["activations"] = names
    if draw.chance(0.2):
        attributes["clip"] = draw.number(0.2, 3)
    if draw.chance(0.2):
        attributes["input_forget"] = draw.integer(0, 1)
    inputs: list[Any] = [draw.array("float32", (t, b, i))]
    ends: list[Any] = []
    dtype = draw.one_of(BYTES)
    for rows in (i, h):
        each = (d, 4 * h) if draw.chance() else (d,)
        inputs.append(whole_range(draw, dtype, (d, rows, 4 * h)))
        zero = np.full(each, 128 if dtype == "uint8" else 0).astype(dtype)
        if len(each) == 1 and draw.chance(0.2):
            zero = whole_range(draw, dtype, each)
        ends += [draw.array("float32", each, 0.001, 0.02), zero]
    inputs += [
        draw.array("float32", (d, 8 * h)) if draw.chance(0.7) else None,
        draw.array("int32", (b,), 1, t) if draw.chance(0.3) else None,
        draw.array("float32", (d, b, h)) if draw.chance(0.4) else None,
        draw.array("float32", (d, b, h)) if draw.chance(0.4) else None,
        draw.array("float32", (d, 3 * h)) if draw.chance(0.2) else None,
    ]
    wanted: Any = draw.one_of((1, 3, 3, (True, True, False), (False, True, True)))
    # Where the hidden state lies halfway between two steps, it may be rounded to either:
    # the gates then move by a step of 1 / 127 or less, times a weight up to 2.5.
    return NodeCase([*inputs, *ends], attributes, wanted, rtol=0.03)


@generates("QAttention", domain=OWN)
def attention(draw: Draw, target: Target) -> NodeCase:
    """Every mask and optional input."""
    b, s, heads, size, i = (draw.integer(1, most) for most in (3, 5, 3, 4, 6))
    past = draw.integer(1, 3) if draw.chance(0.3) else 0
    width = 3 * heads * size
    dtype = draw.one_of(BYTES)
    each = (width,) if draw.chance(0.4) else ()
    attributes: dict[str, Any] = {"num_heads": heads}
    if draw.chance(0.4):
        attributes["unidirectional"] = draw.integer(0, 1)
    if draw.chance(0.2):
        attributes["scale"] = draw.number(0.1, 1)
    if draw.chance(0.2):
        attributes["mask_filter_value"] = draw.number(-100, -10)
    total = past + s
    mask = draw.one_of((
        None,
        np.ones((draw.one_of((1, b)), 1), np.int32),
        draw.array("int32", (b, total), 0, 1),
        draw.array("int32", (b, s, total), 0, 1),
        draw.array("int32", (b,), 1, total),
        np.concatenate((draw.array("int32", (b,), max(1, total - 1), total),
                        draw.array("int32", (b,), 0, 1))).astype(np.int32),
    ))  # fmt: skip
    inputs = [
        whole_range(draw, "uint8", (b, s, i)),
        whole_range(draw, dtype, (i, width)),
        draw.array("float32", (width,)),
        np.asarray(draw.number(0.001, 0.02), np.float32),
        draw.array("float32", each, 0.001, 0.02),
        mask,
        zero_point(draw, "uint8") if draw.chance(0.7) else None,
        zero_point(draw, dtype, each) if draw.chance(0.7) else None,
        draw.array("float32", (2, b, heads, past, size)) if past else None,
    ]
    return NodeCase(inputs, attributes, 2 if past or draw.chance() else 1)


@generates("QEmbedLayerNormalization", domain=OWN)
def embed(draw: Draw, target: Target) -> NodeCase:
    """With and without segments and mask."""
    b, s, h = draw.integer(1, 3), draw.integer(1, 5), draw.integer(2, 8)
    dtype = draw.one_of(BYTES)
    segments, mask = draw.chance(), draw.chance()
    shapes = [(7, h), (s + 1, h), (3, h), (h,), (h,)]
    tables: list[Any] = [whole_range(draw, dtype, shape) for shape in shapes]
    scales: list[Any] = [draw.array("float32", (), 0.005, 0.05) for _ in tables]
    zeros: list[Any] = [zero_point(draw, dtype) for _ in tables]
    for part in (tables, scales, zeros):
        part[2] = part[2] if segments else None
    inputs: list[Any] = [
        draw.array("int32", (b, s), 0, 6),
        draw.array("int32", (b, s), 0, 2) if segments else None,
        *tables,
        draw.array("int32", (b, s), 0, 1) if mask else None,
        *scales,
        *zeros,
    ]
    attributes = {"epsilon": draw.number(1e-12, 1e-2)} if draw.chance() else {}
    return NodeCase(
        inputs, attributes, 2, constant=(2, 3, 4, 5, 6) if draw.chance(0.9) else ()
    )
