"""Encoding of labels and categories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def label_encoder(
    x: NDArray[Any],
    *,
    keys: Sequence[Any] | NDArray[Any],
    values: Sequence[Any] | NDArray[Any],
    default: int | float | str,
    dtype: Any,
) -> NDArray[Any]:
    """Return ``values[i]`` for each element of ``x`` that is ``keys[i]``, else ``default``.

    Parameters
    ----------
    x : any shape
    keys : [K], ascending and unique; NaN, which comes last, matches any NaN
    values : [K]
    dtype : dtype of the result; object for strings

    ONNX: https://onnx.ai/onnx/operators/onnx_aionnxml_LabelEncoder.html
    """
    strings = x.dtype.kind in "OUS"
    known = np.asarray(keys, None if strings else x.dtype)
    wanted = x.astype(str) if strings else x
    if not len(known):
        return np.full(x.shape, default, dtype)
    place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    found = known[place] == wanted
    if x.dtype.kind == "f" and np.isnan(known[-1]):
        found |= np.isnan(x)
    encoded = np.asarray(values, dtype)[place]
    return np.where(found, encoded, np.asarray(default, dtype))


def one_hot_encoder(
    x: NDArray[Any],
    *,
    keys: Sequence[Any] | NDArray[Any],
    places: Sequence[int] | NDArray[np.int64],
    depth: int,
    zeros: bool = True,
) -> NDArray[np.float32]:
    """Return a row of ``depth`` numbers for each element: 1 at its category, else 0.

    Parameters
    ----------
    x : any shape; fractions of numbers are ignored
    keys : [K], the categories in ascending order
    places : [K], the position of the 1 for each category
    zeros : whether an unknown category gives a row of zeros instead of an error

    Returns
    -------
    y : float32[..., depth]

    Raises
    ------
    ValueError
        If there is an unknown category, unless ``zeros``.

    ONNX: https://onnx.ai/onnx/operators/onnx_aionnxml_OneHotEncoder.html
    """
    labels = x if x.dtype.kind in "OUS" else x.astype(np.int64)
    place = label_encoder(labels, keys=keys, values=places, default=-1, dtype=np.int64)
    if not zeros and (place < 0).any():
        raise ValueError(f"one_hot_encoder: unknown category {x[place < 0][0]!r}")
    return np.asarray((place[..., None] == np.arange(depth)).astype(np.float32))
