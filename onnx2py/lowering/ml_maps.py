"""Dictionaries to tensors, and back."""

from __future__ import annotations

import numpy as np

from ..ir.program import Call
from ..ir.types import DTYPES, MapType, TensorType
from ..kernels import ml_maps
from ._ml import DOMAIN, class_labels, listed
from .context import NodeContext
from .registry import lowers

CASTS = {"TO_FLOAT": np.float32, "TO_STRING": np.object_, "TO_INT64": np.int64}


@lowers("ZipMap", domain=DOMAIN)
def zip_map(node: NodeContext) -> Call:
    """There is one version."""
    labels = class_labels(node, "classlabels_int64s", "classlabels_strings")
    if not labels:
        raise node.unsupported(
            "class labels: expected some, got none", "the model is not valid ONNX"
        )
    return node.call(
        ml_maps.zip_map, node.input(0), labels=listed(node, "labels", labels)
    )


@lowers("DictVectorizer", domain=DOMAIN)
def dict_vectorizer(node: NodeContext) -> Call:
    """The values of the dictionary say what type the result has."""
    vocabulary = class_labels(node, "int64_vocabulary", "string_vocabulary")
    kind = node.types.get(node.input(0).name)
    element = kind.value if isinstance(kind, MapType) else node.output_type()
    if not isinstance(element, TensorType):
        raise node.unsupported(
            "input 0: expected a map of known type", "declare the model's input types"
        )
    return node.call(
        ml_maps.dict_vectorizer,
        node.input(0),
        vocabulary=listed(node, "vocabulary", vocabulary),
        dtype=DTYPES[element.dtype].type,
    )


@lowers("CastMap", domain=DOMAIN)
def cast_map(node: NodeContext) -> Call:
    """There is one version."""
    dtype = CASTS[node.choice("cast_to", "TO_FLOAT", tuple(CASTS))]
    sparse = node.choice("map_form", "DENSE", ("DENSE", "SPARSE")) == "SPARSE"
    length = node.int("max_map", 1)
    return node.call(
        ml_maps.cast_map,
        node.input(0),
        dtype=dtype,
        max_map=length if sparse else None,
    )
