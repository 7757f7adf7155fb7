"""Helpers for loops."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def iterations(trip_count: Any = None, *, ndim: int = 0) -> Iterator[NDArray[np.int64]]:
    """Yield the first ``trip_count`` of 0, 1, 2 ... as int64, all if it is None.

    Each is a scalar, or has ``ndim`` axes of length 1.

    ONNX: https://onnx.ai/onnx/operators/onnx__Loop.html
    """
    limit = None if trip_count is None else int(np.asarray(trip_count).reshape(()))
    i = 0
    while limit is None or i < limit:
        yield np.array(i, np.int64, ndmin=ndim)
        i += 1


def stack_scan_outputs(
    items: Sequence[NDArray[Any]],
    empty: NDArray[Any],
    *,
    axis: int = 0,
    reverse: bool = False,
) -> NDArray[Any]:
    """Stack the results of the iterations along a new axis.

    Parameters
    ----------
    items : arrays of one shape, one per iteration
    empty : returned if there was no iteration; it has the right dtype and rank
    axis : position of the new axis in the result
    reverse : whether to put the last item first

    Raises
    ------
    ValueError
        If the items differ in shape.

    ONNX: https://onnx.ai/onnx/operators/onnx__Loop.html
    """
    if not items:
        return empty
    return np.stack(items[::-1] if reverse else items, axis=axis)
