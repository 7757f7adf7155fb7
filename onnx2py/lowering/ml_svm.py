"""Support vector machines."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import counted
from ..ir.program import Call
from ..kernels import ml_svm
from ._ml import DOMAIN, class_labels, float32_list, listed, post_transform
from .context import NodeContext
from .registry import lowers

KERNELS = ("LINEAR", "POLY", "RBF", "SIGMOID")


@lowers("SVMRegressor", domain=DOMAIN)
def svm_regressor(node: NodeContext) -> Call:
    """Without support vectors the model is linear."""
    node.ignore("post_transform")  # as in onnxruntime
    count = node.int("n_supports", 0)
    vectors = float32_list(node, "support_vectors").astype(np.float64)
    coefficients = float32_list(node, "coefficients").astype(np.float64)
    arguments = _kernel(node)
    if count:
        vectors = _matrix(node, "support_vectors", vectors, count)
        arguments["support_vectors"] = node.weight("support_vectors", vectors)
    else:
        arguments = {}
    return node.call(
        ml_svm.svm_regressor,
        node.input(0),
        coefficients=node.weight("coefficients", coefficients),
        rho=node.floats("rho", (0.0,))[0],
        **arguments,
        one_class=bool(node.int("one_class", 0)),
    )


@lowers("SVMClassifier", domain=DOMAIN)
def svm_classifier(node: NodeContext) -> Call:
    """With support vectors each two classes compete; without them the model is linear."""
    labels = class_labels(node, "classlabels_ints", "classlabels_strings")
    counts = node.ints("vectors_per_class", ())
    vectors = float32_list(node, "support_vectors").astype(np.float64)
    coefficients = float32_list(node, "coefficients")
    rho = float32_list(node, "rho")
    a, b = float32_list(node, "prob_a"), float32_list(node, "prob_b")
    kernel = _kernel(node)
    if not sum(counts):
        return _linear_classifier(node, labels, coefficients, rho, len(a) > 0)

    classes, total = len(labels), sum(counts)
    pairs = classes * (classes - 1) // 2
    if classes < 2 or len(counts) != classes or len(rho) < pairs or len(a) != len(b):
        raise node.unsupported(
            f"labels, vectors_per_class, rho: expected those of {classes} classes",
            "the model is not valid ONNX",
        )
    transform = post_transform(node, classes if len(a) or classes == 2 else pairs)
    if classes == 2 and not len(a) and transform == "PROBIT":
        raise node.unsupported("PROBIT: expected two scores, got one")
    weights = _matrix(node, "coefficients", coefficients, classes - 1)
    probabilities: dict[str, Any] = {}
    if len(a):
        probabilities["prob_a"] = node.weight("prob_a", a[:pairs])
        probabilities["prob_b"] = node.weight("prob_b", b[:pairs])
    vectors = _matrix(node, "support_vectors", vectors, total)
    return node.call(
        ml_svm.svm_classifier,
        node.input(0),
        support_vectors=node.weight("support_vectors", vectors),
        coefficients=node.weight("coefficients", _duels(weights, counts)),
        rho=node.weight("rho", rho[:pairs].astype(np.float64)),
        labels=listed(node, "labels", labels),
        **kernel,
        **probabilities,
        post_transform=transform,
        results=2,
    )


def _linear_classifier(
    node: NodeContext,
    labels: tuple[Any, ...],
    coefficients: np.ndarray,
    rho: np.ndarray,
    probabilities: bool,
) -> Call:
    """One row of coefficients for each class; for two, onnxruntime favors the second."""
    matrix = _matrix(node, "coefficients", coefficients, len(labels))
    cutoff = None
    if len(labels) == 2 and not probabilities:
        # At a half it would have to be >=, not >.
        half = float(np.nextafter(np.float32(0.5), np.float32(0)))
        cutoff = half if (coefficients >= 0).all() else 0.0
    return node.call(
        ml_svm.svm_linear_classifier,
        node.input(0),
        coefficients=node.weight("coefficients", np.ascontiguousarray(matrix.T)),
        rho=float(rho[0]) if len(rho) else 0.0,
        labels=listed(node, "labels", labels),
        cutoff=cutoff,
        post_transform=post_transform(node, len(labels)),
        results=2,
    )


def _duels(coefficients: np.ndarray, counts: tuple[int, ...]) -> np.ndarray:
    """Return the weight of each support vector in each pair of classes: [V, P].

    Row j - 1 of ``coefficients`` [C - 1, V] holds what the vectors of the classes before
    j count against j, and row i what those of the classes after i count against i.
    """
    ends = np.cumsum(counts)
    spans = [slice(end - count, end) for end, count in zip(ends, counts)]
    columns = []
    for i in range(len(counts)):
        for j in range(i + 1, len(counts)):
            column = np.zeros(ends[-1], np.float64)
            column[spans[i]] = coefficients[j - 1, spans[i]]
            column[spans[j]] = coefficients[i, spans[j]]
            columns.append(column)
    return np.stack(columns, axis=1)


def _kernel(node: NodeContext) -> dict[str, Any]:
    """Return the arguments that say what kernel to use."""
    params = node.floats("kernel_params", ()) or (0.0, 0.0, 0.0)
    if len(params) != 3:
        raise node.unsupported(
            f"kernel_params: expected 3 numbers, got {len(params)}",
            "the model is not valid ONNX",
        )
    return {
        "kernel_type": node.choice("kernel_type", "LINEAR", KERNELS),
        "kernel_params": params,
    }


def _matrix(node: NodeContext, name: str, values: np.ndarray, rows: int) -> np.ndarray:
    if not rows or not len(values) or len(values) % rows:
        raise node.unsupported(
            f"{name}: expected {counted(rows, 'row')}, got {len(values)} elements",
            "the model is not valid ONNX",
        )
    return values.reshape(rows, -1)
