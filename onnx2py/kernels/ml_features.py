"""Scaling, normalization, imputation, selection and concatenation of features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._ml_scores import as_rows


def scaler(
    x: NDArray[Any],
    *,
    offset: float | NDArray[np.float32] = 0.0,
    scale: float | NDArray[np.float32] = 1.0,
) -> NDArray[np.float32]:
    """Return ``(x - offset) * scale`` as float32.

    ``offset`` and ``scale`` are numbers, or have one element per feature.

    ONNX: https://onnx.ai/onnx/operators/onnx_aionnxml_Scaler.html
    """
    wide = x.dtype if x.dtype == np.float64 else np.dtype(np.float32)
    y = x.astype(wide, copy=False) - np.asarray(offset, wide)
    return np.asarray((y * np.asarray(scale, wide)).astype(np.float32, copy=False))


def normalizer(x: NDArray[Any], *, norm: str = "MAX") -> NDArray[np.float32]:
    """Divide each row [F] by its norm, as float32; rows of norm 0 do not change.

    Parameters
    ----------
    x : [N, F] or [F]
    norm : MAX (the greatest element, with its sign), L1 or L2

    ONNX: https://onnx.ai/onnx/operators/onnx_aionnxml_Normalizer.html
    """
    rows = x.astype(np.float32, copy=False)
    if norm == "L2":
        size = np.sqrt(np.square(rows).sum(axis=-1, keepdims=True))
    elif norm == "L1":
        size = np.abs(rows).sum(axis=-1, keepdims=True)
    else:
        size = rows.max(axis=-1, keepdims=True, initial=-np.inf)
    return np.asarray(rows / np.where(size == 0, np.float32(1), size))


def imputer(
    x: NDArray[Any],
    *,
    imputed_value: float | NDArray[Any],
    replaced_value: float,
) -> NDArray[Any]:
    """Return ``x`` with each ``replaced_value`` (which may be NaN) replaced.

    ``imputed_value`` is a number or has one element per feature; with any other number of
    elements, the first is used.

    ONNX: https://onnx.ai/onnx/operators/onnx_aionnxml_Imputer.html
    """
    if np.ndim(imputed_value) and np.size(imputed_value) != x.shape[-1]:
        imputed_value = np.ravel(imputed_value)[0]
    missing = np.isnan(x) if replaced_value != replaced_value else x == replaced_value
    return np.where(missing, np.asarray(imputed_value, x.dtype), x)


def binarizer(x: NDArray[Any], *, threshold: float = 0.0) -> NDArray[Any]:
    """Return 1 where ``x > threshold``, else 0, in the dtype of ``x``.

    ONNX: https://onnx.ai/onnx/operators/onnx_aionnxml_Binarizer.html
    """
    return np.asarray((x > threshold).astype(x.dtype))


def array_feature_extractor(
    x: NDArray[Any], y: tuple[int, ...] | int | NDArray[np.int64]
) -> NDArray[Any]:
    """Return the features ``y`` of each row: [..., F] -> [..., K], and [F] -> [1, K].

    Raises
    ------
    IndexError
        If there is no such feature.

    ONNX: https://onnx.ai/onnx/operators/onnx_aionnxml_ArrayFeatureExtractor.html
    """
    chosen = x.take(np.asarray(y, np.int64).ravel(), axis=-1)
    return chosen.reshape(1, -1) if x.ndim == 1 else chosen


def feature_vectorizer(
    *inputs: NDArray[Any], inputdimensions: Sequence[int]
) -> NDArray[np.float32]:
    """Concatenate the features of all inputs: [N, F1], [N, F2] ... -> [N, sum].

    Each input is cut or zero-padded to its length in ``inputdimensions``. A vector is one
    row; axes after the first are flattened.

    ONNX: https://onnx.ai/onnx/operators/onnx_aionnxml_FeatureVectorizer.html
    """
    rows = [as_rows(x) for x in inputs]
    y = np.zeros((len(rows[0]), sum(inputdimensions)), np.float32)
    begin = 0
    for x, length in zip(rows, inputdimensions):
        used = x.reshape(len(x), -1 if x.size else 0)[:, :length]
        y[:, begin : begin + used.shape[1]] = used
        begin += length
    return y
