"""ai.onnx.ml: features, maps to tensors and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import NodeCase
from ..draw import Draw
from ..registry import Target, generates
from ._types import a_type, values

ML = "ai.onnx.ml"
NUMBERS = ("float32", "float32", "float64", "int32", "int64")
Array = np.ndarray[Any, Any]


def some_rows(draw: Draw, dtype: str, width: int, least: int = 1) -> Array:
    """Return rows of that many features, or one row alone, odd numbers among them."""
    shape: tuple[int, ...] = (width,)
    if least > 1 or draw.chance(0.9):
        shape = (draw.length(9), width)
    return np.asarray(values(draw, dtype, shape))


@generates("Scaler", domain=ML)
def scaler(draw: Draw, target: Target) -> NodeCase:
    """Offsets and scales: one, or one for each feature."""
    x = some_rows(draw, a_type(draw, target, NUMBERS), draw.length(5))
    width = x.shape[-1]
    count = draw.one_of((1, width or 1))
    attributes = {
        name: [draw.number(-3, 3) for _ in range(count)] for name in ("offset", "scale")
    }
    # float64 is worth float32 in the end.
    return NodeCase([x], attributes, rtol=1e-6, ulp=True, atol=1e-5)


@generates("Normalizer", domain=ML)
def normalizer(draw: Draw, target: Target) -> NodeCase:
    """All norms; rows of zeros too."""
    x = some_rows(draw, a_type(draw, target, NUMBERS), draw.length(5))
    attributes = {}
    if draw.chance(0.8):
        attributes["norm"] = draw.one_of(("MAX", "L1", "L2"))
    return NodeCase([x], attributes, rtol=2e-6, ulp=True)


@generates("Imputer", domain=ML)
def imputer(draw: Draw, target: Target) -> NodeCase:
    """A value to replace, which may be NaN, by one number or one for each feature."""
    dtype = a_type(draw, target, ("float32", "float32", "int64"), rare=0.03)
    whole = dtype.startswith("int")
    width = draw.length(4, zero=0.01)
    x = draw.ties(dtype, (draw.length(9), width))
    if not whole:
        x[draw.rng.random(x.shape) < 0.2] = np.nan
    count = draw.one_of((1, max(width, 1), max(width, 1), 3))
    name = "int64s" if whole else "floats"
    imputed = [
        draw.integer(-9, 9) if whole else draw.number(-9, 9) for _ in range(count)
    ]
    attributes: dict[str, Any] = {f"imputed_value_{name}": imputed}
    if draw.chance(0.8):
        odd: tuple[float, ...] = (0.0, 1.0, float("nan"), float("nan"))
        replaced = draw.integer(-2, 2) if whole else draw.one_of(odd)
        attributes[f"replaced_value_{name[:-1]}"] = replaced
    return NodeCase([x], attributes, exact=True)


@generates("Binarizer", domain=ML)
def binarizer(draw: Draw, target: Target) -> NodeCase:
    """Numbers at the threshold too."""
    dtype = a_type(draw, target, ("float32",) * 9, rare=0.03)
    x = values(draw, dtype, draw.shape())
    if draw.chance(0.97):  # onnxruntime refuses NaN
        x = np.nan_to_num(x, nan=1.0, posinf=np.inf, neginf=-np.inf)
    attributes = {}
    if draw.chance(0.8):
        attributes["threshold"] = draw.one_of((0.0, 1.0, -1.0, 0.5, draw.number(-2, 2)))
    return NodeCase([x], attributes, exact=True)


@generates("ArrayFeatureExtractor", domain=ML)
def array_feature_extractor(draw: Draw, target: Target) -> NodeCase:
    """Features of any tensor, strings too; some twice."""
    dtype = a_type(draw, target, (*NUMBERS, "object"))
    shape = draw.shape(1, 5)
    x = values(draw, dtype, (*shape[:-1], max(shape[-1], 1)))
    sizes = draw.one_of(((draw.integer(1, 5),), (draw.integer(1, 5),), (1, 3), ()))
    return NodeCase([x, draw.array("int64", sizes, 0, x.shape[-1] - 1)], exact=True)


@generates("FeatureVectorizer", domain=ML)
def feature_vectorizer(draw: Draw, target: Target) -> NodeCase:
    """One to four inputs, cut or filled up to their lengths.

    There is always a row: onnxruntime ends the process if there is none.
    """
    dtype = a_type(draw, target, NUMBERS)
    count = draw.length(5, zero=0)
    flat = draw.chance(0.1)
    inputs, lengths = [], []
    for _ in range(draw.integer(1, 4)):
        width = draw.length(4)
        deep = (draw.integer(1, 2),) if draw.chance(0.1) else ()
        shape = (width,) if flat else (count, *deep, width)
        inputs.append(draw.array(dtype, shape))
        other = draw.chance(0.2)
        lengths.append(draw.integer(0, 5) if other else int(np.prod((*deep, width))))
    return NodeCase(inputs, {"inputdimensions": lengths})


LABELS = ("a", "b", "ab", "", "x y", "é", "日本", "0", "zz", "A")


def any_labels(draw: Draw, count: int) -> list[Any]:
    """Return different labels: integers, or strings."""
    if draw.chance():
        return draw.some_of(list(range(-5, 12)), 17)[:count]
    return draw.some_of(LABELS, len(LABELS))[:count]


@generates("ZipMap", domain=ML)
def zip_map(draw: Draw, target: Target) -> NodeCase:
    """Rows, or one row alone, to maps with integers or strings as keys."""
    labels = any_labels(draw, draw.integer(1, 5))
    name = "strings" if isinstance(labels[0], str) else "int64s"
    x = some_rows(draw, "float32", len(labels))
    return NodeCase([x], {f"classlabels_{name}": labels})


@generates("DictVectorizer", domain=ML)
def dict_vectorizer(draw: Draw, target: Target) -> NodeCase:
    """Maps with some of the keys, and other keys; onnxruntime is fed floats only."""
    keys = any_labels(draw, 6)
    known = draw.some_of(keys, 1)
    if draw.chance(0.1):
        known.append(known[0])
    name = "string" if isinstance(keys[0], str) else "int64"
    x = {key: draw.number(-3, 3) for key in draw.some_of(keys, 1)}
    return NodeCase([x], {f"{name}_vocabulary": known})


@generates("CastMap", domain=ML)
def cast_map(draw: Draw, target: Target) -> NodeCase:
    """Maps of floats, dense and sparse; onnxruntime is not fed strings."""
    attributes: dict[str, Any] = {}
    if draw.chance(0.8):
        attributes["cast_to"] = draw.one_of(("TO_FLOAT", "TO_STRING", "TO_INT64"))
    keys = draw.some_of(range(8), 1)
    if draw.chance(0.6):
        attributes["map_form"] = draw.one_of(("DENSE", "SPARSE"))
        if draw.chance(0.8):
            attributes["max_map"] = draw.integer(1, 9)
    x = {key: draw.number(-99, 99) for key in keys}
    if draw.chance(0.3):
        x = {key: draw.one_of((0.0, -0.5, 1e10, 0.1, 2.5, -3.0)) for key in x}
    return NodeCase([x], attributes)
