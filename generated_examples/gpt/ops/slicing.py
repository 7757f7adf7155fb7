"""Slices and splits of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from ._ints import as_ints


def split(
    input: NDArray[Any],
    split: Sequence[int] | NDArray[Any] | None = None,
    *,
    axis: int = 0,
    num_outputs: int = 0,
) -> tuple[NDArray[Any], ...]:
    """Cut ``input`` along ``axis`` and return views of the parts.

    Parameters
    ----------
    split : the length of each part, in elements
    num_outputs : without ``split``, the number of parts of ceil(length / num_outputs)
        elements; the last one may be shorter

    Raises
    ------
    ValueError
        If the lengths of the parts do not sum to the length of the axis.

    ONNX: https://onnx.ai/onnx/operators/onnx__Split.html
    """
    length = input.shape[axis]
    if split is None:
        part = -(-length // num_outputs)
        lengths: Sequence[int] = [part] * (num_outputs - 1)
        lengths = [*lengths, length - part * (num_outputs - 1)]
    else:
        lengths = [int(n) for n in as_ints(split)]
    if sum(lengths) != length or min(lengths) < 0:
        raise ValueError(f"split: expected parts of {length} in all, got {lengths}")

    before = (slice(None),) * (axis % input.ndim)
    parts, start = [], 0
    for length in lengths:
        parts.append(input[before + (slice(start, start + length),)])
        start += length
    return tuple(parts)
