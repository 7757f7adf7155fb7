"""Conversion between dictionaries and tensors."""

from __future__ import annotations

from collections.abc import Sequence
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
