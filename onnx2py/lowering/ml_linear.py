"""Linear classifiers and regressors."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ir.program import Call
from ..kernels import ml_linear
from ._ml import (
    DOMAIN,
    class_labels,
    float32_list,
    listed,
    post_transform,
    width_of,
)
from .context import NodeContext
from .registry import lowers


@lowers("LinearRegressor", domain=DOMAIN)
def linear_regressor(node: NodeContext) -> Call:
    """Intercepts of another number than the targets do not count, as in onnxruntime."""
    targets = node.int("targets", 1)
    intercepts = float32_list(node, "intercepts")
    return node.call(
        ml_linear.linear_regressor,
        node.input(0),
        **_weights(
            node, targets, intercepts if len(intercepts) == targets else intercepts[:0]
        ),
        post_transform=post_transform(node, targets),
    )


@lowers("LinearClassifier", domain=DOMAIN)
def linear_classifier(node: NodeContext) -> Call:
    """There are as many scores as intercepts: one may decide between two labels."""
    node.ignore("multi_class")  # the same numbers either way
    intercepts = float32_list(node, "intercepts")
    labels = class_labels(node, "classlabels_ints", "classlabels_strings")
    targets = len(intercepts) or len(labels)
    arguments = _weights(node, targets, intercepts)
    if targets == 1:
        return _binary_classifier(node, labels, arguments)
    if len(labels) < targets:
        raise node.unsupported(f"labels: expected {targets}, got {len(labels)}")
    return node.call(
        ml_linear.linear_classifier,
        node.input(0),
        **arguments,
        labels=listed(node, "labels", labels),
        post_transform=post_transform(node, targets),
        results=2,
    )


def _binary_classifier(
    node: NodeContext, labels: tuple[Any, ...], arguments: dict[str, Any]
) -> Call:
    transform = post_transform(node, 2)
    if len(labels) != 2 or transform == "PROBIT":
        raise node.unsupported(
            f"a single score: expected two labels and no PROBIT, got {len(labels)}",
            "export the model with a score for each label",
        )
    return node.call(
        ml_linear.linear_binary_classifier,
        node.input(0),
        **arguments,
        labels=listed(node, "labels", labels),
        post_transform="LOGISTIC" if transform == "LOGISTIC" else "NONE",
        results=2,
    )


def _weights(node: NodeContext, targets: int, intercepts: np.ndarray) -> dict[str, Any]:
    """Return coefficients [F, C], as a matrix product wants them, and intercepts.

    Of an input of fewer features than the list has, onnxruntime reads that many for each
    target, one target after the other, and leaves the rest of the list alone.
    """
    coefficients = float32_list(node, "coefficients")
    features = width_of(node)
    if features and 0 < targets * features < len(coefficients):
        coefficients = coefficients[: targets * features]
    if not len(coefficients) or targets < 1 or len(coefficients) % targets:
        raise node.unsupported(
            f"coefficients: expected some for each of {targets} targets,"
            f" got {len(coefficients)}",
            "the model is not valid ONNX",
        )
    matrix = np.ascontiguousarray(coefficients.reshape(targets, -1).T)
    return {
        "coefficients": node.weight("coefficients", matrix),
        "intercepts": (
            node.weight("intercepts", intercepts) if len(intercepts) else None
        ),
    }
