"""onnxruntime's operators with weights of few bits, which are quantized in blocks."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

from ..case import NodeCase
from ..deviations import deviates
from ..draw import Draw
from ..registry import Target, generates
from .microsoft_quantized import OWN, whole_range


def _packed(draw: Draw, bits: int, *shape: int) -> Any:
    """Return bytes that hold ``bits``-bit numbers along the last axis."""
    return whole_range(draw, "uint8", (*shape[:-1], -(-shape[-1] * bits // 8)))


@generates("MatMulNBits", domain=OWN)
def matmul_nbits(draw: Draw, target: Target) -> NodeCase:
    """2, 4 and 8 bits; every form of zero points; with and without rounding of A."""
    bits, size = draw.one_of((2, 4, 4, 8)), draw.one_of((16, 16, 32, 64, 128))
    k, n = draw.one_of((16, 32, 64, 5, 40, 70)), draw.integer(1, 9)
    blocks = -(-k // size)
    real = draw.one_of(("float32", "float32", "float16"))
    attributes: dict[str, Any] = {"K": k, "N": n, "block_size": size, "bits": bits}
    if bits == 4 and draw.chance():
        del attributes["bits"]
    if draw.chance(0.6):
        attributes["accuracy_level"] = draw.integer(0, 4)
    form = draw.one_of(("none", "packed", "packed", "real"))
    zeros = {
        "none": None,
        "packed": _packed(draw, bits, n, blocks),
        "real": draw.array(real, (n, blocks), 0, 2**bits),
    }[form]
    groups = draw.array("int32", (k,), 0, blocks - 1) if draw.chance(0.1) else None
    empty = draw.chance(0.03)
    inputs = [
        draw.array(real, (*draw.shape(0, 2, longest=3), draw.integer(1, 4), k)),
        _packed(draw, bits, 0 if empty else n, blocks, size),
        draw.array(real, (n, blocks), -0.1, 0.1),
        zeros,
        groups,
        draw.array(real, (n,)) if draw.chance() else None,
    ]
    constant = (1, 2, 3, 5) if draw.chance(0.8) else ()
    return NodeCase(inputs, attributes, constant=constant, rtol=1e-3)


@deviates(
    "MatMulNBits",
    reason="with g_idx, onnxruntime reads weights of 2 and 8 bits as if they had 4, and "
    "takes 8 for every zero point that is packed",
)
def groups_need_four_bits(case: NodeCase) -> bool:
    """Columns in any order, with other than 4 bits or with packed zero points."""
    zeros, groups = case.inputs[3:5]
    packed = isinstance(zeros, np.ndarray) and zeros.dtype == np.uint8
    return groups is not None and (case.attributes.get("bits", 4) != 4 or packed)


@deviates(
    "MatMulNBits",
    reason="with accuracy_level 4, onnxruntime rearranges constant weights together "
    "with their scales and zero points; if those are not constant, it reads what it "
    "finds in memory",
)
def scales_are_not_constant(case: NodeCase) -> bool:
    """Constant weights, with variable scales or zero points."""
    if case.attributes.get("accuracy_level") != 4:
        return False
    with_weights = {2} | ({3} if case.inputs[3] is not None else set())
    return 1 in case.initializers and not with_weights <= case.initializers


@deviates(
    "MatMulBnb4",
    reason="onnxruntime multiplies by the transposed weights without transB as well, "
    "and reads beyond their end",
)
def always_transposed(case: NodeCase) -> bool:
    """Weights as they are."""
    return case.attributes.get("transB") == 0


@generates("MatMulBnb4", domain=OWN)
def matmul_bnb4(draw: Draw, target: Target) -> NodeCase:
    """Both kinds of four bits; blocks that end within a row."""
    k, n, size = draw.integer(1, 40), draw.integer(1, 9), draw.one_of((16, 32, 64))
    attributes = {"K": k, "N": n, "block_size": size, "quant_type": draw.integer(0, 1)}
    inner = k
    if draw.chance():
        attributes["transB"] = draw.integer(0, 1)
        inner = k if attributes["transB"] else n
    if draw.chance(0.2):
        attributes["training_mode"] = draw.integer(0, 1)
    a = draw.array("float32", (*draw.shape(0, 2, longest=3), draw.integer(1, 4), inner))
    b = whole_range(draw, "uint8", ((n * k + 1) // 2,))
    absmax = draw.array("float32", (-(-n * k // size),), 0.1, 2)
    return NodeCase(
        [a, b, absmax], attributes, constant=(1, 2) if draw.chance() else ()
    )


@generates("GatherBlockQuantized", domain=OWN)
def gather_blocks(draw: Draw, target: Target) -> NodeCase:
    """Bytes that hold several numbers, and types of four and eight bits."""
    size = draw.one_of((16, 16, 32, 128))
    attributes: dict[str, Any] = {"block_size": size}
    if size == 128 and draw.chance():
        del attributes["block_size"]
    kind = draw.one_of(("uint8", "uint8", "int4", "uint4", "float8_e4m3fn",
                        "float8_e5m2", "float8_e4m3fnuz", "float4_e2m1fn"))  # fmt: skip
    rank = draw.integer(2, 3)
    shape = [draw.integer(1, 5) for _ in range(rank)]
    if kind == "uint8":
        bits, axis, along = draw.one_of((2, 4, 4, 8)), 0, rank - 1
        attributes["bits"] = bits
    else:
        bits, axis, along = 8, draw.integer(0, rank - 1), draw.integer(0, rank - 1)
    shape[along] = draw.one_of((16, 32, 48, 40, 8))
    scaled = list(shape)
    scaled[along] = -(-shape[along] // size)
    attributes["gather_axis"] = axis - rank if draw.chance(0.3) else axis
    attributes["quantize_axis"] = along - rank if draw.chance(0.3) else along
    zeros: Any = None
    if kind == "uint8":
        data = _packed(draw, bits, *shape)
        zeros = _packed(draw, bits, *scaled)
    elif "float" in kind:
        data = draw.array("float32", shape, -6, 6).astype(getattr(ml_dtypes, kind))
        if draw.chance(0.2):
            attributes["block_size"], scaled[along] = 0, 1
        scaled = [
            1 if i != along and draw.chance(0.2) else v for i, v in enumerate(scaled)
        ]
    else:
        low = 0 if kind == "uint4" else -8
        data, zeros = (
            draw.array("int8", s, low, low + 15).astype(getattr(ml_dtypes, kind))
            for s in (shape, scaled)
        )
    if draw.chance(0.4):
        zeros = None
    # Beyond the end lies zero.
    far = shape[axis] + (2 if draw.chance(0.2) else 0)
    indices = draw.array(
        draw.one_of(("int32", "int64")), draw.shape(0, 2), -far, far - 1
    )
    scales = draw.array(draw.one_of(("float32", "float16")), scaled)
    return NodeCase([data, indices, scales, zeros], attributes, constant=(0, 3))
