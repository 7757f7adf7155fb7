"""Features: scaled, normalized, imputed, selected and put together."""

from __future__ import annotations

import numpy as np

from ..errors import counted
from ..ir.program import Argument, Call
from ..kernels import ml_features
from ._ml import DOMAIN, float32_list, width_of
from .context import NodeContext
from .registry import lowers


@lowers("Scaler", domain=DOMAIN)
def scaler(node: NodeContext) -> Call:
    """Lists of one element apply to all features."""
    return node.call(
        ml_features.scaler,
        node.input(0),
        offset=_per_feature(node, "offset", 0.0),
        scale=_per_feature(node, "scale", 1.0),
    )


def _per_feature(node: NodeContext, name: str, default: float) -> Argument:
    """Return a list of floats as a number if there is one, else as a weight."""
    values = node.floats(name, ())
    if len(values) < 2:
        return float(values[0]) if values else default
    return node.weight(name, float32_list(node, name))


@lowers("Normalizer", domain=DOMAIN)
def normalizer(node: NodeContext) -> Call:
    """There is one version."""
    norm = node.choice("norm", "MAX", ("MAX", "L1", "L2"))
    return node.call(ml_features.normalizer, node.input(0), norm=norm)


@lowers("Imputer", domain=DOMAIN)
def imputer(node: NodeContext) -> Call:
    """Floats and integers have attributes of their own."""
    floats = node.floats("imputed_value_floats", ())
    ints = node.ints("imputed_value_int64s", ())
    zero, whole_zero = (
        node.float("replaced_value_float", 0.0),
        (node.int("replaced_value_int64", 0)),
    )
    replaced = whole_zero if ints else zero
    values: tuple[float, ...] = floats or ints
    if not values or (floats and ints):
        raise node.unsupported(
            "imputed values: expected either floats or integers",
            "the model is not valid ONNX",
        )
    # onnxruntime takes the first one if there is not one for each feature.
    width = width_of(node)
    if len(values) == 1 or (width is not None and width != len(values)):
        imputed: Argument = values[0]
    else:
        kind = np.int64 if ints else np.float32
        imputed = node.weight("imputed_value", np.array(values, kind))
    return node.call(
        ml_features.imputer,
        node.input(0),
        imputed_value=imputed,
        replaced_value=replaced,
    )


@lowers("Binarizer", domain=DOMAIN)
def binarizer(node: NodeContext) -> Call:
    """There is one version."""
    threshold = node.float("threshold", 0.0)
    return node.call(ml_features.binarizer, node.input(0), threshold=threshold)


@lowers("ArrayFeatureExtractor", domain=DOMAIN)
def array_feature_extractor(node: NodeContext) -> Call:
    """Indices of any shape count as one list."""
    return node.call(
        ml_features.array_feature_extractor, node.input(0), node.literal(1)
    )


@lowers("FeatureVectorizer", domain=DOMAIN)
def feature_vectorizer(node: NodeContext) -> Call:
    """The lengths must be given for all inputs."""
    lengths = node.ints("inputdimensions", ())
    inputs = [node.input(i) for i in range(len(node.inputs))]
    if not lengths:
        widths = [width_of(node, i) for i in range(len(inputs))]
        lengths = tuple(width for width in widths if width is not None)
    if len(lengths) != len(inputs):
        raise node.unsupported(
            f"inputdimensions: expected {counted(len(inputs), 'length')}, got {len(lengths)}",
            "the model is not valid ONNX",
        )
    return node.call(ml_features.feature_vectorizer, *inputs, inputdimensions=lengths)
