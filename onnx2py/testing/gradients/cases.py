"""Nodes to differentiate: at least one for each derivative that onnx2py knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

IN_FLOAT32 = {"LayerNormalization", "GroupNormalization", "RMSNormalization"}
"""They compute in float32, as their ``stash_type`` says: differences need a longer step."""
Shape = tuple[int, ...]


def away(*kinks: float) -> Any:
    """Draw numbers of both signs that are not next to a kink."""

    def draw(random: np.random.Generator, shape: Shape) -> np.ndarray:
        x = random.uniform(-3, 3, shape)
        for kink in kinks:
            x = np.where(abs(x - kink) < 0.05, x + 0.2, x)
        return x

    return draw


def between(low: float, high: float) -> Any:
    """Draw numbers between two others."""
    return lambda random, shape: random.uniform(low, high, shape)


def apart(random: np.random.Generator, shape: Shape) -> np.ndarray:
    """Return numbers that all differ, so that it is clear which is the greatest."""
    count = int(np.prod(shape))
    return (random.permutation(count) - count / 2 + 0.25).reshape(shape) / 3


anything, positive = away(), between(0.3, 3)
INT = np.int64


def ints(*numbers: int) -> np.ndarray:
    """Return a constant of integers."""
    return np.array(numbers, INT)


@dataclass(frozen=True)
class Derivative:
    """A node that is differentiated with respect to its inputs."""

    operator: str
    inputs: tuple[Any, ...]
    """Of each input that varies the shape, or (shape, draw); arrays are constants."""
    attributes: Mapping[str, Any]
    opset: int
    outputs: int

    @property
    def title(self) -> str:
        """What tells it from the others."""
        said = [f"{k}={v}" for k, v in self.attributes.items()]
        return " ".join([f"{self.operator}-{self.opset}", str(len(self.inputs)), *said])


def case(
    operator: str, *inputs: Any, opset: int = 21, outputs: int = 1, **attributes: Any
) -> Derivative:
    """Return a derivative."""
    return Derivative(operator, inputs, attributes, opset, outputs)


UNARY = {
    **dict.fromkeys(["Neg", "Exp", "Sin", "Cos", "Sinh", "Cosh", "Tanh", "Asinh", "Atan"],
                    anything),
    **dict.fromkeys(["Erf", "Sigmoid", "Softplus", "Identity", "Gelu", "Mish"], anything),
    **dict.fromkeys(["Sqrt", "Log", "Reciprocal"], positive),
    **dict.fromkeys(["Asin", "Acos", "Atanh"], between(-0.9, 0.9)),
    **dict.fromkeys(["Abs", "Relu", "LeakyRelu", "Elu", "Selu", "Softsign"], away(0)),
    "Tan": between(-1, 1), "Acosh": between(1.2, 3), "ThresholdedRelu": away(1),
    "HardSigmoid": away(-2.5, 2.5), "HardSwish": away(-3, 3), "Shrink": away(-0.5, 0.5),
    **dict.fromkeys(["Floor", "Ceil", "Sign", "Round"], between(0.1, 0.4)),
}  # fmt: skip
A, B = (2, 3), (3,)
CASES: list[Derivative] = [
    *(case(name, ((2, 3), draw)) for name, draw in UNARY.items()),
    case("Elu", (A, away(0)), alpha=2.0),
    case("Celu", (A, away(0)), opset=28),
    case("Celu", (A, away(0)), opset=28, alpha=2.0),
    case("LeakyRelu", (A, away(0)), alpha=0.3, opset=6),
    case("Selu", (A, away(0)), alpha=2.0, gamma=3.0),
    case("Gelu", A, approximate="tanh"),
    *(case(name, A, B) for name in ("Add", "Sub", "Mul")),
    case("Mul", (1, 3), (2, 1)),
    case("Mul", (), (2, 2)),
    case("Add", A, A, opset=6),
    case("Div", B, (A, away(0))),
    case("Sum", A, B, (2, 1)),
    case("Mean", A, B, (2, 1)),
    case("Pow", (A, positive), (B, away(0))),
    case("Pow", (A, away(0)), np.array([3, 0, 2], INT)),
    case("Max", (A, apart), (A, anything), (B, away(0))),
    case("Min", (A, apart), B),
    case("Where", np.array([[True], [False]]), A, B),
    case("Clip", (A, away(-1, 1)), ((), between(-1, -1)), ((), between(1, 1))),
    case("Clip", (A, away(-1, 1)), min=-1.0, max=1.0, opset=6),
    case("Clip", (A, away(1)), None, ((), between(1, 1))),
    case("PRelu", (A, away(0)), B),
    case("PRelu", (A, away(0)), B, opset=9),
    case("Dropout", A, opset=7),
    case("Dropout", A, opset=13),
    # reductions
    *(
        case(f"Reduce{name}", ((2, 3, 4), draw), ints(1, -1), keepdims=keep, opset=18)
        for name, draw in [
            ("Sum", anything), ("Mean", anything), ("Max", apart), ("Min", apart),
            ("Prod", away(0)), ("L1", away(0)), ("L2", anything), ("SumSquare", anything),
            ("LogSum", positive), ("LogSumExp", anything),
        ] for keep in (0, 1)
    ),  # fmt: skip
    case("ReduceMean", (2, 3, 4), axes=[1], keepdims=0, opset=13),
    case("ReduceMax", ((2, 3), apart), keepdims=0, opset=13),
    case("ReduceSum", (2, 3), keepdims=0),
    case("ReduceSum", (2, 3), None, noop_with_empty_axes=1),
    case("ReduceSumSquare", (2, 3), ints(), noop_with_empty_axes=1),
    case("ReduceProd", np.array([[0.0, 2, 3], [0, 0, 5], [1, 2, 3]]), ints(1)),
    case("CumSum", (2, 3), np.array(1, INT)),
    case("CumSum", (2, 3), np.array(-1, INT), exclusive=1, reverse=1),
    case("Softmax", (2, 3, 2), axis=1),
    case("Softmax", (2, 3, 2), axis=1, opset=11),
    case("LogSoftmax", (2, 3, 2), axis=-1),
    case("LogSoftmax", (2, 3, 2), axis=0, opset=11),
    case("LpNormalization", (2, 3), p=1),
    case("LpNormalization", (2, 3), axis=0),
    case("LRN", (1, 5, 2, 1), size=3, alpha=0.5, beta=0.6, bias=1.5),
    # movements
    case("Reshape", (2, 6), ints(3, -1)),
    case("Flatten", (2, 3, 2), axis=2),
    case("Squeeze", (2, 1, 3), ints(1)),
    case("Squeeze", (2, 1, 3), axes=[1], opset=11),
    case("Unsqueeze", (2, 3), ints(0, -1)),
    case("Expand", (2, 1), ints(3, 1, 4)),
    case("Transpose", (2, 3, 4)),
    case("Transpose", (2, 3, 4), perm=[1, 2, 0]),
    case("Concat", (2, 3), (2, 1), axis=-1),
    case("Split", (5, 2), ints(2, 3), outputs=2),
    case("Slice", (4, 5), ints(3, 0), ints(-9, 4), ints(0, 1), ints(-2, 2)),
    case("Slice", (4, 5), starts=[1], ends=[3], opset=9),
    case("Gather", (4, 2), np.array([[0, 3], [-1, 0]], INT)),
    case("Gather", (4, 3), np.array(1, INT), axis=1),
    case("GatherElements", (3, 3), np.array([[0, 1, 1], [2, 2, -1]], INT), axis=0),
    case("GatherND", (2, 3, 2), np.array([[0, 1], [1, 2], [0, 1]], INT)),
    case("Tile", (2, 3), ints(2, 1)),
    case("DepthToSpace", (1, 8, 2, 3), blocksize=2),
    case("SpaceToDepth", (1, 2, 4, 6), blocksize=2),
    case("ReverseSequence", (3, 2), ints(2, 3), time_axis=0, batch_axis=1),
    case("Trilu", (3, 4), upper=0),
    case("Compress", (3, 2), np.array([True, False, True]), axis=0),
    case("CenterCropPad", (4, 3), ints(2, 5)),
    case("Pad", (2, 3), ints(1, -1, 0, 2)),
    case("Pad", (2, 3), ints(1, 2), None, ints(-1), opset=18),
    case("Pad", (2, 3), pads=[1, 0, 0, 2], opset=2),
    case("Pad", (3, 3), ints(1, 2, 2, 0), mode="reflect"),
    case("Pad", (3, 3), ints(1, 2, 2, 0), mode="edge"),
    case("Resize", (1, 1, 2, 3), None, np.array([1, 1, 2, 2], np.float32)),
    case("TopK", ((3, 4), apart), ints(2), axis=0, outputs=2),
    case("ScatterElements", (3, 3), np.array([[0, 2]], INT), (1, 2), axis=1),
    case("ScatterElements", (3, 3), np.array([[1, 1]], INT), (1, 2), axis=1, reduction="add"),
    case("ScatterND", (4, 2), np.array([[1], [3]], INT), (2, 2)),
    case("ScatterND", (4, 2), np.array([[1], [1]], INT), (2, 2), reduction="add"),
    # products
    case("MatMul", (2, 3), (3, 4)),
    case("MatMul", (2, 1, 2, 3), (3, 3, 2)),
    case("MatMul", (3,), (3, 4)),
    case("MatMul", (2, 2, 3), (3,)),
    case("MatMul", (3,), (3,)),
    *(
        case("Gemm", ((3, 2) if a else (2, 3)), ((4, 3) if b else (3, 4)), (4,),
             transA=a, transB=b, alpha=0.5, beta=2.0)
        for a in (0, 1) for b in (0, 1)
    ),  # fmt: skip
    case("Gemm", (2, 3), (3, 4)),
    case("Einsum", (2, 3), (3, 4), equation="ij,jk->ki"),
    case("Einsum", (2, 3), (4,), equation="ij,k->ik"),
    # windows
    case("Conv", (1, 2, 5), (3, 2, 3), (3,)),
    case("Conv", (2, 2, 6, 5), (3, 2, 3, 2), (3,), pads=[1, 0, 2, 1], strides=[2, 1],
         dilations=[1, 2]),
    case("Conv", (2, 4, 5, 5), (6, 2, 2, 2), group=2, strides=[2, 2]),
    case("Conv", (1, 3, 4, 5), (3, 1, 3, 3), group=3, auto_pad="SAME_UPPER", strides=[2, 2]),
    case("Conv", (1, 1, 5, 4), (2, 1, 2, 2), auto_pad="SAME_LOWER"),
    case("Conv", (1, 1, 4, 3, 3), (2, 1, 2, 2, 2), auto_pad="VALID"),
    case("ConvTranspose", (1, 2, 3, 3), (2, 3, 3, 2), (3,), strides=[2, 2], pads=[1, 0, 0, 1],
         output_padding=[1, 0]),
    case("ConvTranspose", (2, 4, 3), (4, 3, 2), group=2, dilations=[2]),
    case("MaxPool", ((1, 2, 5, 5), apart), kernel_shape=[3, 3], pads=[1, 1, 1, 1],
         strides=[2, 2]),
    case("MaxPool", ((1, 2, 5), apart), kernel_shape=[2], opset=7),
    case("AveragePool", (1, 2, 5, 4), kernel_shape=[3, 2], pads=[1, 0, 1, 1], strides=[2, 1]),
    case("AveragePool", (1, 2, 5), kernel_shape=[2], pads=[1, 0], count_include_pad=1),
    case("AveragePool", (1, 1, 6, 6), kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1),
    case("GlobalAveragePool", (2, 2, 3, 2)),
    case("GlobalMaxPool", ((2, 2, 3, 2), apart)),
    # norms
    case("BatchNormalization", (2, 3, 2), B, B, B, (B, positive)),
    case("BatchNormalization", (2, 3, 2), B, B, B, (B, positive), opset=9),
    case("InstanceNormalization", (2, 3, 4), B, B),
    case("LayerNormalization", (2, 3, 4), (4,), (4,)),
    case("LayerNormalization", (2, 3, 4), (3, 4), axis=1),
    case("GroupNormalization", (2, 4, 3), (4,), (4,), num_groups=2),
    case("RMSNormalization", (2, 4), (4,), opset=23),
    case("MeanVarianceNormalization", (2, 3, 2, 2)),
    case("NegativeLogLikelihoodLoss", (3, 4), np.array([0, 3, 1], INT)),
    case("SoftmaxCrossEntropyLoss", (3, 4), np.array([0, 3, 1], INT), reduction="sum"),
    case("SoftmaxCrossEntropyLoss", (3, 4, 2), np.array([[0, 3], [1, 1], [2, 0]], INT),
         np.array([0.5, 1, 2, 1.5]), ignore_index=1),
]  # fmt: skip
