"""What the rules of ai.onnx.ml share."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ir.program import Argument
from .context import NodeContext

DOMAIN = "ai.onnx.ml"
POST_TRANSFORMS = ("NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO", "PROBIT")
"""What happens to scores, in the order of TreeEnsemble's numbers for them.

ONNX's text has 1 for SOFTMAX and 2 for LOGISTIC; onnxruntime has it the other way round.
"""

MOST_LITERALS = 32
"""Longer lists of labels and keys are kept with the weights, not in the code."""


def listed(node: NodeContext, name: str, values: Any) -> Argument:
    """Return a list of numbers or strings as a literal if short, else as a weight."""
    if len(values) <= MOST_LITERALS:
        return tuple(values)
    return node.weight(name, np.array(values))


def class_labels(node: NodeContext, ints: str, strings: str) -> tuple[Any, ...]:
    """Return the labels in whichever of two attributes has them; strings go first."""
    labels: tuple[Any, ...] = node.strings(strings, ()) or node.ints(ints, ())
    node.ignore(ints, strings)
    return labels


def float32_list(node: NodeContext, name: str) -> np.ndarray:
    """Return an attribute that is a list of floats, empty if it is absent."""
    return np.array(node.floats(name, ()), np.float32)


def width_of(node: NodeContext, index: int = 0) -> int | None:
    """Return the number of features in a row of an input, where known."""
    kind = node.type(index)
    if kind is None or not kind.shape:
        return None
    last = kind.shape[-1]
    return last if isinstance(last, int) else None


def post_transform(node: NodeContext, scores: int) -> str:
    """Return the transform of the scores of a row.

    onnxruntime leaves a single score alone, but for PROBIT.
    """
    transform = node.choice("post_transform", "NONE", POST_TRANSFORMS)
    return transform if scores > 1 or transform == "PROBIT" else "NONE"
