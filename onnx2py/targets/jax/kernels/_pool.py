"""Windows of pooling operators."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from ._conv_windows import Pads, explicit_pads


class Pooling(NamedTuple):
    """The windows along an axis of ``size`` elements."""

    size: int
    kernel: int
    stride: int
    dilation: int
    pad_begin: int
    pad_end: int
    out: int

    @property
    def missing(self) -> int:
        """Return how many elements the last window reads behind the end of the axis."""
        end = (self.out - 1) * self.stride + self.dilation * (self.kernel - 1) + 1
        return max(end - self.pad_begin - self.size, 0)

    def places(self) -> np.ndarray[Any, Any]:
        """Return the elements of each window: int[O, K], below 0 or too large for padding."""
        first = np.arange(self.out)[:, None] * self.stride - self.pad_begin
        return np.asarray(first + np.arange(self.kernel) * self.dilation)


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
    that is too long by less than the stride covers all elements. As in onnxruntime, SAME_*
    ignores dilations, and elements that no window covers may be at the start.

    Raises
    ------
    ValueError
        If the window is too long by the stride or more.
    """
    rank = len(kernel_shape)
    shortest = -max(strides or (1,))
    pads = explicit_pads(pads, sizes, kernel_shape, strides, None, least=shortest)
    strides, dilations = strides or (1,) * rank, dilations or (1,) * rank
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
        axes.append(Pooling(size, kernel, stride, dilation, begin, end, out))
    return axes


def reduce_windows(
    x: Array,
    axes: Sequence[Pooling],
    combine: Callable[[Any, Any], Any],
    *,
    padding: Any,
    first: int = 2,
) -> Array:
    """Reduce each window of the axes from ``first`` on; ``padding`` is the identity."""
    rest = x.ndim - first - len(axes)
    for number, axis in enumerate(axes, start=first):
        if axis.pad_begin < 0:
            x = lax.slice_in_dim(x, -axis.pad_begin, None, axis=number)
    y: Array = lax.reduce_window(
        x,
        np.asarray(padding, x.dtype),
        combine,
        window_dimensions=_all(first, [axis.kernel for axis in axes], rest, 1),
        window_strides=_all(first, [axis.stride for axis in axes], rest, 1),
        window_dilation=_all(first, [axis.dilation for axis in axes], rest, 1),
        padding=_all(
            first, [(max(a.pad_begin, 0), a.missing) for a in axes], rest, (0, 0)
        ),
    )
    for number, axis in enumerate(axes, start=first):
        if y.shape[number] != axis.out:
            y = lax.slice_in_dim(y, 0, axis.out, axis=number)
    return y


def _all(before: int, numbers: list[Any], after: int, number: Any) -> tuple[Any, ...]:
    return (*[number] * before, *numbers, *[number] * after)


def stacked_windows(x: Array, axis: Pooling, number: int, padding: Any) -> Array:
    """Return the windows along an axis: [..., D, ...] -> [..., O, K, ...]."""
    places = axis.places()
    inside = (places >= 0) & (places < axis.size)
    windows = jnp.take(x, np.where(inside, places, 0), number, mode="clip")
    behind = (1,) * (x.ndim - 1 - number)
    inside = inside.reshape(*inside.shape, *behind)
    return jnp.where(inside, windows, jnp.asarray(padding, x.dtype))
