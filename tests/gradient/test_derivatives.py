"""Every derivative against differences of the model that it is the derivative of, in float64.

That model is our own package, whose kernels the official suite and the fuzzer hold: onnx's
ReferenceEvaluator rounds Erf to float32, and applies the newest Softmax to old models.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import onnx2py
from onnx2py.gradient.registry import differentiable

STEP = 1e-6
IN_FLOAT32 = {"LayerNormalization", "GroupNormalization", "RMSNormalization"}
"""They compute in float32, as their ``stash_type`` says: differences need a longer step."""
DOUBLE = TensorProto.DOUBLE
Shape = tuple[int, ...]


def away(*kinks: float) -> Any:
    """Numbers of both signs that are not next to a kink."""

    def draw(random: np.random.Generator, shape: Shape) -> np.ndarray:
        x = random.uniform(-3, 3, shape)
        for kink in kinks:
            x = np.where(abs(x - kink) < 0.05, x + 0.2, x)
        return x

    return draw


def between(low: float, high: float) -> Any:
    return lambda random, shape: random.uniform(low, high, shape)


def apart(random: np.random.Generator, shape: Shape) -> np.ndarray:
    """Numbers that all differ, so that it is clear which is the greatest."""
    count = int(np.prod(shape))
    return (random.permutation(count) - count / 2 + 0.25).reshape(shape) / 3


anything, positive = away(), between(0.3, 3)
INT = np.int64


def ints(*numbers: int) -> np.ndarray:
    return np.array(numbers, INT)


Case = tuple[str, list[Any], dict[str, Any], int, int]
"""Operator, inputs (shape, or (shape, draw); arrays are constants), attributes, opset, outputs."""


def case(
    operator: str, *inputs: Any, opset: int = 21, outputs: int = 1, **attributes: Any
) -> Case:
    return operator, list(inputs), attributes, opset, outputs


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
CASES: list[Case] = [
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


def arrays_of(inputs: list[Any], seed: int) -> list[Any]:
    random = np.random.default_rng(seed)
    found = []
    for given in inputs:
        if isinstance(given, tuple):
            shape, draw = (
                given if len(given) == 2 and callable(given[1]) else (given, anything)
            )
            found.append(np.asarray(draw(random, shape), np.float64).reshape(shape))
        else:
            found.append(given)
    return found


def models(which: Case, arrays: list[Any]) -> tuple[Any, Any, dict[str, np.ndarray]]:
    """The sum of the outputs, each element with a weight of its own; with and without gradient."""
    operator, given, attributes, opset, count = which
    feeds, weights, names = {}, [], []
    for i, (array, kind) in enumerate(zip(arrays, given)):
        names.append("" if array is None else f"x{i}")
        if isinstance(kind, tuple) or array is not None and array.dtype == np.float64:
            feeds[f"x{i}"] = array
        elif array is not None:
            weights.append(numpy_helper.from_array(array, f"x{i}"))
    outputs = [f"y{i}" for i in range(count)]
    node = helper.make_node(operator, names, outputs, name="it", **attributes)
    results = _run(_model([node], feeds, weights, outputs, opset), feeds, 1)
    random, nodes, terms = np.random.default_rng(7), [node], []
    for name, y in zip(outputs, results):
        if y.dtype == np.float64:
            factor = random.uniform(0.5, 2, y.shape)
            weights.append(numpy_helper.from_array(factor, f"{name}w"))
            nodes.append(helper.make_node("Mul", [name, f"{name}w"], [f"{name}p"]))
            nodes.append(
                helper.make_node("ReduceSum", [f"{name}p"], [f"{name}s"], keepdims=0)
            )
            terms.append(f"{name}s")
    nodes.append(helper.make_node("Sum", terms, ["loss"]))
    plain = _model(nodes, feeds, weights, ["loss"], opset)
    gradients = [f"d_{name}" for name in feeds]
    nodes.insert(0, helper.make_node(  # it has no edge to what it differentiates
        "Gradient", list(feeds), gradients, xs=list(feeds), y="loss",
        domain="ai.onnx.preview.training",
    ))  # fmt: skip
    return plain, _model(nodes, feeds, weights, gradients, opset), feeds


def _run(model: onnx.ModelProto, feeds: dict[str, np.ndarray], level: int) -> list[Any]:
    found = onnx2py.load_model(model, level=level)(*feeds.values())
    return [found] if len(model.graph.output) == 1 else list(found)


def _model(
    nodes: list[Any],
    feeds: dict[str, Any],
    weights: list[Any],
    outputs: list[str],
    opset: int,
) -> onnx.ModelProto:
    inputs = [
        helper.make_tensor_value_info(n, DOUBLE, a.shape) for n, a in feeds.items()
    ]
    ends = [onnx.ValueInfoProto(name=name) for name in outputs]
    graph = helper.make_graph(nodes, "g", inputs, ends, weights)
    opsets = [
        helper.make_opsetid("", opset),
        helper.make_opsetid("ai.onnx.preview.training", 1),
    ]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def differences(
    run: Any, feeds: dict[str, np.ndarray], step: float
) -> list[np.ndarray]:
    """Estimate the gradient of a number with respect to each input."""
    found = []
    for name, array in feeds.items():
        slope = np.empty(array.shape)
        for place in np.ndindex(*array.shape):
            ends = []
            for sign in (1, -1):
                moved = array.copy()
                moved[place] += sign * step
                ends.append(run({**feeds, name: moved}))
            slope[place] = (ends[0] - ends[1]) / (2 * step)
        found.append(slope)
    return found


def title(which: Case) -> str:
    operator, inputs, attributes, opset, _ = which
    said = [f"{k}={v}" for k, v in attributes.items()]
    return f"{operator}-{opset} {len(inputs)} {' '.join(said)}".strip()


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("which", CASES, ids=title)
def test_derivatives_are_limits_of_differences(which: Case, level: int):
    plain, derived, feeds = models(which, arrays_of(which[1], 3))
    rough = which[0] in IN_FLOAT32
    step, rtol, atol = (2e-3, 2e-3, 2e-4) if rough else (STEP, 1e-5, 1e-6)
    model = onnx2py.load_model(plain)
    expected = differences(lambda f: model(*f.values()), feeds, step)
    found = _run(derived, feeds, level)
    for got, wanted, array in zip(found, expected, feeds.values()):
        assert got.shape == array.shape and got.dtype == array.dtype
        np.testing.assert_allclose(got, wanted, rtol=rtol, atol=atol)


def test_every_derivative_has_a_case():
    elsewhere = {
        "Cast", "CastLike",  # test_differentiate.py: between two types of numbers
        "Bernoulli", "EyeLike", "Hardmax", "Multinomial", "RandomNormalLike",
        "RandomUniformLike", "Scatter", "Upsample",  # of one rule with a case above
    }  # fmt: skip
    tried = {which[0] for which in CASES}
    assert set(differentiable()) - tried == elsewhere
