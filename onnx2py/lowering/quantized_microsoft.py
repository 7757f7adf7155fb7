"""onnxruntime's own operators with weights of few bits: com.microsoft."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ir.program import Argument, Call
from ..kernels import (
    conv_integer,
    lstm_quantized,
    quantized_attention,
    quantized_gather,
)
from ..kernels import (
    matmul_bnb4 as bnb4,
)
from ..kernels import (
    matmul_nbits as nbits,
)
from ..kernels import quantized as quantized_kernels
from ._conv_windows import convolution_windows
from .context import NodeContext
from .quantization import scalar_literal
from .recurrent import _LSTM, _options
from .registry import lowers

_OWN = "com.microsoft"


@lowers("DynamicQuantizeLSTM", domain=_OWN)
def dynamic_quantize_lstm(node: NodeContext) -> Call:
    """1: the only version."""
    options = _options(node, _LSTM)
    del options["layout"]  # it has none
    return node.call(
        lstm_quantized.dynamic_quantize_lstm,
        *(node.input(index) for index in range(3)),
        *(node.optional(index) for index in range(3, 8)),
        *(node.input(index) for index in range(8, 12)),
        **options,
        input_forget=bool(node.int("input_forget", 0)),
        results=3,
    )


@lowers("MatMulNBits", domain=_OWN)
def matmul_nbits(node: NodeContext) -> Call:
    """1: the only version. Weights that a GPU's kernel has rearranged are refused.

    With ``accuracy_level`` 4, onnxruntime rounds ``A`` to 8 bits if the weights are
    constant, the blocks in their order, and zero points integers; weights of 2 bits must
    have blocks of 32.
    """
    bits = node.int("bits", 4)
    if bits not in (2, 4, 8):
        raise node.unsupported(f"attribute bits: expected 2, 4 or 8, got {bits}")
    if node.int("weight_prepacked", 0):
        raise node.unsupported("attribute weight_prepacked: expected 0")
    block_size = node.int("block_size")
    return node.call(
        nbits.matmul_nbits,
        *(node.input(index) for index in range(3)),
        *(node.optional(index) for index in range(3, 6)),
        n=node.int("N"),
        k=node.int("K"),
        bits=bits,
        block_size=block_size,
        int8_blocks=(
            node.int("accuracy_level", 0) == 4
            and (bits > 2 or block_size >= 32)
            and node.constant(1) is not None
            and not node.has_input(4)
            and node.dtype(3) in (None, "uint8")
        ),
    )


@lowers("MatMulBnb4", domain=_OWN)
def matmul_bnb4(node: NodeContext) -> Call:
    """1: the only version."""
    node.ignore("training_mode")
    kind = node.int("quant_type")
    if kind not in (0, 1):
        raise node.unsupported(f"attribute quant_type: expected 0 or 1, got {kind}")
    return node.call(
        bnb4.matmul_bnb4,
        *(node.input(index) for index in range(3)),
        n=node.int("N"),
        k=node.int("K"),
        block_size=node.int("block_size"),
        quant_type=kind,
        trans_b=bool(node.int("transB", 1)),
    )


@lowers("GatherBlockQuantized", domain=_OWN)
def gather_block_quantized(node: NodeContext) -> Call:
    """1: the only version."""
    bits = node.int("bits", 4)
    if bits not in (2, 4, 8):
        raise node.unsupported(f"attribute bits: expected 2, 4 or 8, got {bits}")
    return node.call(
        quantized_gather.gather_block_quantized,
        *(node.input(index) for index in range(3)),
        node.optional(3),
        bits=bits,
        block_size=node.int("block_size", 128),
        gather_axis=node.int("gather_axis", 0),
        quantize_axis=node.int("quantize_axis", 1),
    )


@lowers("QAttention", domain=_OWN)
def quantized_attention_rule(node: NodeContext) -> Call:
    """1, without rotary embedding and shared buffers."""
    for name in ("do_rotary", "past_present_share_buffer"):
        if node.int(name, 0):
            raise node.unsupported(f"attribute {name}: expected 0")
    return node.call(
        quantized_attention.qattention,
        *(node.input(index) for index in range(5)),
        *(node.optional(index) for index in range(5, 9)),
        num_heads=node.int("num_heads"),
        mask_filter_value=node.float("mask_filter_value", -10000.0),
        scale=node.float("scale", 0.0) or None,
        unidirectional=bool(node.int("unidirectional", 0)),
        results=2,
    )


@lowers("QEmbedLayerNormalization", domain=_OWN)
def qembed_layer_normalization(node: NodeContext) -> Call:
    """1: the only version."""
    return node.call(
        quantized_attention.qembed_layer_normalization,
        node.input(0),
        node.optional(1),
        tuple(node.optional(index) for index in range(2, 7)),
        node.optional(7),
        tuple(scalar_literal(node, index) for index in range(8, 13)),
        tuple(scalar_literal(node, index) for index in range(13, 18)),
        epsilon=node.float("epsilon", 1e-12),
        results=2,
    )


@lowers("QLinearConv", domain=_OWN)
def qlinear_conv(node: NodeContext) -> Call:
    """1: ONNX's own, but channels may come last, in ``x`` and the result only."""
    windows: dict[str, Any] = convolution_windows(node, weight=3)
    channels_last = bool(node.int("channels_last", 0))
    mode = node.string("auto_pad", "NOTSET")
    if channels_last and mode.startswith("SAME"):
        windows["pads"] = mode  # its shape was read with the channels first
    parameters: list[Argument] = [scalar_literal(node, i) for i in (1, 2, 4, 5, 6)]
    return node.call(
        (
            quantized_kernels.qlinear_conv_channels_last
            if channels_last
            else conv_integer.qlinear_conv
        ),
        node.input(0),
        *parameters[:2],
        node.input(3),
        *parameters[2:],
        node.input(7),
        node.optional(8),
        **windows,
        group=node.int("group", 1),
    )


@lowers("QLinearWhere", domain=_OWN)
def qlinear_where(node: NodeContext) -> Call:
    """1: the only version."""
    return node.call(
        quantized_kernels.qlinear_where,
        node.input(0),
        *(node.input(1), scalar_literal(node, 2), scalar_literal(node, 3)),
        *(node.input(4), scalar_literal(node, 5), scalar_literal(node, 6)),
        *(scalar_literal(node, 7), scalar_literal(node, 8)),
    )


@lowers("QLinearReduceMean", domain=_OWN)
def qlinear_reduce_mean(node: NodeContext) -> Call:
    """1: the only version."""
    zeros = [0 if value is None else value for value in _scalars(node, 2, 4)]
    return node.call(
        quantized_kernels.qlinear_reduce_mean,
        node.input(0),
        *(scalar_literal(node, 1), zeros[0], scalar_literal(node, 3), zeros[1]),
        axes=node.ints("axes"),
        keepdims=bool(node.int("keepdims")),
    )


def _scalars(node: NodeContext, *indices: int) -> list[Argument]:
    return [scalar_literal(node, index) for index in indices]


@lowers("MatMulInteger16", domain=_OWN)
def matmul_integer16(node: NodeContext) -> Call:
    """1: the only version."""
    wide = np.uint32 if node.dtype(0) == node.dtype(1) == "uint16" else np.int32
    return node.call(np.matmul, node.input(0), node.input(1), dtype=wide)
