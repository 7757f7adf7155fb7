"""Classes that would have one name are told apart by what differs."""

from __future__ import annotations

import pytest

from onnx2py.plan.outline.distinct import Wish, distinct


def wish(name: str, around: str = "", inside: str = "", kinds: str = "") -> Wish:
    return Wish(name, *(tuple(words.split()) for words in (around, inside, kinds)))


@pytest.mark.parametrize(
    ("wishes", "names"),
    [
        ([wish("Layer"), wish("Head")], ["Layer", "Head"]),
        (
            [wish("Layer", "layers encoder"), wish("Layer", "layers decoder")],
            ["EncoderLayer", "DecoderLayer"],
        ),
        (
            [wish("Bottleneck", "layer", "conv downsample"), wish("Bottleneck", "layer", "conv")],
            ["DownsampleBottleneck", "Bottleneck"],
        ),
        (
            [wish("ConvRelu", kinds="Conv Relu Conv Relu"), wish("ConvRelu", kinds="Conv Relu")],
            ["DoubleConvRelu", "ConvRelu"],
        ),
        (
            [wish("Conv", kinds="Conv Conv Add"), wish("Conv", kinds="Conv Conv")],
            ["ResidualConv", "Conv"],
        ),
        (
            [wish("Layer", kinds="Conv Relu Conv"), wish("Layer", kinds="Conv Relu")],
            ["ConvLayer", "Layer"],
        ),
        ([wish("Layer")] * 3, ["Layer", "Layer2", "Layer3"]),
        (
            [wish("Layer", "encoder"), wish("Layer", "decoder"), wish("EncoderLayer")],
            ["Layer", "DecoderLayer", "EncoderLayer"],
        ),
        ([wish("Layer", "encoder bert"), wish("Head")], ["EncoderLayer", "Head"]),
        ([wish("Block", "layers")], ["Block"]),
        (
            [
                wish("Layer", "block", "DenseReluDense"),
                wish("Layer", "block decoder", "EncDecAttention"),
            ],
            ["DenseReluDenseLayer", "EncDecAttentionLayer"],
        ),
        (
            [wish("Layer", "encoder"), wish("Layer", "decoder"), wish("Layer", "decoder")],
            ["EncoderLayer", "DecoderLayer", "DecoderLayer2"],
        ),
    ],
)  # fmt: skip
def test_what_differs_is_added(wishes, names):
    assert distinct(wishes) == names


def test_words_of_a_model_are_cut_to_identifiers():
    found = distinct([wish("Layer", "../x"), wish("Layer", "y" * 10_000)])
    assert len({*found}) == 2
    assert all(name.isidentifier() and len(name) <= 40 for name in found)
