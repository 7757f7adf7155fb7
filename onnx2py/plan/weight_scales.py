"""The scales of weights that are floats now and were integers of 8 bits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Optional, Union

import numpy as np

from ..ir.program import Argument, Call, Program, Ref, Statement
from ..kernels.conv_winograd import winograd_weight
from ..kernels.quantization import dequantize_linear, dequantize_linear_per_axis

Scale = Optional[Union[float, np.ndarray, Ref]]
"""One for all, one for each channel, the name of that, or None."""

LARGEST = 127
"""Of the integers that most quantizers make of the largest number."""


@dataclass
class WeightScales:
    """Finds the scales of a program's weights."""

    program: Program
    computed: Mapping[str, Statement] = field(init=False)
    found: dict[tuple[str, int], Scale] = field(default_factory=dict)

    def __post_init__(self) -> None:
        setup = self.program.setup
        self.computed = {name: s for s in setup for name in s.outputs}

    def of(self, weight: Argument, axis: int) -> Scale:
        """Return the scale of a constant weight, whose output channels are along an axis.

        None is returned if its numbers are no multiples, from -128 to 127, of one.
        """
        if not isinstance(weight, Ref):
            return None
        key = weight.name, axis
        if key not in self.found:
            self.found[key] = self._of(weight.name, axis)
        return self.found[key]

    def _of(self, weight: str, axis: int) -> Scale:
        array = self.program.weights.get(weight)
        if array is not None:
            return scales_of(array, axis) if array.dtype == np.float32 else None
        maker = self.computed.get(weight)
        call = maker.operation if maker else None
        if not isinstance(call, Call):
            return None
        if call.function is winograd_weight and isinstance(call.args[0], Ref):
            return self._of(call.args[0].name, axis)
        return self._of_bytes(call, axis)

    def _of_bytes(self, call: Call, axis: int) -> Scale:
        """Return the scale of a weight that is made of integers when it is loaded."""
        if call.function not in (dequantize_linear, dequantize_linear_per_axis):
            return None
        numbers, scale, *zero = call.args
        stored = self._constant(numbers)
        if stored is None or stored.dtype not in (np.int8, np.uint8):
            return None
        zeros = self._constant(zero[0]) if zero and zero[0] is not None else np.zeros(1)
        if zeros is None or not _fits(stored, zeros, axis):
            return None
        if isinstance(scale, (int, float)):
            return float(scale)
        found = self._constant(scale)
        if found is None or found.dtype != np.float32 or not isinstance(scale, Ref):
            return None
        along = call.kwargs.get("axis")
        if found.size == 1:
            return float(found.reshape(())) if found.ndim < 2 else None
        one_each = found.ndim == 1 and along in (axis, axis % stored.ndim)
        return scale if one_each and "block_size" not in call.kwargs else None

    def _constant(self, argument: Argument) -> np.ndarray | None:
        if isinstance(argument, Ref):
            return self.program.weights.get(argument.name)
        return np.asarray(argument) if isinstance(argument, (int, float)) else None


def _fits(numbers: np.ndarray, zeros: np.ndarray, axis: int) -> bool:
    """Whether numbers minus their zero points have 8 bits with a sign."""
    if zeros.size == 1:
        wide = numbers.astype(np.int16) - int(zeros.reshape(()))
    elif zeros.ndim == 1 and len(zeros) == numbers.shape[axis]:
        wide = np.moveaxis(numbers, axis, -1).astype(np.int16) - zeros.astype(np.int16)
    else:
        return False
    return bool(wide.min(initial=0) >= -128 and wide.max(initial=0) <= 127)


def scales_of(weight: np.ndarray, axis: int) -> np.ndarray | None:
    """Return float32 scales, one for each slice of an axis, whose multiples a weight has.

    Every element is, to the bit, an integer from -127 to 127 times the scale, in float32. The
    largest such scale is returned that is at most that of the whole tensor, or None.
    """
    rows = np.moveaxis(weight, axis, 0).reshape(weight.shape[axis], -1)
    if not rows.size or not np.isfinite(rows).all():
        return None
    found = np.zeros(len(rows), np.float32)
    tops = np.abs(rows).max(axis=1)
    found[tops == 0] = 1
    _try(found, rows, np.full_like(tops, tops.max()), LARGEST)
    for divisor in (*range(LARGEST, 0, -1), 128):
        if found.all():
            return found
        _try(found, rows, tops, divisor)
    return found if found.all() else None


def _try(found: np.ndarray, rows: np.ndarray, tops: np.ndarray, divisor: int) -> None:
    """Note the scales of those rows whose largest number is ``divisor`` of them."""
    for step in (0, -1, 1):
        missing = np.flatnonzero(found == 0)
        if not missing.size:
            return
        scale = (tops[missing].astype(np.float64) / divisor).astype(np.float32)
        if step:
            scale = np.nextafter(scale, np.float32(np.inf * step))
        some = rows[missing, :64]
        likely = _are_multiples(some, scale)
        missing, scale = missing[likely], scale[likely]
        sure = _are_multiples(rows[missing], scale)
        found[missing[sure]] = scale[sure]


def _are_multiples(rows: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return whether all numbers of each row are integers of 8 bits times its scale."""
    column = scale[:, None]
    with np.errstate(all="ignore"):
        numbers = np.rint(rows / column)
        equal = (numbers * column == rows) & (np.abs(numbers) <= 128)
    fits: np.ndarray = equal.all(axis=1) & (numbers.max(axis=1, initial=0) <= 127)
    return fits
