"""ai.onnx.ml: linear models and support vector machines."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..case import NodeCase
from ..deviations import deviates
from ..draw import Draw
from ..registry import Target, generates
from ._types import a_type
from .ml_features import LABELS, ML, NUMBERS

TRANSFORMS = ("NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO", "PROBIT")
Array = np.ndarray[Any, Any]


def numbers(draw: Draw, count: int, low: float = -2, high: float = 2) -> list[float]:
    """Return numbers; often multiples of a half, so that sums tie."""
    if draw.chance(0.4):
        return [draw.integer(int(2 * low), int(2 * high)) / 2 for _ in range(count)]
    return [draw.number(low, high) for _ in range(count)]


def labels(draw: Draw, count: int, ints: str = "classlabels_ints") -> dict[str, Any]:
    """Return that many labels as an attribute: integers, or strings."""
    if draw.chance():
        return {ints: draw.some_of(range(-3, 12), 15)[:count]}
    chosen = draw.some_of(LABELS, len(LABELS))[:count]
    return {"classlabels_strings": chosen}


def transform(draw: Draw, attributes: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes, with something that happens to the scores."""
    if draw.chance(0.8):
        attributes["post_transform"] = draw.one_of(TRANSFORMS)
    return attributes


def points(draw: Draw, target: Target, width: int) -> Array:
    """Return rows; often of halves, so that sums tie."""
    dtype = a_type(draw, target, NUMBERS)
    shape: tuple[int, ...] = (draw.length(9), width)
    if draw.chance(0.05):
        shape = (width,)
    if draw.chance(0.4):
        return np.asarray(draw.rng.integers(-4, 5, shape) / 2, dtype)
    return draw.array(dtype, shape, -3, 3)


def scored(draw: Draw, inputs: list[Any], attributes: dict[str, Any]) -> NodeCase:
    """Return a case whose scores are floats: PROBIT cancels, in float32 up to 0.002."""
    case = NodeCase(inputs, attributes, rtol=1e-5)
    case.atol = 2e-3 if attributes.get("post_transform") == "PROBIT" else 2e-6
    return case


@generates("LinearRegressor", domain=ML)
def linear_regressor(draw: Draw, target: Target) -> NodeCase:
    """One target or several, with and without intercepts."""
    width, targets = draw.integer(1, 5), draw.integer(1, 4)
    attributes = transform(draw, {"coefficients": numbers(draw, width * targets)})
    if targets > 1 or draw.chance():
        attributes["targets"] = targets
    if draw.chance(0.7):
        attributes["intercepts"] = numbers(draw, targets)
    if attributes.get("post_transform") == "PROBIT":  # of chances
        attributes["coefficients"] = [x / 20 for x in attributes["coefficients"]]
        attributes["intercepts"] = [0.5] * targets
    x = points(draw, target, width)
    case = scored(draw, [x], attributes)
    if x.dtype == np.float32:
        return case
    # onnxruntime has float32 only, which holds integers and float64 well enough
    other = replace(case, opset=target.opset, inputs=[x.astype(np.float32)])
    return replace(case, stand_in=other)


@generates("LinearClassifier", domain=ML)
def linear_classifier(draw: Draw, target: Target) -> NodeCase:
    """One score for two labels, or a score for each."""
    width, count = draw.integer(1, 5), draw.integer(1, 5)
    attributes = labels(draw, max(count, 2) if draw.chance(0.9) else count)
    attributes["coefficients"] = numbers(draw, width * count)
    if draw.chance(0.95):
        attributes["intercepts"] = numbers(draw, count)
    if draw.chance(0.3):
        attributes["multi_class"] = draw.integer(0, 1)
    case = scored(draw, [points(draw, target, width)], transform(draw, attributes))
    case.outputs = 2
    return case


@deviates(
    "LinearClassifier", "SVMClassifier",
    reason="PROBIT of a single score: onnxruntime reads numbers beyond its buffer, others "
    "in each run. We refuse to compile it.",
    may_fail=True,
)  # fmt: skip
def _single_probit(case: NodeCase) -> bool:
    given = case.attributes
    single = len(given.get("intercepts", given.get("rho", ()))) == 1
    return (
        "prob_a" not in given
        and single
        and case.attributes.get("post_transform") == "PROBIT"
    )


def kernel(draw: Draw) -> dict[str, Any]:
    """Return a kernel and its parameters, given or left out."""
    kind = draw.one_of(("LINEAR", "POLY", "RBF", "SIGMOID"))
    attributes: dict[str, Any] = {}
    if kind != "LINEAR" or draw.chance():
        attributes["kernel_type"] = kind
        degree = float(draw.integer(1, 3))
        params = [draw.number(0.05, 0.5), draw.number(-1, 1), degree]
        attributes["kernel_params"] = params
    return attributes


@generates("SVMRegressor", domain=ML)
def svm_regressor(draw: Draw, target: Target) -> NodeCase:
    """With support vectors, and linear ones without; one class."""
    width = draw.integer(1, 4)
    count = draw.integer(1, 5) if draw.chance(0.7) else 0
    attributes = kernel(draw)
    attributes["coefficients"] = numbers(draw, count or width)
    if count:
        attributes["support_vectors"] = numbers(draw, count * width)
    attributes["rho"] = numbers(draw, 1)
    attributes["n_supports"] = count
    if draw.chance(0.4):
        attributes["one_class"] = draw.integer(0, 1)
    return scored(draw, [points(draw, target, width)], transform(draw, attributes))


@generates("SVMClassifier", domain=ML)
def svm_classifier(draw: Draw, target: Target) -> NodeCase:
    """Duels of two classes, with and without probabilities; linear ones."""
    width, classes = draw.integer(1, 4), draw.integer(2, 4)
    attributes = {**kernel(draw), **labels(draw, classes)}
    if draw.chance(0.3):
        attributes["coefficients"] = numbers(draw, classes * width)
        attributes["rho"] = numbers(draw, 1)
    else:
        counts = [draw.integer(1, 3) for _ in range(classes)]
        duels, total = classes * (classes - 1) // 2, sum(counts)
        attributes["vectors_per_class"] = counts
        attributes["support_vectors"] = numbers(draw, total * width)
        attributes["coefficients"] = numbers(draw, total * (classes - 1))
        attributes["rho"] = numbers(draw, duels)
        if draw.chance():
            attributes["prob_a"] = numbers(draw, duels)
            attributes["prob_b"] = numbers(draw, duels)
    case = scored(draw, [points(draw, target, width)], transform(draw, attributes))
    case.outputs = 2
    # onnxruntime computes kernels in float32.
    case.rtol = 1e-4
    return case
