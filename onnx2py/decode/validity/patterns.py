"""The lengths that the inputs of an operator must have, one pattern for each operator.

Inputs are separated by commas, axes by spaces:

    4, C          a length: a number, or a name that stands for one number in all inputs
    2*groups*c    a product; an integer attribute stands for its value
    ?             any length
    ...           any axes, the same ones wherever this stands; ``kernel`` is their product
    ~             any axes, as many as ``...`` or another ``~`` has
    *             any axes
    &             broadcast with the other inputs that have this
    >0  >y        broadcast to input 0, or to the output

``rank`` is the number of axes of the first input, ``directions`` 2 if a recurrent operator is
bidirectional. ONNX's own inference has checked the node before: its checks are not repeated.
Source: https://onnx.ai/onnx/operators/ and
https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from ...ir.graph import Node

Pattern = tuple[tuple[str, ...], ...]
"""The axes of each input."""

CONV = "N group*c ~, group*m c ~, group*m"
CONV_TRANSPOSE = "N group*c ~, group*c m ~, group*m"
NORMALIZED = "*, >0, >0"
SKIP = "* H, * H, H, H, H"
PAIR = "&, &"
QUANTIZED_PAIR = "&, *, *, &"
POOLED = "N C ? *"

PATTERNS: dict[str, str] = {
    "AffineGrid": "N ? ?, ?",
    "Attention": "B ? ? *, B ? ? *, B ? ? *",
    "BatchNormalization spatial=1": "N C *, C, C, C, C",
    "Conv": CONV,
    "ConvInteger": "N group*c ~, group*m c ~",
    "ConvTranspose": CONV_TRANSPOSE,
    "DeformConv": (
        "N group*c ~, group*m c ..., N 2*offset_group*kernel ~, group*m, "
        "N offset_group*kernel ~"
    ),
    "GatherElements": "~, ~",
    "Gemm since=7": "*, *, >y",
    "GlobalAveragePool": POOLED,
    "GlobalLpPool": POOLED,
    "GlobalMaxPool": POOLED,
    "GreaterOrEqual": PAIR,
    "InstanceNormalization": "N C *, C, C",
    "LayerNormalization": NORMALIZED,
    "LessOrEqual": PAIR,
    "MaxRoiPool": "N C H W, R 5",
    "MaxUnpool": "..., ...",
    "NonMaxSuppression": "B S 4, B C S",
    "PRelu since=7": PAIR,
    "QLinearConv": "N group*c ~, *, *, group*m c ~, *, *, *, *, group*m",
    "RMSNormalization": NORMALIZED,
    "ReverseSequence batch_axis=0": "B ? *, B",
    "ReverseSequence batch_axis=1": "? B *, B",
    "RoiAlign": "N C H W, R 4, R",
    "RotaryEmbedding": "*, ..., ...",
    "Scatter": "~, ..., ...",
    "ScatterElements": "~, ..., ...",
    "Slice since=10": "*, L, L, L, L",
    "SoftmaxCrossEntropyLoss": "N C ..., N ..., C",
    "Tile since=6": "~, rank",
    "TopK since=10": "*, 1",
    "com.microsoft.Attention": "B S I, I W, W",
    "com.microsoft.BiasGelu": "* H, H",
    "com.microsoft.CDist": "M K, N K",
    "com.microsoft.ConvTransposeWithDynamicPads": "N group*c ~, group*c m ~, *, group*m",
    "com.microsoft.CropAndResize": "N C H W, R 4, R, 2",
    "com.microsoft.EmbedLayerNormalization": "B S, B S, V H, P H, G H, H, H",
    "com.microsoft.FastGelu": "* H, H",
    "com.microsoft.FusedConv": CONV,
    "com.microsoft.GatedAdd": "..., ...",
    "com.microsoft.GatedRMSNorm": "..., *, ...",
    "com.microsoft.GridSample": "N C H W, N h w 2",
    "com.microsoft.Inverse": "* M M",
    "com.microsoft.MatMulNBits": "* K, N *, *, *, *, N",
    "com.microsoft.NGramRepeatBlock": "B S, B V",
    "com.microsoft.QAttention": "B S I, I W, W",
    "com.microsoft.QEmbedLayerNormalization": "B S, B S, V H, P H, G H, H, H",
    "com.microsoft.QLinearAdd": QUANTIZED_PAIR,
    "com.microsoft.QLinearMul": QUANTIZED_PAIR,
    "com.microsoft.QLinearWhere": "&, &, *, *, &",
    "com.microsoft.RotaryEmbedding": "*, *, ..., ...",
    "com.microsoft.SkipLayerNormalization": SKIP,
    "com.microsoft.SkipSimplifiedLayerNormalization": SKIP,
    "com.microsoft.Unique": "L",
}
"""By operator, with the domain before it and a condition behind it."""

for _a, _left in enumerate(("M K", "K M")):
    for _b, _right in enumerate(("K N", "N K")):
        _case = f"transA={_a} transB={_b}"
        PATTERNS[f"com.microsoft.FusedGemm {_case}"] = f"{_left}, {_right}"
        PATTERNS[f"com.microsoft.QGemm {_case}"] = f"{_left}, *, *, {_right}"
for _name, _gates, _last in (
    ("LSTM", 4, ", {states}, directions 3*hidden_size"),
    ("GRU", 3, ""),
    ("RNN", 1, ""),
):
    for _layout, _input, _states in (
        (0, "T B I", "directions B hidden_size"),
        (1, "B T I", "B directions hidden_size"),
    ):
        PATTERNS[f"{_name} layout={_layout}"] = (
            f"{_input}, directions {_gates}*hidden_size I, "
            f"directions {_gates}*hidden_size hidden_size, "
            f"directions {2 * _gates}*hidden_size, B, {_states}"
            + _last.format(states=_states)
        )
PATTERNS["com.microsoft.DynamicQuantizeLSTM"] = (
    "T B I, directions I 4*hidden_size, directions hidden_size 4*hidden_size, "
    "directions 8*hidden_size, B, directions B hidden_size, directions B hidden_size, "
    "directions 3*hidden_size"
)

DEFAULTS = {
    "batch_axis": 1, "group": 1, "layout": 0, "offset_group": 1, "spatial": 1, "transA": 0,
    "transB": 0,
}  # fmt: skip
"""Attributes that a node may leave out."""


def pattern_of(node: Node) -> Pattern | None:
    """Return the pattern for a node, None if there is none."""
    for applies, pattern in _by_operator().get(node.qualified_operator, ()):
        if applies(node):
            return pattern
    return None


Row = tuple[Callable[[Node], bool], Pattern]


@lru_cache(maxsize=None)
def _by_operator() -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = {}
    for key, text in PATTERNS.items():
        operator, *conditions = key.split()
        pattern = tuple(tuple(each.split()) for each in text.split(","))
        rows.setdefault(operator, []).append((_condition(conditions), pattern))
    return rows


def _condition(texts: list[str]) -> Callable[[Node], bool]:
    wanted = [
        (name, int(value)) for name, _, value in (t.partition("=") for t in texts)
    ]

    def applies(node: Node) -> bool:
        return all(
            (
                node.version >= value
                if name == "since"
                else node.attributes.get(name, DEFAULTS[name]) == value
            )
            for name, value in wanted
        )

    return applies
