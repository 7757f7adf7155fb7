"""What primitives of 8-bit integers need: integers found again, and steps after the sums.

Sums are exact integers of 32 bits. Then come, in float32 and in this order: the bias, in the same
units; one factor for each channel; rounding half to even; the zero point; saturation. So a result
is ``requantize(sum + bias, factor, zero_point)``, to the bit.
"""

from __future__ import annotations

import ctypes
from typing import Any, NamedTuple, Optional

import numpy as np
from numpy.typing import NDArray

from .cache import is_frozen
from .library import Missing, load
from .memory import Handle, layout, made
from .primitive import BINARY_ADD, RESULT, SOURCE, Packed, attributes

Array = NDArray[Any]
Limits = Optional[tuple[int, int]]
"""The lowest and the greatest result; None for those of its dtype."""

BINARY_MULTIPLY, BINARY_MAXIMUM = 131057, 131058
LINEAR, CLIP, ROUND = 38, 46, 50
ZERO_POINT, POST_OP = 1 << 13, 1 << 15
"""Added to the number of an argument, or of the first post-op, for what belongs to it."""

UNIT_ERROR = 4e-7
"""How far, relatively, a bias of whole units may be off: three roundings to float32."""


class Numbers(NamedTuple):
    """The constants of a convolution or product of integers."""

    weight: NDArray[np.int8]
    bias: NDArray[np.float32] | None
    factor: NDArray[np.float32]
    """[M], or [1] for all channels."""
    units: str = ""
    """By what the weight was divided."""


def of_whole_numbers(
    weight: Array, bias: Array | None, factor: Array
) -> Numbers | None:
    """Return the constants of a weight and a bias that are integers stored as floats."""
    if not all(map(is_frozen, (weight, factor))):
        return None
    if bias is not None and (not is_frozen(bias) or bias.ndim != 1):
        return None
    bytes_ = weight.astype(np.int8)
    if not np.array_equal(bytes_, weight):
        return None
    return Numbers(
        bytes_,
        None if bias is None else bias.astype(np.float32),
        np.ascontiguousarray(factor.reshape(-1), np.float32),
    )


def of_multiples(
    weight: Array,
    bias: Array | None,
    x_scale: float,
    weight_scale: Any,
    y_scale: float,
    *,
    axis: int = -1,
) -> Numbers | None:
    """Return the constants of a weight of multiples of a scale, and of a bias of numbers."""
    scale = np.asarray(weight_scale, np.float32).reshape(-1)
    if not is_frozen(weight) or scale.size not in (1, weight.shape[axis]):
        return None
    if isinstance(weight_scale, np.ndarray) and not is_frozen(weight_scale):
        return None
    along = [1] * weight.ndim
    along[axis] = -1
    whole = np.rint(weight / scale.reshape(along))
    if not (np.abs(whole + 0.5) <= 127.5).all():  # -128 to 127, no NaN
        return None
    unit = np.float32(x_scale) * scale
    if bias is not None:
        bias = bias.reshape(-1)
        if not is_frozen(bias) or bias.size not in (1, weight.shape[axis]):
            return None
        bias = np.broadcast_to(bias, weight.shape[axis])
        units = bias / unit.astype(np.float64)
        near = np.rint(units)
        is_whole = np.abs(units - near) <= np.maximum(1e-6, UNIT_ERROR * np.abs(near))
        bias = np.where(is_whole, near, units).astype(np.float32)
    factor = unit / np.float32(y_scale)
    return Numbers(whole.astype(np.int8), bias, factor, scale.tobytes().hex())


class Steps:
    """What a primitive does after its own sums, in the order in which it is added.

    Raises
    ------
    Missing
        If the library does not take a step.
    """

    def __init__(self) -> None:
        self._functions = load().functions
        self._all = made("post_ops", "dnnl_post_ops_create")
        self._zero_points: list[int] = []

    def _append(self, kind: str, *arguments: Any) -> None:
        append = getattr(self._functions, f"dnnl_post_ops_append_{kind}")
        if append(ctypes.c_void_p(self._all.value), *arguments):
            raise Missing(kind)

    def multiply(self, factor: Handle) -> None:
        """Multiply by numbers of a layout."""
        self._append("binary", BINARY_MULTIPLY, ctypes.c_void_p(factor.value))

    def add(self, numbers: Handle) -> None:
        """Add numbers of a layout."""
        self._append("binary", BINARY_ADD, ctypes.c_void_p(numbers.value))

    def eltwise(self, function: int, alpha: float = 0, beta: float = 0) -> None:
        """Apply a function of each element."""
        self._append("eltwise", function, ctypes.c_float(alpha), ctypes.c_float(beta))

    def sum(self, scale: float, kind: int) -> None:
        """Add what the result's memory holds before the call, times a scale."""
        self._append("sum", ctypes.c_float(scale), 0, kind)

    def zero_point(self, argument: int) -> None:
        """Give an argument a zero point."""
        self._zero_points.append(argument)

    def attributes(self) -> Handle:
        """Return the attributes of a primitive with these steps."""
        found = attributes()
        whole = ctypes.c_void_p(found.value)
        taken = self._functions.dnnl_primitive_attr_set_post_ops(
            whole, ctypes.c_void_p(self._all.value)
        )
        for number in self._zero_points:
            taken |= self._functions.dnnl_primitive_attr_set_zero_points_mask(
                whole, number, 0
            )
        if taken:
            raise Missing("attributes")
        return found


def requantizing(
    factor: Handle, x_zero: int, y_zero: int, limits: Limits = None
) -> Handle:
    """Return the attributes that make sums of integers 8-bit integers, within the limits.

    Raises
    ------
    Missing
        If the library does not take them.
    """
    steps = Steps()
    steps.multiply(factor)
    if limits is not None:
        low, high = limits
        steps.eltwise(CLIP, low - y_zero, high - y_zero)
    if y_zero:
        steps.eltwise(ROUND)  # else the library rounds after the zero point was added
        steps.zero_point(RESULT)
    if x_zero:
        steps.zero_point(SOURCE)
    return steps.attributes()


def number_layout() -> Handle:
    """Return the description of one int32."""
    return layout((1,), (1,), 4)


def zero_points(x_zero: int, y_zero: int) -> list[tuple[int, Packed]]:
    """Return the arguments for the zero points that are not 0."""
    return [
        (ZERO_POINT | number, Packed(number_layout(), np.array([zero], np.int32)))
        for number, zero in ((SOURCE, x_zero), (RESULT, y_zero))
        if zero
    ]
