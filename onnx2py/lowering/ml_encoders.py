"""Labels and categories, encoded as other ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import counted
from ..ir.program import Argument, Call
from ..kernels import ml_encoders
from ._ml import DOMAIN, MOST_LITERALS, class_labels, listed
from .context import NodeContext
from .registry import lowers

DEFAULTS: dict[str, Any] = {"i": -1, "f": -0.0, "O": "_Unused"}
"""What unknown keys become, by the kind of the values' dtype."""


@lowers("LabelEncoder", domain=DOMAIN)
def label_encoder_of_classes(node: NodeContext) -> Call:
    """1: strings to their places in one list, or back."""
    classes = node.strings("classes_strings", ())
    return _between_strings_and_integers(node, tuple(range(len(classes))), classes)


@lowers("CategoryMapper", domain=DOMAIN)
def category_mapper(node: NodeContext) -> Call:
    """Strings to integers, or back."""
    integers, strings = node.ints("cats_int64s", ()), node.strings("cats_strings", ())
    return _between_strings_and_integers(node, integers, strings)


@lowers("LabelEncoder", since=2, domain=DOMAIN)
def label_encoder(node: NodeContext) -> Call:
    """2: keys and values. Unlike the text, onnxruntime finds no NaN among keys."""
    return _label_encoder(node, nan=False)


@lowers("LabelEncoder", since=4, domain=DOMAIN)
def label_encoder_with_tensors(node: NodeContext) -> Call:
    """4: keys and values may be tensors of more types; a NaN is a key like others.

    Of equal keys onnxruntime takes the first one, where the text has the last one.
    """
    return _label_encoder(node, nan=True)


@lowers("OneHotEncoder", domain=DOMAIN)
def one_hot_encoder(node: NodeContext) -> Call:
    """There is one version."""
    categories = class_labels(node, "cats_int64s", "cats_strings")
    if not categories:
        raise node.unsupported(
            "categories: expected some, got none", "the model is not valid ONNX"
        )
    known, first = np.unique(np.array(categories)[::-1], return_index=True)
    places = len(categories) - 1 - first  # the last one, of equal ones
    return node.call(
        ml_encoders.one_hot_encoder,
        node.input(0),
        keys=listed(node, "keys", known.tolist()),
        places=listed(node, "places", places.tolist()),
        depth=len(categories),
        zeros=bool(node.int("zeros", 1)),
    )


def _label_encoder(node: NodeContext, *, nan: bool) -> Call:
    keys, values = _column(node, "keys"), _column(node, "values")
    default: Any = DEFAULTS[values.dtype.kind]
    tensor = node.tensor("default_tensor", None)
    node.ignore("default_int64", "default_float", "default_string")
    if tensor is not None and tensor.size:
        default = tensor.ravel()[0]
        default = default.item() if isinstance(default, np.generic) else default
    elif values.dtype == np.int64:
        default = node.int("default_int64", default)
    elif values.dtype == np.float32:
        default = node.float("default_float", default)
    elif values.dtype == object:
        default = node.string("default_string", default)
    return _encode(node, keys, values, default, nan=nan)


def _column(node: NodeContext, what: str) -> np.ndarray:
    """Return the keys or the values, from the one attribute that has them."""
    tensor = node.tensor(f"{what}_tensor", None)
    strings = node.strings(f"{what}_strings", ())
    ints, floats = node.ints(f"{what}_int64s", ()), node.floats(f"{what}_floats", ())
    if tensor is not None:
        column = tensor.ravel()
        return column.astype(object) if column.dtype.kind in "UO" else column
    if strings:
        return np.array(strings, object)
    return np.array(ints, np.int64) if ints else np.array(floats, np.float32)


def _between_strings_and_integers(
    node: NodeContext, integers: tuple[int, ...], strings: tuple[str, ...]
) -> Call:
    """Map strings to integers if the input has strings, else back; later keys win."""
    number = node.int("default_int64", -1)
    string = node.string("default_string", "_Unused")
    result = node.output_type()
    kind = node.dtype(0) or {"int64": "string", "string": "int64"}.get(
        result.dtype if result else ""
    )
    if kind is None:
        raise node.unsupported(
            "input 0: expected a known type, got none", "declare the inputs' types"
        )
    if len(integers) != len(strings):
        raise node.unsupported(
            f"categories: expected {counted(len(integers), 'string')}, got {len(strings)}",
            "the model is not valid ONNX",
        )
    texts, numbers = np.array(strings, object), np.array(integers, np.int64)
    if kind == "string":
        return _encode(node, texts[::-1], numbers[::-1], number)
    return _encode(node, numbers[::-1], texts[::-1], string)


def _encode(
    node: NodeContext,
    keys: np.ndarray,
    values: np.ndarray,
    default: Argument,
    *,
    nan: bool = True,
) -> Call:
    """Sort the keys and call the kernel; of equal keys the first one counts."""
    if len(keys) != len(values):
        raise node.unsupported(
            f"values: expected {len(keys)}, as many as keys, got {len(values)}",
            "the model is not valid ONNX",
        )
    if keys.dtype.kind == "f" and not nan:
        keys, values = keys[~np.isnan(keys)], values[~np.isnan(keys)]
    searched = keys.astype(str) if keys.dtype == object else keys
    known, first = np.unique(searched, return_index=True)
    return node.call(
        ml_encoders.label_encoder,
        node.input(0),
        keys=_table(node, "keys", known),
        values=_table(node, "values", values[first]),
        default=default,
        dtype=np.object_ if values.dtype == object else values.dtype.type,
    )


def _table(node: NodeContext, name: str, array: np.ndarray) -> Argument:
    """Return an array as a literal if short, else as a weight."""
    if array.dtype == np.float32:
        items: tuple[Any, ...] = tuple(float(str(x)) for x in array)
    else:
        items = tuple(array.tolist())
    if len(items) <= MOST_LITERALS:
        return items
    return node.weight(name, array.astype(str) if array.dtype == object else array)
