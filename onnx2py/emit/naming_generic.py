"""Which names of values say nothing: the numbers that exporters give.

A name is generic if its last part is a number, a placeholder with a number (``val_74``), or an
operator with or without one (``MatMul_2``, ``onnx::Conv_370``, ``relu_4``). A name that is put
together of generic ones is generic too.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ..ir.graph import onnx_name
from ..traits.nouns import NOUNS

_PLACEHOLDER_WORDS = """
arg const fill getitem in initializer input int node out output p parameter param r ret t temp
tensor tmp v val value variable weight x y
"""
_NUMBERED_WORDS = "constfoldopt getitem p2o val"
_FUNCTION_WORDS = """
adaptiveavgpool1d adaptiveavgpool2d addmm alias any arange argmax argmin avgpool1d avgpool2d
baddbmm batchnorm bitwiseand bitwisenot bitwiseor bmm cat chunk clamp clone contiguous conv1d
conv2d conv3d convolution copy cumsum detach embedding eq expandas flip full fulllike ge groupnorm
gt hardtanh index indexput indexselect instancenorm interpolate layernorm le linear logicaland
logicalnot logicalor lt maskedfill matmul maxpool1d maxpool2d mm movedim narrow ne newones
newzeros oneslike ones permute pixelshuffle pow repeat repeatinterleave rmsnorm roll rsqrt rsub
scalartensor scaleddotproductattention select silu slicescatter stack symsizeint sym to tolist
triu tril truediv type unbind unflatten unsafeview upsamplebilinear2d upsamplenearest2d view where
zeros zeroslike
addv2 averagepooling2d batchmatmul batchmatmulv2 biasadd concatv2 conv2dbackpropinput depthwise
depthwiseconv2dnative fusedbatchnorm fusedbatchnormv3 gatherv2 globalaveragepooling2d maxpooling1d
maxpooling2d mirrorpad partitionedcall readvariableop realdiv resizenearestneighbor
squareddifference statefulpartitionedcall stridedslice
convolution plus pooling times combine quant quantized
"""  # of PyTorch; TensorFlow and Keras; CNTK, Caffe2 and quantizers
_BY_HAND_WORDS = "attention embedding gradient mean momentum scale scaler shape size"

_PLACEHOLDERS = frozenset(_PLACEHOLDER_WORDS.split())
"""Words that say nothing once a number follows."""

_NUMBERED = frozenset(_NUMBERED_WORDS.split())
"""Words to which exporters always give a number."""

_OPERATORS = frozenset((*(name.lower() for name in NOUNS), *_FUNCTION_WORDS.split()))
"""Operators of ONNX and of what exports to it, in lower case, without underscores."""

_BY_HAND = frozenset(_BY_HAND_WORDS.split())
"""Operators, but also what an author calls a value; without a number, they are that."""

_ADDED = re.compile(
    r"(?i)(?<=.)([._](scaled|normalized|transposed?|pooled|centered|sum|reshape\d*|unpacked|quantized"
    r"|product|once|straight|channels|tiles|QuantizeLinear|DequantizeLinear|output|quant|scale|zero_point))+$"
)
"""What passes, plans and quantizers append to the name of what they replace."""

_ENDING = re.compile(r"(?i:(_outputs?_\d+|__\d+|:\d+)+(?=[._]|$))|(?<=\d)_[A-Za-z]$")
"""What exporters append to the name of a node to make that of a value."""

_PARTS = re.compile(
    r"(?P<words>[A-Za-z_]*?[A-Za-z](?:[123][dD])?(?:V[23])?)(?P<number>(?:[._]*\d+)*)"
)


_ROLE = (
    r"(weights?|kernel|bias|gamma|beta|scale|running_mean|running_var|r_b|[wbrp])"
    r"(?P<added>_\w+)?(/read|/ReadVariableOp)?(:0)?"
)
_PARAMETERS = (
    re.compile(rf"(?i)(?P<whole>.*)[./:]{_ROLE}"),
    re.compile(rf"(?i)(?P<whole>.*)_{_ROLE}"),
)


def has_generic_name(value: str) -> bool:
    """Return whether the ONNX name of a value says nothing."""
    text = _ENDING.sub("", onnx_name(value).split(";")[0])
    if text.startswith("onnx::"):
        return True
    scope, _, last = text.rpartition("/")
    if last in ("x", "y"):  # TensorFlow's operands: model/add/y
        return bool(scope) and is_generic(scope.rpartition("/")[2])
    return is_generic(last)


def parameter_of(name: str) -> str:
    """Return the thing that a parameter belongs to: ``conv1`` of ``conv1.weight``."""
    matches = (pattern.fullmatch(onnx_name(name)) for pattern in _PARAMETERS)
    return next((match["whole"] for match in matches if match), "")


@lru_cache(maxsize=1 << 16)
def is_generic(part: str) -> bool:
    """Return whether the last part of a name says nothing."""
    part = _ADDED.sub("", part).removeprefix("node_").strip("_")
    if is_placeholder(part) or ("." in part and all(map(is_generic, part.split(".")))):
        return True
    match = _PARTS.fullmatch(part)
    if match is None:
        return _is_joined(part)
    word, number = _word(match["words"]), match["number"]
    if number and len(word) % 2 == 0 and word[: len(word) // 2] * 2 == word:
        word = word[: len(word) // 2]  # split_split_0: an output of split
    # A lower-case operator next to its number is what an author writes: conv1, pool5.
    by_hand = number[:1].isdigit() or (not number and word in _BY_HAND)
    return word in _OPERATORS and not (by_hand and match["words"].islower())


@lru_cache(maxsize=1 << 16)
def is_placeholder(part: str) -> bool:
    """Return whether a part of a name is a number, or a word that only has a number."""
    if part.startswith("onnx::") or not re.search("[A-Za-z]", part):
        return True
    match = _PARTS.fullmatch(part)
    word = _word(match["words"]) if match else part
    numbered = bool(match and match["number"] and word in _PLACEHOLDERS)
    return numbered or word in _NUMBERED


def _is_joined(part: str) -> bool:
    """Return whether a part is put together of generic ones: ``val_8_linear_1``."""
    pieces = re.findall(r"[A-Za-z][A-Za-z_.]*?(?:[123][dD])?[._]?\d+(?=_|$)", part)
    return len(pieces) > 1 and "_".join(pieces) == part and all(map(is_generic, pieces))


def _word(words: str) -> str:
    return words.replace("_", "").lower().removesuffix("default")
