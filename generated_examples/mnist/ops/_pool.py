"""Reduction of windows along one axis after the other, shared by pooling operators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._conv_windows import Pads, explicit_pads


class Pooling:
    """The windows along an axis of ``size`` elements; padding is never stored."""

    def __init__(
        self,
        size: int,
        kernel: int,
        stride: int,
        dilation: int,
        pad_begin: int,
        pad_end: int,
        out: int,
    ) -> None:
        self.size = size
        self.kernel = kernel
        self.stride = stride
        self.dilation = dilation
        self.pad_begin = pad_begin
        self.pad_end = pad_end
        self.out = out

    def taps(self) -> list[tuple[slice, slice]]:
        """Return, for each offset in the window, the results and the elements they see."""
        found = []
        length = (self.out - 1) * self.stride + 1
        for k in range(self.kernel):
            first = k * self.dilation - self.pad_begin  # what result 0 sees
            if first >= 0 and first + length <= self.size and length > 0:
                elements = slice(first, first + length, self.stride)
                found.append((slice(0, self.out), elements))
                continue
            low = max(0, -(first // self.stride))
            high = min(self.out, (self.size - 1 - first) // self.stride + 1)
            begin = first + low * self.stride
            end = first + (high - 1) * self.stride + 1
            if high > low:
                found.append((slice(low, high), slice(begin, end, self.stride)))
        return found

    def counts_whole_windows(self, include_pad: bool) -> bool:
        """Return whether every window is full, of elements or of padding that counts."""
        end = (self.out - 1) * self.stride + self.dilation * (self.kernel - 1) + 1
        padded = self.pad_begin or self.pad_end
        room = self.size + self.pad_begin + self.pad_end
        return end <= room and bool(include_pad or not padded)


def pooling_pads(
    pads: Pads,
    sizes: Sequence[int],
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None,
) -> Sequence[int]:
    """Return the padding before each spatial axis, then after each, in elements.

    As in onnxruntime, SAME_* ignores dilations, and elements that no window covers may be
    at the start.
    """
    shortest = -max(strides or (1,))
    return explicit_pads(pads, sizes, kernel_shape, strides, None, least=shortest)


def pooling_axes(
    sizes: Sequence[int],
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None,
    pads: Pads,
    dilations: Sequence[int] | None,
    ceil_mode: bool,
) -> list[Pooling]:
    """Return the windows along each spatial axis.

    O = (D + pad_begin + pad_end - dilation * (K - 1) - 1) // stride + 1; in ``ceil_mode``
    the division rounds up, but a window that starts in the padding at the end is dropped.
    A window that is too long by less than the stride covers all elements.

    Raises
    ------
    ValueError
        If the window is too long by the stride or more.
    """
    rank = len(kernel_shape)
    strides = strides or (1,) * rank
    dilations = dilations or (1,) * rank
    pads = pooling_pads(pads, sizes, kernel_shape, strides)
    axes = []
    for axis, (size, kernel, stride, dilation) in enumerate(
        zip(sizes, kernel_shape, strides, dilations)
    ):
        begin, end = pads[axis], pads[axis + rank]
        room = size + begin + end - dilation * (kernel - 1) - 1
        # Rounded toward 0 rather than down, as in onnxruntime: a short axis has one window.
        up = ceil_mode or room < 0
        out = (-(-room // stride) if up else room // stride) + 1
        if ceil_mode and (out - 1) * stride >= size + begin:
            out -= 1
        if out < 0:
            raise ValueError(
                f"pooling: spatial axis {axis}: expected at least "
                f"{dilation * (kernel - 1) + 1} elements, got {size + begin + end}"
            )
        axes.append(Pooling(size, kernel, stride, dilation, begin, end, out))
    return axes


def pool_windows(
    x: NDArray[Any],
    axes: Sequence[Pooling],
    ufunc: np.ufunc,
    *,
    empty: float,
    first: int = 2,
) -> NDArray[Any]:
    """Reduce each window of the axes from ``first`` on; ``empty`` is the ufunc's identity.

    One axis after the other takes K + L steps instead of K * L for whole windows, and
    ``x`` need not be padded: each step skips the windows that would see padding.
    """
    for number, axis in enumerate(axes, start=first):
        x = pool_axis(x, number, axis, ufunc, empty=empty)
    return x


def pool_axis(
    x: NDArray[Any], number: int, axis: Pooling, ufunc: np.ufunc, *, empty: float
) -> NDArray[Any]:
    """Reduce each window of axis ``number`` of ``x`` by ``ufunc``."""
    if axis.kernel == axis.stride == 1 and axis.size == axis.out:
        return x
    lead = (slice(None),) * number
    whole: list[slice] = []
    partial: list[tuple[slice, slice]] = []
    for seen_by, elements in axis.taps():
        if seen_by.stop - seen_by.start == axis.out:
            whole.append(elements)
        else:
            partial.append((seen_by, elements))
    if len(whole) > 1:  # two steps in one, into fresh memory
        y = ufunc(x[(*lead, whole[0])], x[(*lead, whole[1])])
        del whole[:2]
    else:
        shape = (*x.shape[:number], axis.out, *x.shape[number + 1 :])
        y = np.full(shape, empty, x.dtype)
    for elements in whole:
        ufunc(y, x[(*lead, elements)], out=y)
    for seen_by, elements in partial:
        part = y[(*lead, seen_by)]
        ufunc(part, x[(*lead, elements)], out=part)
    return np.asarray(y)
