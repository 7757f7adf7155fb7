"""Input types of operators of ``com.microsoft``, which the onnx package does not know.

Source: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
"""

from __future__ import annotations

from functools import lru_cache

from ..schemas import FormalInput

TYPES = {
    "B": "bool",
    "C": "float double",
    "D": "float16 float double",
    "E": "bfloat16 float16 float double",
    "F": "bfloat16 float16 float",
    "H": "float16 float",
    "I": "int32",
    "J": "int32 int64",
    "L": "int64",
    "Q": "int8 uint8",
    "S": "float",
    "T": "string",
    "U": "uint8",
    "W": "int16 uint16",
}
"""Types of the letters in :data:`INPUTS`; other letters allow any type."""

INPUTS = {
    "Attention": "F F F I F F I",
    "BiasGelu": "E E",
    "BifurcationDetector": "L L L L",
    "BranchwiseRMSNorm": "F F2",
    "CDist": "C C",
    "CausalConvWithState": "F F F F",
    "ConvTransposeWithDynamicPads": "D D L D",
    "CropAndResize": "D D I I",
    "DecoderMaskedMultiHeadAttention": "H H H I H H H I I I H",
    "DequantizeLinear": "A H A",
    "DynamicQuantizeLSTM": "S Q Q S I S S S S Q S Q",
    "DynamicQuantizeMatMul": "S Q S Q S",
    "DynamicTimeWarping": "S",
    "EmbedLayerNormalization": "I I H H H H H I I",
    "ExpandDims": "A I",
    "FastGelu": "E E",
    "FusedConv": "D D D D",
    "FusedGemm": "A A A",
    "FusedMatMul": "E E",
    "GatedAdd": "F F F F",
    "GatedRMSNorm": "F F F",
    "GatherBlockQuantized": "A J F A",
    "GatherND": "A J",
    "Gelu": "E",
    "GridSample": "A A",
    "GroupQueryAttention": "F F F A A I I F F L F F S S F F I",
    "Inverse": "D",
    "LinearAttention": "F F F F2 F F",
    "MatMulBnb4": "F U F",
    "MatMulInteger16": "W W2",
    "MatMulIntegerToFloat": "Q Q2 H H Q Q2 H",
    "MatMulNBits": "F U F A I F",
    "MaxpoolWithMask": "S I",
    "MoE": "F F F F F F F F",
    "MultiHeadAttention": "F F F F I F F F I I",
    "NGramRepeatBlock": "L S",
    "NhwcMaxPool": "Q",
    "Pad": "D L D",
    "QAttention": "Q Q2 H H H I Q Q2 H",
    "QEmbedLayerNormalization": "I I Q Q Q Q Q I S S S S S Q Q Q Q Q",
    "QGemm": "Q S Q Q2 S Q2 I S Q3",
    "QLinearAdd": "Q S Q Q S Q S Q",
    "QLinearAveragePool": "Q S Q S Q",
    "QLinearConcat": "S Q -",
    "QLinearConv": "Q S Q Q2 S Q2 S Q3 I",
    "QLinearGlobalAveragePool": "Q S Q S Q",
    "QLinearLeakyRelu": "Q S Q S Q",
    "QLinearMul": "Q S Q Q S Q S Q",
    "QLinearReduceMean": "Q S Q S Q",
    "QLinearSigmoid": "Q S Q S Q",
    "QLinearSoftmax": "Q S Q S Q",
    "QLinearWhere": "B Q S Q Q S Q S Q",
    "QuantizeLinear": "H H A",
    "QuickGelu": "E",
    "Range": "A A A",
    "RotaryEmbedding": "F L F F",
    "ScaledSiLU": "F F2",
    "SkipLayerNormalization": "F F F F F",
    "SkipSimplifiedLayerNormalization": "F F F F",
    "SparseAttention": "F F F F F I I I I F F",
    "Tokenizer": "T",
    "TransposeMatMul": "E E",
    "Trilu": "A L",
    "WordConvEmbedding": "I S S S",
}
"""A type variable for each input: those of the same name are of one type, ``-`` of any."""


@lru_cache(maxsize=None)
def microsoft_inputs(operator: str) -> tuple[FormalInput, ...] | None:
    """Return the inputs of an operator, None if it is not listed."""
    if operator not in INPUTS:
        return None
    variables = INPUTS[operator].split()
    return tuple(
        FormalInput(
            str(place),
            "" if variable == "-" else variable,
            frozenset(f"tensor({name})" for name in TYPES.get(variable[0], "").split()),
        )
        for place, variable in enumerate(variables)
    )
