"""Windows of pooling operators, one axis after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor

from ._conv_windows import Pads, explicit_pads


class Pooling(NamedTuple):
    """The windows along one axis; with ``pad_end``, it ends with the last window."""

    kernel: int
    stride: int
    dilation: int
    pad_begin: int
    pad_end: int
    out: int

    def windows(self, x: Tensor, axis: int, padding: float) -> Tensor:
        """Return the windows along ``axis`` of ``x``: [..., D, ...] -> [..., O, ..., K]."""
        behind = (0, 0) * (x.ndim - 1 - axis)
        x = F.pad(x, (*behind, self.pad_begin, self.pad_end), value=padding)
        span = (self.kernel - 1) * self.dilation + 1
        windows = x.unfold(axis, span, self.stride)[..., :: self.dilation]
        return windows.narrow(axis, 0, self.out)


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

    In ``ceil_mode``, a window that starts in the padding at the end is dropped. A window
    that is too long by less than the stride covers all elements.

    Raises
    ------
    ValueError
        If the window is too long by the stride or more.
    """
    rank = len(kernel_shape)
    strides, dilations = strides or (1,) * rank, dilations or (1,) * rank
    pads = pooling_pads(pads, sizes, kernel_shape, strides)
    axes = []
    for axis, (size, kernel, stride, dilation) in enumerate(
        zip(sizes, kernel_shape, strides, dilations)
    ):
        begin, end = pads[axis], pads[axis + rank]
        room = size + begin + end - dilation * (kernel - 1) - 1
        up = ceil_mode or room < 0
        out = (-(-room // stride) if up else room // stride) + 1
        if ceil_mode and (out - 1) * stride >= size + begin:
            out -= 1
        if out < 0:
            raise ValueError(
                f"pooling: spatial axis {axis}: expected at least "
                f"{dilation * (kernel - 1) + 1} elements, got {size + begin + end}"
            )
        # Without a window, there is room for one, which is not taken.
        more = (max(out, 1) - 1) * stride + dilation * (kernel - 1) + 1 - size - begin
        axes.append(Pooling(kernel, stride, dilation, begin, more, out))
    return axes


def pool_windows(
    x: Tensor,
    axes: Sequence[Pooling],
    reduce: Callable[[Tensor], Tensor],
    *,
    padding: float,
    first: int = 2,
) -> Tensor:
    """Reduce each window of the axes from ``first`` on; ``reduce`` takes the last axis away."""
    for number, axis in enumerate(axes, start=first):
        x = reduce(axis.windows(x, number, padding))
    return x


def torch_padding(
    pads: Pads,
    sizes: Sequence[int],
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None,
    dilations: Sequence[int] | None,
) -> Sequence[int] | None:
    """Return the padding of both ends of each axis, None if torch's pooling has no such."""
    rank = len(kernel_shape)
    pads = pooling_pads(pads, sizes, kernel_shape, strides)
    for axis, kernel in enumerate(kernel_shape):
        begin, end = pads[axis], pads[axis + rank]
        span = (dilations[axis] if dilations else 1) * (kernel - 1) + 1
        if (
            begin != end
            or not 0 <= 2 * begin <= kernel
            or sizes[axis] + 2 * begin < span
        ):
            return None
    return tuple(pads[:rank]) if 1 <= rank <= 3 else None
