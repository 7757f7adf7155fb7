"""Shapes: reading them, and looking at the same elements under another one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional, Union

import numpy as np
from numpy.typing import NDArray

from ._ints import as_ints

Ints = Union[Sequence[int], NDArray[Any]]


def reshape(
    data: NDArray[Any], shape: Ints, *, allowzero: bool = False
) -> NDArray[Any]:
    """Return a view of ``data`` with another shape and the same elements in order.

    Parameters
    ----------
    shape : the new lengths; one may be -1, which stands for what is left over
    allowzero : whether 0 is a length; otherwise it copies the length that ``data`` has
        at that axis

    Raises
    ------
    ValueError
        If the elements do not fill the new shape.
    IndexError
        If a 0 stands for an axis that ``data`` does not have.

    ONNX: https://onnx.ai/onnx/operators/onnx__Reshape.html
    """
    lengths = as_ints(shape)
    if not allowzero and 0 in lengths:
        lengths = [n or data.shape[axis] for axis, n in enumerate(lengths)]
    return data.reshape(lengths)


def shape(
    data: NDArray[Any], *, start: int = 0, end: Optional[int] = None
) -> NDArray[np.int64]:
    """Return the lengths of the axes from ``start`` up to, not including, ``end``.

    Both are clamped to the axes that there are; negative ones count from the last.

    ONNX: https://onnx.ai/onnx/operators/onnx__Shape.html
    """
    return np.array(data.shape[start:end], np.int64)
