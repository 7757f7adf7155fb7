"""ai.onnx.ml: labels and categories, encoded as other ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import NodeCase
from ..draw import Draw
from ..registry import Target, generates
from .ml_features import LABELS, ML

_NUMBERS = (-3, 0, 1, 2, 5, 17, -1, 100)
_FLOATS = (0.0, -0.0, 1.0, float("nan"), 0.1, -2.5, float("inf"), 1e-30)
_POOLS = {"strings": LABELS, "int64s": _NUMBERS, "floats": _FLOATS}
_DTYPES = {"strings": "object", "int64s": "int64", "floats": "float32"}
_DEFAULTS: dict[str, tuple[str, Any]] = {
    "strings": ("default_string", "none"),
    "int64s": ("default_int64", -9),
    "floats": ("default_float", 0.25),
}


def elements(draw: Draw, kind: str, count: int, twice: bool = False) -> list[Any]:
    """Return strings, integers or floats; each only once, unless ``twice``."""
    pool: Any = _POOLS[kind]
    if twice:
        return [draw.one_of(pool) for _ in range(count)]
    return draw.some_of(pool, len(pool))[:count]


def tensor(draw: Draw, kind: str, shape: tuple[int, ...]) -> Any:
    """Return a tensor of what may be a key."""
    items = elements(draw, kind, int(np.prod(shape)), True)
    array = np.empty(len(items), _DTYPES[kind])
    array[:] = items
    return array.reshape(shape)


def defaults(draw: Draw, *kinds: str) -> dict[str, Any]:
    """Return the value of unknown keys; what is of another type does not count."""
    return {
        name: value
        for name, value in (_DEFAULTS[kind] for kind in kinds)
        if draw.chance(0.4)
    }


@generates("CategoryMapper", domain=ML)
def category_mapper(draw: Draw, target: Target) -> NodeCase:
    """Strings to integers, or back; some keys twice."""
    count, twice = draw.integer(1, 6), draw.chance(0.2)
    attributes = {
        "cats_strings": elements(draw, "strings", count, twice),
        "cats_int64s": elements(draw, "int64s", count, twice),
        **defaults(draw, "strings", "int64s"),
    }
    kind = draw.one_of(("strings", "int64s"))
    return NodeCase([tensor(draw, kind, draw.shape(most=3))], attributes)


@generates("LabelEncoder", domain=ML)
def label_encoder(draw: Draw, target: Target) -> NodeCase:
    """A list of strings in version 1; keys and values of any types later, some twice."""
    shape = draw.shape(0 if target.since > 1 else 1, 3)
    count, twice = draw.integer(1, 6), draw.chance(0.15)
    if target.since == 1:
        x = draw.array("int64", shape, -2, 9)
        if draw.chance():
            x = tensor(draw, "strings", shape)
        classes = elements(draw, "strings", count, twice)
        return NodeCase(
            [x], {"classes_strings": classes, **defaults(draw, "strings", "int64s")}
        )
    kinds = tuple(_POOLS)
    if target.since == 4 and draw.chance(0.5):
        return _with_tensors(draw, shape, count, twice)
    key, value = draw.one_of(kinds), draw.one_of(kinds)
    attributes = {
        f"keys_{key}": elements(draw, key, count, twice),
        f"values_{value}": elements(draw, value, count, True),
        **defaults(draw, *kinds),
    }
    return NodeCase([tensor(draw, key, shape)], attributes, exact=True)


_TENSORS = {
    "strings": ("object", "object", "int64", "int16", "float32"),
    "int64s": ("int64", "object"),
    "floats": ("float32", "float64", "object"),
}


def _with_tensors(
    draw: Draw, shape: tuple[int, ...], count: int, twice: bool
) -> NodeCase:
    """Keys, values and the default as tensors."""
    kind = draw.one_of(tuple(_TENSORS))
    dtype = draw.one_of(_TENSORS[kind])
    x, keys = tensor(draw, kind, shape), np.array(elements(draw, kind, count, twice))
    keys = keys.astype(_DTYPES[kind])
    if dtype == "float64":
        x, keys = x.astype(dtype), keys.astype(dtype)
    pool: Any = LABELS if dtype == "object" else _NUMBERS
    values = np.empty(count, dtype)
    values[:] = [draw.one_of(pool) for _ in range(count)]
    attributes: dict[str, Any] = {"keys_tensor": keys, "values_tensor": values}
    if draw.chance():
        attributes["default_tensor"] = np.array(
            [draw.one_of(pool)], object if dtype == "object" else dtype
        )
    return NodeCase([x], attributes, exact=True)


@generates("OneHotEncoder", domain=ML)
def one_hot_encoder(draw: Draw, target: Target) -> NodeCase:
    """Categories that are strings or integers; numbers with a fraction; unknown ones."""
    zeros = draw.chance(0.8)
    shape = draw.shape(0 if draw.chance(0.1) else 1, 3)
    attributes: dict[str, Any] = (
        {} if zeros and draw.chance() else {"zeros": int(zeros)}
    )
    kind = draw.one_of(("strings", "int64s", "int64s"))
    categories = elements(draw, kind, draw.integer(1, 6), draw.chance(0.15))
    attributes[f"cats_{kind}"] = categories
    pool: Any = _POOLS[kind] if zeros else categories
    if kind == "strings":
        return NodeCase([draw.strings(shape, pool)], attributes)
    x = draw.rng.choice(np.array(pool), shape)
    dtype = draw.one_of(("int64", "float32", "float64", "int32"))
    if dtype.startswith("f") and draw.chance():
        x = x + draw.rng.random(shape) * np.sign(x) * 0.9
    return NodeCase([np.asarray(x, dtype)], attributes)
