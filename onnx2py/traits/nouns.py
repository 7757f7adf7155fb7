"""What the result of each operator is called, where the model has no name for it.

A noun, or one for each result: ``values indices``; further results have the last one.
Operators of several domains have one noun.
"""

from __future__ import annotations

from collections.abc import Mapping

_TABLE = """
Abs: magnitude
Acos: angle
Acosh: arc
Adagrad: updated
Adam: updated
Add: total
Affine: scaled
AffineGrid: grid
And: both
ArgMax: best
ArgMin: least
ArrayFeatureExtractor: picked
Asin: angle
Asinh: arc
Atan: angle
Atanh: arc
Attention: attended present_key present_value scores
AveragePool: pool
BatchNormalization: norm running_mean running_var
Bernoulli: drawn
BiasGelu: gelu
BifurcationDetector: tokens suffix_match
Binarizer: binary
BitCast: recast
BitShift: shifted
BitwiseAnd: bits
BitwiseNot: bits
BitwiseOr: bits
BitwiseXor: bits
BlackmanWindow: window
BranchwiseRMSNorm: norm
CDist: distance
Cast: converted
CastLike: converted
CastMap: features
CategoryMapper: category
CausalConvWithState: conv state
Ceil: ceiling
Celu: celu
CenterCropPad: crop
Clip: clipped
Col2Im: image
Compress: kept
Concat: joined
ConcatFromSequence: joined
Constant: constant
ConstantOfShape: filled
Conv: conv
ConvInteger: conv
ConvTranspose: upconv
ConvTransposeWithDynamicPads: upconv
Cos: cosine
Cosh: cosh
Crop: crop
CropAndResize: crops
CumProd: running_product
CumSum: running_total
DFT: spectrum
DecoderMaskedMultiHeadAttention: attended present_key present_value scores
DeformConv: conv
DepthToSpace: image
DequantizeLinear: dequantized
Det: determinant
DictVectorizer: features
Div: ratio
Dropout: dropped mask
DynamicQuantizeLSTM: lstm final_h final_c
DynamicQuantizeLinear: quantized scale zero_point
DynamicQuantizeMatMul: product
DynamicTimeWarping: alignment
Einsum: contracted
Elu: elu
EmbedLayerNormalization: embedded mask_index embedding
Equal: equal
Erf: erf
Exp: exponential
Expand: expanded
ExpandDims: expanded
EyeLike: identity
FastGelu: gelu
FeatureVectorizer: features
Flatten: flat
FlexAttention: attended
Floor: floored
FusedConv: conv
FusedGemm: dense
FusedMatMul: product
GRU: gru final_h
GatedAdd: gated
GatedRMSNorm: norm
Gather: picked
GatherBlockQuantized: picked
GatherElements: picked
GatherND: picked
Gelu: gelu
Gemm: dense
GlobalAveragePool: pooled
GlobalLpPool: pooled
GlobalMaxPool: pooled
Gradient: gradient
Greater: above
GreaterOrEqual: reached
GridSample: sampled
GroupNormalization: norm
GroupQueryAttention: attended present_key present_value scores
HammingWindow: window
HannWindow: window
HardSigmoid: gate
HardSwish: swish
Hardmax: winner
Identity: copy
If: chosen
ImageDecoder: image
ImageScaler: image
Imputer: imputed
InstanceNormalization: norm
Inverse: inverse
IsInf: infinite
IsNaN: is_nan
LRN: norm
LSTM: lstm final_h final_c
LabelEncoder: encoded
LayerNormalization: norm mean inverse_deviation
LeakyRelu: relu
Less: below
LessOrEqual: within
LinearAttention: attended state
LinearClassifier: label scores
LinearRegressor: prediction
Log: logarithm
LogSoftmax: log_probabilities
Loop: looped
LpNormalization: norm
LpPool: pool
MatMul: product
MatMulBnb4: product
MatMulInteger: product
MatMulInteger16: product
MatMulIntegerToFloat: product
MatMulNBits: product
Max: larger
MaxPool: pool pool_indices
MaxRoiPool: pool
MaxUnpool: unpooled
MaxpoolWithMask: pool
Mean: mean
MeanVarianceNormalization: norm
MelWeightMatrix: mel_weights
Min: smaller
Mish: mish
MoE: experts
Mod: remainder
Momentum: updated
Mul: scaled
MultiHeadAttention: attended present_key present_value scores
Multinomial: drawn
MurmurHash3: hashed
NGramRepeatBlock: scores
Neg: negated
NegativeLogLikelihoodLoss: loss
NhwcMaxPool: pool
NonMaxSuppression: selected
NonZero: places
Normalizer: norm
Not: inverted
OneHot: one_hot
OneHotEncoder: one_hot
Optional: optional
OptionalGetElement: element
OptionalHasElement: has_element
Or: either
PRelu: prelu
Pad: padded
ParametricSoftplus: softplus
Pow: power
QAttention: attended present
QEmbedLayerNormalization: embedded mask_index
QGemm: dense
QLinearAdd: total
QLinearAveragePool: pool
QLinearConcat: joined
QLinearConv: conv
QLinearGlobalAveragePool: pooled
QLinearLeakyRelu: relu
QLinearMatMul: product
QLinearMul: scaled
QLinearReduceMean: mean
QLinearSigmoid: sigmoid
QLinearSoftmax: probabilities
QLinearWhere: selected
QuantizeLinear: quantized
QuickGelu: gelu
RMSNormalization: norm
RNN: rnn final_h
RandomNormal: noise
RandomNormalLike: noise
RandomUniform: noise
RandomUniformLike: noise
Range: positions
Reciprocal: reciprocal
ReduceL1: length
ReduceL2: length
ReduceLogSum: log_total
ReduceLogSumExp: log_total
ReduceMax: maximum
ReduceMean: mean
ReduceMin: minimum
ReduceProd: reduced
ReduceSum: reduced
ReduceSumSquare: energy
RegexFullMatch: matches
Relu: relu
Reshape: reshaped
Resize: resized
ReverseSequence: reversed_part
RoiAlign: regions
RotaryEmbedding: rotated
Round: rounded
STFT: spectrum
SVMClassifier: label scores
SVMRegressor: prediction
SampleOp: sampled
Scale: scaled
ScaledSiLU: silu
ScaledTanh: scaled
Scaler: scaled
Scan: scanned
Scatter: scattered
ScatterElements: scattered
ScatterND: scattered
Selu: selu
SequenceAt: item
SequenceConstruct: sequence
SequenceEmpty: sequence
SequenceErase: sequence
SequenceInsert: sequence
SequenceLength: length
SequenceMap: sequence
Shape: shape
Shrink: shrunk
Sigmoid: sigmoid
Sign: sign
SimplifiedLayerNormalization: norm inverse_deviation
Sin: sine
Sinh: sinh
Size: size
SkipLayerNormalization: norm mean inverse_deviation residual
SkipSimplifiedLayerNormalization: norm mean inverse_deviation residual
Slice: part
Softmax: probabilities
SoftmaxCrossEntropyLoss: loss log_probabilities
Softplus: softplus
Softsign: softsign
SpaceToDepth: blocks
SparseAttention: attended present_key present_value
Split: part
SplitToSequence: parts
Sqrt: root
Squeeze: squeezed
StringConcat: text
StringNormalizer: text
StringSplit: words counts
Sub: difference
Sum: total
SwiGLU: swiglu
Swish: swish
Tan: tangent
Tanh: tanh
TensorScatter: cache
TfIdfVectorizer: features
ThresholdedRelu: relu
Tile: tiled
Tokenizer: tokens
TopK: top_values top_indices
Transpose: transposed
TransposeMatMul: product
TreeEnsemble: votes
TreeEnsembleClassifier: label scores
TreeEnsembleRegressor: prediction
Trilu: triangle
UnfoldTensor: windows
Unique: unique_values first_indices inverse_indices counts
Unsqueeze: column
Upsample: resized
Where: selected
WordConvEmbedding: embedded
Xor: differing
ZipMap: scores
"""

NOUNS: Mapping[str, tuple[str, ...]] = {
    operator: tuple(nouns.split())
    for operator, _, nouns in (
        line.partition(": ") for line in _TABLE.strip().splitlines()
    )
}


KERNELS: Mapping[str, str] = {
    "dot_product_attention": "attended",
    "layer_normalization": "norm",
    "linear": "dense",
    "project": "product",
    "rms_normalization": "norm",
    "scaled_dot_product_attention": "attended",
}
"""Nouns for kernels that compute several nodes, of which the first says little."""


def noun_of(kernel: str, operator: str, place: int) -> str:
    """Return the noun for a result of an operator, '' if the operator is unknown."""
    nouns = (KERNELS[kernel],) if kernel in KERNELS else NOUNS.get(operator, ("",))
    return nouns[min(place, len(nouns) - 1)]
