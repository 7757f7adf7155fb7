"""Twins of activations, softmax and losses give the numbers of NumPy."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from .support import Case, check, check_gradient, check_meta

RANDOM = np.random.default_rng(0)
FLOATS = (np.float32, np.float64, np.float16, ml_dtypes.bfloat16)
SHAPES = ((2, 3, 4), (5,), (), (0, 3))


def numbers(*shape: int) -> np.ndarray:
    """Return numbers away from 0, where activations have kinks."""
    x = RANDOM.standard_normal(shape) * 3
    return np.asarray(x + np.copysign(0.1, x))


ACTIVATIONS = (
    ("activation.relu", {}),
    ("activation.leaky_relu", {"alpha": 0.2}),
    ("activation.leaky_relu", {"alpha": -2.0}),
    ("activation.thresholded_relu", {"alpha": 0.7}),
    ("activation.shrink", {"bias": 0.25, "lambd": 1.0}),
    ("activation.hard_sigmoid", {"alpha": 0.3, "beta": 0.4}),
    ("activation.hard_swish", {}),
    ("activation_exponential.sigmoid", {}),
    ("activation_exponential.swish", {}),
    ("activation_exponential.swish", {"alpha": 1.7}),
    ("activation_exponential.softplus", {}),
    ("activation_exponential.softsign", {}),
    ("activation_exponential.mish", {}),
    ("activation_exponential.elu", {"alpha": 0.5}),
    ("activation_exponential.selu", {}),
    ("activation_exponential.selu", {"alpha": 2.0, "gamma": 3.0}),
    ("activation_exponential.celu", {"alpha": 0.5}),
    ("activation_gelu.erf", {}),
    ("activation_gelu.gelu", {}),
    ("activation_gelu.gelu_tanh", {}),
)


@pytest.mark.parametrize(("name", "options"), ACTIVATIONS)
def test_activations(name: str, options: dict[str, float]) -> None:
    for dtype in FLOATS:
        for shape in SHAPES:
            case = Case(name, (numbers(*shape).astype(dtype),), options)
            check(case, rtol=1e-5, atol=1e-6)
    check_meta(Case(name, (numbers(2, 3),), options))
    check_gradient(Case(name, (numbers(2, 3),), options))


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64])
def test_activations_of_integers(dtype: type) -> None:
    x = RANDOM.integers(-9, 9, (3, 4)).astype(dtype)
    check(Case("activation.relu", (x,)))
    check(Case("activation.shrink", (x,), {"bias": 0.5, "lambd": 1.5}))
    check(Case("activation_gelu.erf", (x,)))


@pytest.mark.parametrize("shape", [(3, 4), (4,), (3, 1), (1,), (2, 3, 4)])
def test_prelu(shape: tuple[int, ...]) -> None:
    case = Case("activation.prelu", (numbers(3, 4), numbers(*shape)))
    check(case)
    check_meta(case)
    check_gradient(case)
    slopes = (numbers(3, 4), np.array([[0.0], [np.inf], [1.0]]))
    check(Case("activation.prelu", (abs(slopes[0]), slopes[1])))


def test_prelu_per_channel() -> None:
    for slope in (numbers(3), numbers(1)):
        case = Case("activation.prelu_per_channel", (numbers(2, 3, 4, 2), slope))
        check(case)
        check_gradient(case)


def test_biases_and_gates() -> None:
    x, bias = numbers(2, 3, 4), numbers(4)
    for name in ("activation_gelu.gelu", "activation_gelu.gelu_tanh"):
        for dtype in FLOATS:
            case = Case(name, (x.astype(dtype), bias.astype(dtype)))
            check(case, rtol=1e-5, atol=1e-6)
    check_gradient(Case("activation_exponential.swiglu", (x, x + 1), {"alpha": 1.5}))
    check(Case("activation_exponential.swiglu", (x, x + 1), {"alpha": 1.5}))


SOFTMAX = ("softmax", "log_softmax", "hardmax")


@pytest.mark.parametrize("name", SOFTMAX)
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_softmax(name: str, axis: int) -> None:
    for dtype in FLOATS:
        for shape in ((2, 3, 4), (0, 3), (1, 5)):
            x = numbers(*shape).astype(dtype)
            check(Case(f"softmax.{name}", (x,), {"axis": axis}), rtol=1e-5)
    case = Case(f"softmax.{name}", (numbers(2, 3),), {"axis": axis})
    check_meta(case)
    if name != "hardmax":
        check_gradient(case)


@pytest.mark.parametrize("name", SOFTMAX)
@pytest.mark.parametrize("axis", [0, 1, 2, -2])
def test_softmax_over_several_axes(name: str, axis: int) -> None:
    for shape in ((2, 3, 4), (2, 0, 3)):
        case = Case(f"softmax.{name}_flattened", (numbers(*shape),), {"axis": axis})
        check(case, rtol=1e-5)
        check_meta(case)


def test_hardmax_takes_the_first_maximum() -> None:
    x = np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]], np.float32)
    check(Case("softmax.hardmax", (x,)))


@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
@pytest.mark.parametrize("inner", [(), (2,), (2, 3)])
@pytest.mark.parametrize("ignored", [None, 1, -1])
def test_losses(reduction: str, inner: tuple[int, ...], ignored: int | None) -> None:
    scores = np.log(abs(numbers(3, 4, *inner)) / 9)
    target = RANDOM.integers(0, 4, (3, *inner))
    target.flat[0] = 0
    if ignored == -1:
        target.flat[1] = -1
    options = {"reduction": reduction, "ignore_index": ignored}
    for weight in (None, abs(numbers(4))):
        for dtype in (np.int64, np.int32):
            args = (scores, target.astype(dtype), weight)
            for name in ("negative_log_likelihood_loss", "softmax_cross_entropy_loss"):
                case = Case(f"loss.{name}", args, options)
                check(case, rtol=1e-5)
    check_meta(case)
    check_gradient(Case("loss.softmax_cross_entropy_loss", (scores, target), options))
