"""Conversion between dictionaries and tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def zip_map(
    x: NDArray[np.float32],
    *,
    labels: Sequence[int] | Sequence[str] | NDArray[Any],
) -> list[dict[Any, float]]:
    """Return one dictionary per row [C], which maps ``labels`` [C] to the row's numbers.

    Raises
    ------
    ValueError
        If there is not one label per column.

    ONNX: https://onnx.ai/onnx/operators/onnx_aionnxml_ZipMap.html
    """
    if x.shape[-1] != len(labels):
        raise ValueError(f"zip_map: expected {len(labels)} columns, got {x.shape[-1]}")
    keys = labels.tolist() if isinstance(labels, np.ndarray) else labels
    return [dict(zip(keys, row)) for row in x.reshape(-1, len(labels)).tolist()]


def dict_vectorizer(
    x: Mapping[Any, Any],
    *,
    vocabulary: Sequence[int] | Sequence[str] | NDArray[Any],
    dtype: Any,
) -> NDArray[Any]:
    """Return the values of the keys in ``vocabulary`` [C] as a row [1, C].

    Missing keys give 0 or an empty string.

    Raises
    ------
    ValueError
        If a value is None, or values mix text and numbers, or fractions and integers.

    ONNX: https://onnx.ai/onnx/operators/onnx_aionnxml_DictVectorizer.html
    """
    keys = vocabulary.tolist() if isinstance(vocabulary, np.ndarray) else vocabulary
    kind = np.dtype(dtype).kind
    values = [x.get(key, "" if kind == "O" else 0) for key in keys]
    for value in values:  # NumPy would convert "1.5" to 1.5 and None to NaN
        if value is None or isinstance(value, str) != (kind == "O"):
            expected = "text" if kind == "O" else "numbers"
            raise ValueError(f"dict_vectorizer: expected {expected}, got {value!r}")
    row = np.array([values], dtype)
    if kind == "i" and row.tolist() != [values]:
        raise ValueError(f"dict_vectorizer: expected whole numbers, got {values}")
    return row


def cast_map(
    x: Mapping[int, Any], *, dtype: Any = np.float32, max_map: int | None = None
) -> NDArray[Any]:
    """Return the values of ``x``, in the order of their keys, as a row [1, C].

    With ``max_map``, keys are positions in a row of that length. Positions without a value
    hold 0, or onnxruntime's ``0.f`` for strings.

    Raises
    ------
    ValueError
        If a key used as position is negative, or a value is None or not a number.

    ONNX: https://onnx.ai/onnx/operators/onnx_aionnxml_CastMap.html
    """
    kind = np.dtype(dtype).kind
    values = {int(key): _cast(x[key], kind) for key in sorted(x)}
    if max_map is None:
        return np.array([list(values.values())], dtype).reshape(1, -1)
    if any(key < 0 for key in values):
        raise ValueError(f"cast_map: expected keys from 0, got {min(values)}")
    pad = "0.f" if kind == "O" else 0
    return np.array([[values.get(place, pad) for place in range(max_map)]], dtype)


def _cast(value: Any, kind: str) -> Any:
    """Convert a float32 or a string for a dtype of ``kind`` f, i or O."""
    if value is None:
        raise ValueError("cast_map: expected a number or text, got None")
    if isinstance(value, str):
        return {"f": float, "i": int, "O": str}[kind](value)
    return f"{np.float32(value):f}" if kind == "O" else value
